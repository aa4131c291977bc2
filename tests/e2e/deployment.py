"""The platform on a cluster of its own, followed by a real Argo CD, with everything written down."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import yaml

from catalogue.tiers import Tier
from chatdb.local.processes import wait_for
from tests.e2e.addresses import Addresses
from tests.e2e.api import Manifest
from tests.e2e.argo_cd import SOON, ArgoCd
from tests.e2e.cluster import Cluster
from tests.e2e.order import violations
from tests.e2e.origin import Origin
from tests.e2e.recorder import Recorder

INSTALLING = 240
"""Seconds within which the whole platform is up; a third of it is seen."""
BOUND = 10
RETRY = {"duration": "2s", "factor": 1, "maxDuration": "2s"}
"""A bound for the gate and a pause between the root's tries that save waiting; nothing but the pace depends on them."""


Made = TypeVar("Made", bound="Deployment")


class Deployment:
    """A cluster, an Argo CD, a repository, and a recorder."""

    def __init__(self, folder: Path, settings: dict[str, str] | None = None, origin: Origin | None = None) -> None:
        """Nothing is started yet; `settings` of Argo CD, and a repository, in place of the usual ones."""
        self.settings = SOON if settings is None else settings
        self.origin = origin or Origin(folder)
        self.cluster = Cluster(folder / "cluster")
        self.root = "chatdb"
        apps = self.origin.work / "argocd" / self.origin.environment / "apps"
        self.tiers = [tier for tier in Tier if (apps / f"{tier}.yaml").exists()]
        self.operators = [path.stem for path in sorted(apps.glob("operator-*.yaml"))]
        self.by_hand: set[tuple[str, str, str]] = set()

    def start(self) -> None:
        """Start all servers; the platform is not there yet."""
        self.cluster.start()
        self.api = self.cluster.api
        self.argo_cd = ArgoCd(self.cluster, self.settings)
        self.argo_cd.start()
        self.addresses = Addresses(self.api)
        self.addresses.start()
        self.recorder = self.recording()
        self.recorder.start()

    def recording(self) -> Recorder:
        """Who writes everything down."""
        return Recorder(self.api)

    def stop(self) -> None:
        """End everything."""
        for part in ("recorder", "addresses"):
            if hasattr(self, part):
                getattr(self, part).stop()
        self.cluster.stop()

    def bootstrap(self, environment: str | None = None, *, soon: bool = False) -> None:
        """What a person applies: the projects and the root; `soon`, with a shorter pause between its tries."""
        folder = self.origin.work / "argocd" / (environment or self.origin.environment)
        for name in ("projects.yaml", "root.yaml"):
            for manifest in yaml.safe_load_all((folder / name).read_text()):
                if soon and manifest["kind"] == "Application":
                    manifest["spec"]["syncPolicy"]["retry"]["backoff"] = RETRY
                self.argo_cd.api.apply(manifest)

    def install(self, *, soon: bool = False) -> None:
        """Bootstrap, and hold every tier at a commit."""
        self.bootstrap(soon=soon)
        self.wait_settled()
        self.wait_released(self.release("Pins"))

    def settled(self, commit: str | None = None) -> bool:
        """Whether every Application is Synced and Healthy with no operation under way, at that commit if it matters."""
        root, *children = self._applications()
        return self._fine(root) and all(_fine(child, commit) for child in children)

    def released(self, held: str) -> bool:
        """Whether every child is held at that commit, and all of it is there."""
        root, *children = self._applications()
        return self._fine(root) and all(_pin(child) == held and _fine(child, held) for child in children)

    def _fine(self, root: Manifest | None) -> bool:
        """Whether the root and all operators, which have revisions of their own, are Synced and Healthy."""
        return _fine(root) and all(_fine(self.argo_cd.application(self.child(one))) for one in self.operators)

    def _applications(self) -> list[Manifest | None]:
        """The root, and each tier's; None for one that is not there."""
        applications = self.argo_cd.applications()
        return [applications.get(name) for name in (self.root, *map(self.child, self.tiers))]

    def child(self, tier: str) -> str:
        """The name of the Application of a tier or an operator."""
        return f"{self.root}-{tier}"

    def wait(self, condition: str, seconds: float, ready: Callable[[], object]) -> float:
        """Wait, and say what every Application says where it takes too long; the seconds that it took."""
        began = time.monotonic()
        try:
            wait_for(condition, seconds, ready)
        except TimeoutError as error:
            raise TimeoutError(f"{error}\n{self.argo_cd.states()}\n{self.cluster.logs(5)}") from None
        return time.monotonic() - began

    def wait_settled(self, commit: str | None = None, seconds: float = INSTALLING) -> float:
        """Wait until all of the platform is there, at that commit."""
        return self.wait("every Application is Synced and Healthy", seconds, lambda: self.settled(commit))

    def wait_released(self, held: str, seconds: float = INSTALLING) -> float:
        """Wait until every child is held at that commit, and all of it is there."""
        condition = f"every Application is Synced and Healthy at {held[:7]}"
        return self.wait(condition, seconds, lambda: self.released(held))

    def release(self, message: str) -> str:
        """Commit what is changed in the clone, release it, and tell Argo CD; the commit that the tiers are held at."""
        self.origin.commit(message)
        held = self.origin.release()
        self.argo_cd.look(self.root)
        return held

    def release_as_it_is(self, message: str) -> str:
        """The same without generating: what `chatdb synth` refuses reaches a cluster by hand only."""
        self.origin.commit_as_it_is(message)
        held = self.origin.release_as_it_is()
        self.argo_cd.look(self.root)
        return held

    def pin(self, tier: str) -> str | None:
        """The revision that the tier's Application asks for; None where there is none."""
        return _pin(self.argo_cd.application(self.child(tier)))

    def status(self, tier: str) -> tuple[str | None, str | None]:
        """What the tier's Application says of itself: its sync and its health."""
        status = self.argo_cd.application(self.child(tier)).get("status", {})
        return status.get("sync", {}).get("status"), status.get("health", {}).get("status")

    def at(self, tier: str) -> str | None:
        """The commit that the tier was compared with last."""
        sync: Manifest = self.argo_cd.application(self.child(tier)).get("status", {}).get("sync", {})
        return sync.get("revision")

    def seen(self, tier: str) -> Manifest:
        """What the root sees of the tier: the gate's answer."""
        resources = self.argo_cd.application(self.root).get("status", {}).get("resources", [])
        entries = [entry for entry in resources if entry["name"] == self.child(tier)]
        return dict(entries[0].get("health", {})) if entries else {}

    def version(self) -> int:
        """The API server's present resource version."""
        return int(self.api.request("GET", "/api/v1/namespaces?limit=1")["metadata"]["resourceVersion"])

    def violations(self, since: int = 0) -> list[str]:
        """Every change that came before what it has to wait for."""
        time.sleep(1)  # the last events are still on their way
        assert not self.recorder.failures
        events = self.recorder.sorted()
        return list(violations(events, self.tiers, operators=self.operators, since=since, by_hand=self.by_hand))

    def delete_by_hand(self, api_version: str, kind: str, namespace: str, name: str) -> None:
        """Delete an object as a person would, beside Argo CD."""
        self.by_hand.add((kind, namespace, name))
        self.api.delete(self.api.path(api_version, kind, namespace, name))


@contextmanager
def deployed(
    folder: Path, settings: dict[str, str] | None = None, origin: Origin | None = None
) -> Iterator[Deployment]:
    """A running cluster that is gone at the end, whatever happens; its logs stay in the folder."""
    with started(Deployment(folder, settings, origin)) as made:
        yield made


@contextmanager
def started(made: Made) -> Iterator[Made]:
    """The same of any deployment."""
    try:
        made.start()
        yield made
    finally:
        made.stop()


def _pin(application: Manifest | None) -> str | None:
    return str(application["spec"]["source"]["targetRevision"]) if application else None


def _fine(application: Manifest | None, commit: str | None = None) -> bool:
    status = (application or {}).get("status", {})
    sync, health = status.get("sync", {}), status.get("health", {})
    return (
        (sync.get("status"), health.get("status")) == ("Synced", "Healthy")
        and "operation" not in (application or {})
        and status.get("operationState", {}).get("phase") == "Succeeded"
        and (commit is None or sync.get("revision") == commit)
    )
