"""The gate's own training: the same rows and parameters must give the same trees, odds and threshold."""
