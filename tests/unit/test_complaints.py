"""What the tests on a cluster complain of, and what they leave alone."""

from typing import cast

import pytest

from tests.e2e.api import Api, Manifest
from tests.e2e.complaints import complaints

FORBIDDEN = 'Error creating: pods "a" is forbidden: exceeded quota: quota'
CONFLICT = (
    'Error creating: Operation cannot be fulfilled on resourcequotas "quota": '
    "the object has been modified; please apply your changes to the latest version and try again"
)


class Events:
    """An API server with one event, and nothing else."""

    def __init__(self, reason: str, message: str) -> None:
        """The event is about a ReplicaSet."""
        about = {"kind": "ReplicaSet", "namespace": "one", "name": "a"}
        self.event: Manifest = {"reason": reason, "message": message, "involvedObject": about}

    def list(self, _: str, kind: str, __: str) -> list[Manifest]:
        """The event where events are asked for."""
        return [self.event] if kind == "Event" else []


@pytest.mark.parametrize(
    ("reason", "message", "told"),
    [("FailedCreate", FORBIDDEN, True), ("FailedCreate", CONFLICT, False), ("SuccessfulCreate", FORBIDDEN, False)],
)
def test_refused_pods(reason: str, message: str, *, told: bool) -> None:
    """A pod that is refused is told, but not when two were counted at once: Kubernetes tries that one again."""
    lines = complaints(cast("Api", Events(reason, message)), ["one"])
    assert lines == ([f"ReplicaSet one/a: {message}"] if told else [])
