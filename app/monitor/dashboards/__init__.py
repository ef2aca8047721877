"""Grafana's dashboards as code: what is built here is checked in below gitops/components/monitoring/dashboards."""
