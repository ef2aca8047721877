"""One branch that everybody shares, read and written by Git's plumbing."""
