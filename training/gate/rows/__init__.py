"""Rows: which were fitted and which held out, copies on both sides, and what became of the champion's."""
