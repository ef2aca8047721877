"""Where raw rows come from: files, URLs, the UCI repository, the generator."""
