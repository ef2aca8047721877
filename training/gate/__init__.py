"""Between training and release: may this candidate take the champion's place? Pass, fail, or not enough evidence."""
