"""What watches a model, on one laptop: predictors, Prometheus, Alertmanager, dashboards and sample traffic."""
