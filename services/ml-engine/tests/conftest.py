"""The service of test_jobs, for the other tests, too."""

from test_jobs import engine

__all__ = ["engine"]
