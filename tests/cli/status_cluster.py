"""What a cluster has of the platform while all of it is ready, for a stand-in of kubectl to answer from."""

import copy
import json
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from catalogue.components import CATALOGUE
from chatdb.cli import main
from chatdb.deploy.objects import WAITED, Manifest, component_of, replicas
from chatdb.deploy.plan import plan
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT

SETTINGS = read_settings(ROOT, CATALOGUE, "minikube")
PLAN = plan(ROOT, PLATFORM, SETTINGS)
HEAD = "a" * 40
NO_KIND = 'error: the server doesn\'t have a resource type "applications"'
MADE = "2026-11-29T10:00:00Z"


class StatusCluster:
    """Objects that a test changes, and the command with a kubectl that answers from them."""

    def __init__(self, folder: Path) -> None:
        """All of the platform, deployed without Argo CD."""
        self.folder = folder
        self.refused: dict[str, str] = {"applications.argoproj.io": NO_KIND}
        self.objects = [_ready(one) for wave in PLAN for step in wave for one in step.waited]
        self.objects += [_namespace(name) for name in PLATFORM.namespaces.names]
        program = folder / "kubectl"
        program.write_text(f"#!{sys.executable}\n{Path(__file__).with_name('kubectl_of_files.py').read_text()}")
        program.chmod(0o755)

    def run(self, *arguments: str, environment: str = "minikube") -> Result:
        """`chatdb status` of an environment."""
        self.write()
        line = ["status", f"--environment={environment}", *arguments]
        return CliRunner().invoke(main, line, env={"PATH": f"{self.folder}:/usr/bin:/bin"})

    def write(self) -> None:
        """Let kubectl answer from the objects as they are now."""
        state = {"refused": self.refused, "objects": self.objects}
        (self.folder / "state.json").write_text(json.dumps(state))

    def report(self, environment: str = "minikube") -> dict[str, Any]:
        """What it prints for programs."""
        done = self.run("--json", environment=environment)
        report: dict[str, Any] = json.loads(done.stdout)
        assert done.exit_code == (0 if report["ok"] else 1)
        return report

    def of(self, component: str) -> Manifest:
        """The object of the component that takes its time."""
        return next(one for one in self.objects if one["kind"] in WAITED and component_of(one) == component)

    def remove(self, *tiers: str) -> None:
        """Nothing of these tiers is deployed."""
        gone = {component.name for component in PLATFORM.components if component.tier in tiers}
        self.objects = [one for one in self.objects if component_of(one) not in gone]

    def follow(self) -> None:
        """Argo CD deploys it: the root and a child for each tier, Synced and Healthy."""
        self.refused = {}
        self.objects += [application("chatdb", "argocd/minikube/apps", [])]
        for wave in PLAN:
            for step in wave:
                self.objects += [application(f"chatdb-{step.tier}", step.overlay, list(step.waited))]

    def application(self, tier: str) -> Manifest:
        """The Application of a tier."""
        return next(one for one in self.objects if one["metadata"]["name"] == f"chatdb-{tier}")

    def unready(self, component: str, **container: Any) -> Manifest:
        """The component has one pod, which is not ready; its container is in that state. The pod."""
        workload = self.of(component)
        workload["status"] = {"replicas": 1, "updatedReplicas": 1, "readyReplicas": 0}
        metadata = workload["metadata"]
        states = [{"name": component, "image": "chatdb/any:1", "ready": False, **container}]
        pod = {
            "kind": "Pod",
            "metadata": {
                "name": f"{component}-1",
                "namespace": metadata["namespace"],
                "labels": workload["spec"]["selector"]["matchLabels"],
                "creationTimestamp": MADE,
            },
            "spec": {"nodeName": "minikube"},
            "status": {"phase": "Pending", "containerStatuses": states},
        }
        self.objects.append(pod)
        return pod


def _ready(manifest: Manifest) -> Manifest:
    made = copy.deepcopy(manifest)
    made["metadata"]["creationTimestamp"] = MADE
    if made["kind"] == "Job":
        made["status"] = {"conditions": [{"type": "Complete", "status": "True"}]}
    elif made["kind"] == "Ingress":
        made["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.2"}]}}
    else:
        made["status"] = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas"), replicas(made))
    return made


def _namespace(name: str) -> Manifest:
    return {"kind": "Namespace", "metadata": {"name": name}, "status": {"phase": "Active"}}


def application(name: str, path: str, resources: list[Manifest]) -> Manifest:
    """An Application that has deployed these objects from the branch main."""
    entries = [
        {"kind": one["kind"], "namespace": one["metadata"]["namespace"], "name": one["metadata"]["name"]}
        for one in resources
    ]
    source = {"repoURL": SETTINGS.repository, "path": path, "targetRevision": "main"}
    automated = {"prune": True, "selfHeal": True}
    return {
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "creationTimestamp": MADE},
        "spec": {"project": "chatdb-platform", "source": source, "syncPolicy": {"automated": automated}},
        "status": {
            "sync": {"status": "Synced", "revision": HEAD},
            "health": {"status": "Healthy"},
            "operationState": {"phase": "Succeeded"},
            "resources": entries,
        },
    }
