"""Prometheus' rules of a served model, from the dataset files and one objectives file."""
