"""Reading the documents customers send, one file per kind: what is in a file, not what it changes."""
