"""The figures of all replicas, from the Prometheus that scrapes them, for the page alone."""
