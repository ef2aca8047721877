"""What runs on one machine: the stages in order, `make up`, the local predictor."""
