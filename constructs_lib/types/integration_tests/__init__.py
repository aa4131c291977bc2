"""The integration tests, which run inside the cluster."""
