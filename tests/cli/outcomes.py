"""Made-up outcomes of the commands that run something, with something in every list."""

from dataclasses import replace

from catalogue.components import CATALOGUE
from chatdb.chaos.run import Outcome
from chatdb.images.verify import Verified
from chatdb.loadtest.locust import Counted, Entry, Failure
from chatdb.loadtest.report import Report, report
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


def load_report(counted: Counted = COUNTED, *, most_failures: float = 1.0, slowest: float = 100.0) -> Report:
    """Of ten seconds."""
    return report(counted, 10, most_failures=most_failures, slowest=slowest)


def verified() -> tuple[Settings, Verified]:
    """An environment with a registry that lacks an image."""
    registry = "registry.example/chatdb"
    settings = replace(read_settings(ROOT, CATALOGUE, "minikube"), registry=registry)
    image = EnvironmentImage(name="app", built="chatdb/app", repository=f"{registry}/app", tag="1", digest=None)
    return settings, [(image, (Problem(image.reference, "was never pushed", "push it"),)), (image, ())]
