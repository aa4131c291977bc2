"""Secrets that others make."""
