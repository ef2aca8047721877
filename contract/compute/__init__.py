"""What training and serving compute alike: bins, features, margins, scores."""
