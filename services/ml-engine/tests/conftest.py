"""The service of test_jobs, for the other tests, too."""

from test_jobs import engine, training

__all__ = ["engine", "training"]
