"""The comment on a pull request: its text, and how it is posted."""
