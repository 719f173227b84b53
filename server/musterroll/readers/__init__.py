"""Reading the documents customers send, one file per kind. Pure reading: what is in a file, not what it means for the roll."""
