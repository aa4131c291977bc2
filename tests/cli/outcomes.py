"""Made-up outcomes of the commands that run something, with something in every list."""

from dataclasses import replace

from catalogue.components import CATALOGUE
from chatdb.chaos.run import Outcome
from chatdb.deploy.rollout import State
from chatdb.drift.compare import FieldDrift
from chatdb.drift.live import Drift, ObjectDrift
from chatdb.drift.live import State as ObjectState
from chatdb.images.verify import Verified
from chatdb.loadtest.locust import Counted, Entry, Failure
from chatdb.loadtest.report import Report, report
from chatdb.status.model import Cause, ComponentStatus, Engine, Revision, Status, TierStatus
from constructs_lib.gitops.environment_images import EnvironmentImage
from constructs_lib.problem import Problem
from constructs_lib.settings import Settings, read_settings
from tests.repository import ROOT

JOBS, PARSE = "POST /api/v1/jobs", "POST /api/v1/parse"
COUNTED = Counted(
    entries=[
        Entry(name=PARSE, requests=10, failures=1, times={20: 9, 700: 1}),
        Entry(name=JOBS, requests=100, failures=0, times={30: 90, 40: 6, 50: 4}),
        Entry(name=f"{JOBS} refused: queue full", requests=90, failures=0, times={1: 90}),
    ],
    failures=[Failure(name=PARSE, error="502 Server Error", count=1)],
)

OUTCOME = Outcome(id="kill:kafka", expected=["ml-engine"], seen=["query-parser"], back=100, problems=["wrong"])

STATUS = Status(
    environment="minikube",
    context="minikube",
    engine=Engine.ARGO_CD,
    causes=(
        Cause(
            kind="secret",
            held_by="Secret chatdb-services/ml-engine-credentials",
            since="2026-11-29T10:00:00Z",
            message="Secret ml-engine-credentials is missing",
            fix="make it",
            places=("processing/ml-engine",),
            consequences=("tier edge waits for an earlier wave",),
        ),
    ),
    tiers=(
        TierStatus(
            wave=4,
            name="processing",
            state=State.ROLLING,
            application="chatdb-processing",
            detail="",
            revision=Revision(runs="0" * 40, target="main", should_run="1" * 40, committed="2026-11-29T09:58:00+00:00"),
            components=(ComponentStatus(name="ml-engine", state=State.ROLLING, detail="0 of 1 ready"),),
        ),
        TierStatus(
            wave=5,
            name="edge",
            state=State.WAITING,
            application="",
            detail="tier processing",
            revision=Revision(target="main"),
            components=(ComponentStatus(name="test-service", state=State.WAITING, detail="ml-engine"),),
        ),
    ),
)
"""A Secret is missing, and so a tier and the wave after it are not ready."""

DRIFT = Drift(
    environment="minikube",
    commits={"core": "0" * 40},
    objects=(
        ObjectDrift(
            state=ObjectState.CHANGED,
            tier="core",
            manifest={"kind": "ConfigMap", "metadata": {"name": "config", "namespace": "chatdb-system"}},
            fields=(FieldDrift(path="data.key", declared="a", live=None, manager="kubectl-edit"),),
        ),
        ObjectDrift(
            state=ObjectState.UNDECLARED,
            tier=None,
            manifest={"kind": "Pod", "metadata": {"name": "debug", "namespace": "chatdb-system"}},
            manager="kubectl-run",
        ),
    ),
)


def load_report(counted: Counted = COUNTED, *, most_failures: float = 1.0, slowest: float = 100.0) -> Report:
    """Of ten seconds."""
    return report(counted, 10, most_failures=most_failures, slowest=slowest)


def verified() -> tuple[Settings, Verified]:
    """An environment with a registry that lacks an image."""
    registry = "registry.example/chatdb"
    settings = replace(read_settings(ROOT, CATALOGUE, "minikube"), registry=registry)
    image = EnvironmentImage(name="app", built="chatdb/app", repository=f"{registry}/app", tag="1", digest=None)
    return settings, [(image, (Problem(image.reference, "was never pushed", "push it"),)), (image, ())]
