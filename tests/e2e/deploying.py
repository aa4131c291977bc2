"""A cluster of its own, and a repository that `chatdb deploy` is run in: what is asked for can be changed there."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from click.testing import CliRunner

from catalogue.namespaces import Namespace
from chatdb.cli import main
from chatdb.deploy.objects import Key, component_of, key
from tests.e2e.addresses import Addresses
from tests.e2e.api import Manifest
from tests.e2e.cluster import Cluster
from tests.e2e.pods import Pods
from tests.e2e.stack import search_path
from tests.repository import ROOT, copy_repository

FAILS = "test.invalid/fails"
WORKLOADS = (("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "Job"))
NOTED = ("Event", "Pod", "EndpointSlice", "Endpoints", "ReplicaSet", "ControllerRevision")
"""Kinds that the cluster itself makes of others, at any time."""
SERVERS_OWN = {("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")}


def failing(how: str) -> Manifest:
    """A patch by which the workload's pods fail."""
    return {"spec": {"template": {"metadata": {"annotations": {FAILS: how}}}}}


@dataclass(frozen=True, slots=True)
class Site:
    """A cluster, and a repository that is deployed to it."""

    cluster: Cluster
    root: Path
    pods: Pods

    @property
    def environment(self) -> dict[str, str]:
        """Of a command that is run in the repository."""
        return {
            "KUBECONFIG": str(self.cluster.kubeconfig),
            "PATH": f"{search_path()}:{ROOT}/.venv/bin",
            "HOME": str(self.root),
        }

    def run(self, *arguments: str) -> tuple[int, str]:
        """The command as a user runs it: its exit code, and all that it says."""
        done = CliRunner().invoke(main, arguments, obj=self.root, env=self.environment)
        return done.exit_code, done.output

    def patch(self, tier: str, kind: str, name: str, patch: Manifest | None) -> None:
        """Change the overlay; None gives it back."""
        path = self.root / f"overlays/minikube/{tier}/kustomization.yaml"
        kustomization = yaml.safe_load((ROOT / path.relative_to(self.root)).read_text())
        if patch:
            target = {"kind": kind, "name": name}
            head = {"apiVersion": "any/v1", "kind": kind, "metadata": {"name": "any"}}
            kustomization.setdefault("patches", []).append({"target": target, "patch": yaml.safe_dump(head | patch)})
        path.write_text(yaml.safe_dump(kustomization))

    def all_keys(self) -> set[Key]:
        """Kind, namespace and name of all there is in the platform's namespaces, and they themselves."""
        api = self.cluster.api
        keys = {key(one) for one in api.list("v1", "Namespace") if one["metadata"]["name"] in list(Namespace)}
        for version, kind in api.listable():
            if kind not in NOTED:
                keys |= {key(one) for one in api.list(version, kind) if key(one)[1] in list(Namespace)}
        return {one for one in keys if one[::2] not in SERVERS_OWN}

    def workloads(self) -> dict[str, Manifest]:
        """All workloads of the platform, by component."""
        workloads = [one for kind in WORKLOADS for one in self.cluster.api.list(*kind)]
        return {component_of(one): one for one in workloads if one["metadata"]["namespace"] in list(Namespace)}


@contextmanager
def deploying(folder: Path) -> Iterator[Site]:
    """An empty cluster, and the repository as it is committed; all servers are gone at the end."""
    (folder / "repository").mkdir()
    pods = Pods(folder)
    cluster = Cluster(folder / "cluster", api_options=pods.api_options)
    try:
        cluster.start()
        addresses = Addresses(cluster.api)
        addresses.start()
        with pods.answering():
            yield Site(cluster, copy_repository(folder / "repository"), pods)
        addresses.stop()
    finally:
        cluster.stop()
