"""The namespaces of ChatDB."""

from enum import StrEnum


class Namespace(StrEnum):
    """The namespaces of the specification."""

    SYSTEM = "chatdb-system"
    SERVICES = "chatdb-services"
    MONITORING = "chatdb-monitoring"
    TESTING = "chatdb-testing"
