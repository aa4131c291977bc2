"""Watches the API server, and writes down every creation, change and readiness with its resource version."""

import hashlib
import json
import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from catalogue.namespaces import Namespace
from catalogue.operators import CLOUDNATIVE_PG
from tests.e2e.api import GONE, NOT_FOUND, Api, ApiError, Manifest

KINDS = (
    ("v1", "ConfigMap"),
    ("v1", "LimitRange"),
    ("v1", "Namespace"),
    ("v1", "PersistentVolumeClaim"),
    ("v1", "Pod"),
    ("v1", "ResourceQuota"),
    ("v1", "Service"),
    ("v1", "ServiceAccount"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "StatefulSet"),
    ("batch/v1", "Job"),
    ("networking.k8s.io/v1", "Ingress"),
    ("networking.k8s.io/v1", "NetworkPolicy"),
    ("policy/v1", "PodDisruptionBudget"),
    ("rbac.authorization.k8s.io/v1", "Role"),
    ("rbac.authorization.k8s.io/v1", "RoleBinding"),
    ("argoproj.io/v1alpha1", "Application"),
)
OF_TRAITS = (
    ("gateway.networking.k8s.io/v1", "Gateway"),
    ("gateway.networking.k8s.io/v1", "HTTPRoute"),
    ("postgresql.cnpg.io/v1", "Cluster"),
)
PLACES = {*Namespace, "argocd", str(CLOUDNATIVE_PG.node.namespace)}
PAUSE = 0.2
TRACKING = "argocd.argoproj.io/tracking-id"
SERVERS_OWN = ("resourceVersion", "managedFields", "generation", "creationTimestamp", "uid", "selfLink")
"""Metadata that the API server writes; annotations of controllers count as ours, and are left out below."""
CONTROLLERS_ANNOTATIONS = ("deployment.kubernetes.io/", "pv.kubernetes.io/", "volume.", "batch.kubernetes.io/")


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a watch: the etcd revision, which orders all kinds, and the object as it was then."""

    version: int
    seconds: float
    type: str
    manifest: Manifest

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.manifest["kind"])

    @property
    def key(self) -> tuple[str, str, str]:
        """(kind, namespace, name)."""
        metadata = self.manifest["metadata"]
        return self.kind, metadata.get("namespace", ""), metadata["name"]

    @property
    def owner(self) -> str | None:
        """The Application that tracks it."""
        tracking = (self.manifest["metadata"].get("annotations") or {}).get(TRACKING)
        return str(tracking).partition(":")[0] if tracking else None

    @property
    def wanted(self) -> str:
        """A hash of what is asked for: all but the status, and what servers and controllers add by themselves."""
        manifest = {key: value for key, value in self.manifest.items() if key != "status"}
        metadata = {key: value for key, value in manifest["metadata"].items() if key not in SERVERS_OWN}
        annotations = metadata.get("annotations") or {}
        metadata["annotations"] = {
            key: value for key, value in annotations.items() if not key.startswith(CONTROLLERS_ANNOTATIONS)
        }
        manifest["metadata"] = metadata
        return hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()


class Recorder:
    """A thread for each kind; `events` are what they saw."""

    def __init__(self, api: Api, kinds: Iterable[tuple[str, str]] = KINDS) -> None:
        """It does not watch yet."""
        self.api = api
        self.kinds = tuple(kinds)
        self.events: list[Event] = []
        self.failures: list[str] = []
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._began = time.monotonic()

    def start(self) -> None:
        """Watch from now on; a kind that the server does not know, as soon as it does."""
        for api_version, kind in self.kinds:
            if not self._watch_kind(api_version, kind):
                threading.Thread(target=self._await, args=(api_version, kind), daemon=True).start()

    def stop(self) -> None:
        """Write down no more."""
        self._stopped.set()

    def _watch_kind(self, api_version: str, kind: str) -> bool:
        """Whether the server knows the kind, and it is watched."""
        try:
            path = self.api.path(api_version, kind)
        except KeyError:
            return False
        except ApiError as error:
            if error.code != NOT_FOUND:
                raise
            return False
        version = self.api.request("GET", f"{path}?limit=1")["metadata"]["resourceVersion"]
        threading.Thread(target=self._watch, args=(path, kind, version), daemon=True).start()
        return True

    def _await(self, api_version: str, kind: str) -> None:
        while not self._stopped.wait(PAUSE):
            try:
                if self._watch_kind(api_version, kind):
                    return
            except (OSError, ApiError, HTTPException):
                continue

    def _watch(self, path: str, kind: str, version: str) -> None:
        """Watch, and go on from the last version where the server was away."""
        while not self._stopped.is_set():
            try:
                for event in self.api.watch(path, version):
                    if self._stopped.is_set():
                        return
                    version = event["object"]["metadata"]["resourceVersion"]
                    self._note(event)
            except ApiError as error:
                if error.code < GONE:
                    self.failures.append(f"{path}: {error}")
                    return
                version = self._again(path, kind) if error.code == GONE else version
            except (OSError, ValueError, HTTPException):
                time.sleep(PAUSE)

    def _again(self, path: str, kind: str) -> str:
        """After a restart the server knows no old versions; nothing was written while it was away."""
        while True:
            try:
                listed = self.api.request("GET", path)
            except (OSError, ApiError, HTTPException):
                time.sleep(PAUSE)
                continue
            for item in listed["items"]:
                self._note({"type": "MODIFIED", "object": {"kind": kind, **item}})
            return str(listed["metadata"]["resourceVersion"])

    def _note(self, event: Manifest) -> None:
        manifest = event["object"]
        namespace = manifest["metadata"].get("namespace")
        if namespace is None or namespace in PLACES:
            version = int(manifest["metadata"]["resourceVersion"])
            with self._lock:
                self.events.append(Event(version, time.monotonic() - self._began, event["type"], manifest))

    def sorted(self) -> list[Event]:
        """All events in the order in which the API server wrote them."""
        with self._lock:
            return sorted(self.events, key=lambda event: event.version)

    def writes(self, since: int) -> Counter[tuple[Any, ...]]:
        """How often each object was written after that resource version."""
        return Counter(event.key for event in self.sorted() if event.version > since)
