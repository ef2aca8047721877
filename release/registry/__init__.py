"""An image in a registry: what it holds, what is said of it, and who signed that."""
