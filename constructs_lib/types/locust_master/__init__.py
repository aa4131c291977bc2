"""The master of a load test."""
