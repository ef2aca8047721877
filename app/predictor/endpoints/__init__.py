"""The POST routes, one module each, and what they share."""
