"""The words that pages use for states, coverage, filters, findings and notifications."""
