"""The Job that makes every Secret inside the cluster."""
