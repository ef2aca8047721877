"""API keys: the file of them, who may call, and how much."""
