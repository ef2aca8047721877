"""The verbs of `python -m release`, by what they do."""
