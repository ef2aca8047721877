"""Who reads an alert: Alertmanager's configuration, and that of a plain Prometheus that scrapes and evaluates."""
