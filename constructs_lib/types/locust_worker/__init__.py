"""A worker of a load test."""
