"""The verbs of `python -m training`, by what they do."""
