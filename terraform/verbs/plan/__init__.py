"""A plan that is saved, shown by names alone, and applied only as it was saved."""
