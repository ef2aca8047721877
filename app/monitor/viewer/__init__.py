"""The dashboards as pages, drawn by Grafana's own components from their JSON and a running Prometheus."""
