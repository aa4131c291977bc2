"""The service of test_http, for the other tests, too."""

from test_http import service

__all__ = ["service"]
