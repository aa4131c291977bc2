"""Load on a running platform, by the very file that Locust runs in the cluster."""
