"""The log of predictions: some of the rows with their scores, as JSON lines in a folder; nobody waits for it."""
