"""The service of test_registry, for the other tests, too."""

from test_registry import registry

__all__ = ["registry"]
