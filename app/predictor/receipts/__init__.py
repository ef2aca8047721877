"""Signed receipts of predictions, and the outcomes that come back with them."""
