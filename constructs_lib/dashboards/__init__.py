"""Dashboards as data: rows, panels and their queries, and the JSON that Grafana reads."""
