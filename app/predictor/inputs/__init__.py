"""From bytes to values within bounds: what is decoded at once, and how much of it."""
