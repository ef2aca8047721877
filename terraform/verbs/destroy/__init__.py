"""A destroy that ends: what a cluster's controllers made goes first, in order, and what is left is named."""
