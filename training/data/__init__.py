"""Data in: where it comes from, whether it can be trusted, how it is split."""
