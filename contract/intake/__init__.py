"""Between the bytes that somebody gives and rows: what a file is, in the same words for training and serving."""
