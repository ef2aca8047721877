"""What must hold before anything moves: the tag, and that all name the same digests."""
