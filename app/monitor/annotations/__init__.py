"""Releases and retrainings as annotations, written into Grafana's own store or a file."""
