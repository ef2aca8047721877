"""The loaded model and what is counted about it."""
