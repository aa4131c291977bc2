"""Pods that are killed now and then."""
