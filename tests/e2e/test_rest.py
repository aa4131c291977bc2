"""After a sync there is rest; what is changed by hand is healed; what is uninstalled is gone, but for data."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from api import Manifest
from argo_cd import NAMESPACE
from deployment import Deployment, deployed

from constructs_lib.catalogue.model import Namespace

RESTING = 60
HEALING = 30
UNINSTALLING = 120
KEPT = {"Namespace", "PersistentVolumeClaim"}
SERVERS_OWN = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}
"""What Kubernetes itself makes in every namespace."""
APPLICATIONS = ("argoproj.io/v1alpha1", "Application")


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """The whole platform, up."""
    with deployed(tmp_path_factory.mktemp("rest")) as made:
        made.bootstrap()
        made.wait_settled()
        yield made


def test_rest(platform: Deployment) -> None:
    """For a minute nothing of the platform is written: no permanent difference, no repeated Job, no storm."""
    time.sleep(5)  # the last status of an Application follows its health
    since, before = platform.version(), platform.argo_cd.applications()
    deadline = time.monotonic() + RESTING
    while time.monotonic() < deadline:
        assert platform.settled(), platform.argo_cd.states()
        time.sleep(1)
    writes = platform.recorder.writes(since)
    refreshes = {key[2]: count for key, count in writes.items() if key[0] == APPLICATIONS[1]}
    print(f"writes to Applications in {RESTING} s: {refreshes}")
    assert {key: count for key, count in writes.items() if key[0] != APPLICATIONS[1]} == {}
    assert {name: _asked(found) for name, found in platform.argo_cd.applications().items()} == {
        name: _asked(found) for name, found in before.items()
    }
    assert platform.violations() == []


def _asked(application: Manifest) -> tuple[Any, ...]:
    """What the Application is asked to do, and its last operation."""
    return application["spec"], application.get("operation"), application["status"]["operationState"]["finishedAt"]
