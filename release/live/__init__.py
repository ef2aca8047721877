"""What Prometheus knows of a version where it runs."""
