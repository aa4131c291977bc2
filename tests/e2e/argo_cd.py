"""A real Argo CD beside the cluster: its controller and repo server, with the configuration of argocd/install."""

import json
import socket
import tempfile
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from chatdb.local.processes import free_ports, wait_for
from tests.argo_cd_install import built_install
from tests.e2e.api import ApiError, Manifest
from tests.e2e.certificates import write_kubeconfig
from tests.e2e.cluster import STARTING, Cluster
from tests.e2e.stack import built
from tests.repository import ROOT

NAMESPACE = "argocd"
API_VERSION = "argoproj.io/v1alpha1"
LOOK = {"metadata": {"annotations": {"argocd.argoproj.io/refresh": "normal"}}}
"""A patch of an Application that has Argo CD look for new commits at once, as a webhook does."""
GATE = ROOT / "argocd/install/gate.lua"
GATE_KEY = "resource.customizations.health.argoproj.io_Application"
BOUND = "local BOUND = 60\n"
FROM_CONFIG = {
    "ARGOCD_RECONCILIATION_TIMEOUT": "timeout.reconciliation",
    "ARGOCD_RECONCILIATION_JITTER": "timeout.reconciliation.jitter",
}
"""Variables that upstream's pods take from keys of argocd-cm: how soon a new commit is seen."""
SOON = {"timeout.reconciliation": "10s", "timeout.reconciliation.jitter": "0s"}
"""Most tests save waiting; no other part of the order depends on it."""
WAVE_DELAY = 2
"""Argo CD's own pause in seconds between two waves. With none the order does not hold: its cache of what is there is
not yet told of the new pin when it asks for the child's health."""


class ArgoCd:
    """It runs outside the cluster, and calls it https://kubernetes.default.svc as if it were inside."""

    def __init__(self, cluster: Cluster, settings: dict[str, str]) -> None:
        """Nothing is started yet; `settings` are laid over those of argocd-cm."""
        self.cluster = cluster
        self.settings = settings
        self.api = cluster.api

    def start(self) -> None:
        """Install as docs/argo-cd.md says, then start the two parts that the order depends on."""
        with tempfile.TemporaryDirectory() as folder:
            self.install(built_install(Path(folder), built("etc/argo-cd")))
        self.api.patch(self._config, {"data": self.settings})
        redis, repo, repo_metrics, controller_metrics = free_ports(4)
        self._redis = f"127.0.0.1:{redis}"
        self.cluster.serve("miniredis", ["miniredis", self._redis])
        self._repo_server(repo, repo_metrics)
        self._controller(repo, controller_metrics)
        for name, port in (("repo server", repo), ("application controller", controller_metrics)):
            wait_for(f"Argo CD's {name} listens", STARTING, partial(listens, port))

    def install(self, manifests: list[Manifest]) -> None:
        """Definitions first: nothing else can be applied before the server knows them."""
        order = {"Namespace": 0, "CustomResourceDefinition": 1}
        for manifest in sorted(manifests, key=lambda one: order.get(one["kind"], 2)):
            self.api.apply(manifest)
        for kind in ("Application", "AppProject"):
            wait_for(f"the server knows {kind}", STARTING, partial(self._known, kind))

    def gate(self, *, bound: int | None) -> None:
        """Give the gate another bound in seconds; None takes the gate out of argocd-cm."""
        text = None if bound is None else GATE.read_text().replace(BOUND, f"local BOUND = {bound}\n")
        self.api.patch(self._config, {"data": {GATE_KEY: text}})

    def look(self, name: str) -> None:
        """Have it look for new commits at once, as a webhook does."""
        path = self.api.path(API_VERSION, "Application", NAMESPACE, name)
        self.api.patch(path, LOOK)

    @property
    def _config(self) -> str:
        return self.api.path("v1", "ConfigMap", NAMESPACE, "argocd-cm")

    def _known(self, kind: str) -> bool:
        try:
            self.api.list(API_VERSION, kind)
        except (ApiError, KeyError):
            return False
        return True

    def _environment(self) -> dict[str, str]:
        home = self.cluster.folder / "argo-cd"
        for name in ("tls", "ssh", "gpg", "tmp", "home"):
            (home / name).mkdir(parents=True, exist_ok=True)
        (home / "ssh/ssh_known_hosts").touch()
        kubeconfig = self.cluster.folder / "argocd.kubeconfig"
        server = f"https://{self.api._host}"
        config = self.api.request("GET", self._config)["data"]
        write_kubeconfig(kubeconfig, server, self.cluster.certificates, "admin", NAMESPACE)
        return {name: config[key] for name, key in FROM_CONFIG.items()} | {
            "ARGOCD_FAKE_IN_CLUSTER": "true",
            "ARGOCD_GPG_ENABLED": "false",
            "ARGOCD_TLS_DATA_PATH": str(home / "tls"),
            "ARGOCD_SSH_DATA_PATH": str(home / "ssh"),
            "ARGOCD_GNUPGHOME": str(home / "gpg"),
            "ARGOCD_EXEC_TIMEOUT": "60s",
            "ARGOCD_SYNC_WAVE_DELAY": str(WAVE_DELAY),
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "KUBECONFIG": str(kubeconfig),
            "HOME": str(home / "home"),
            "TMPDIR": str(home / "tmp"),
            "HOSTNAME": "argocd-application-controller-0",
        }

    def _repo_server(self, port: int, metrics: int) -> None:
        self.cluster.serve(
            "argocd-repo-server",
            [
                "argocd-repo-server",
                "--redis",
                self._redis,
                "--address=127.0.0.1",
                f"--port={port}",
                "--metrics-address=127.0.0.1",
                f"--metrics-port={metrics}",
            ],
            self._environment(),
        )

    def _controller(self, repo: int, metrics: int) -> None:
        kubeconfig = self.cluster.folder / "argocd.kubeconfig"
        self.cluster.serve(
            "argocd-application-controller",
            [
                "argocd-application-controller",
                "--kubeconfig",
                str(kubeconfig),
                "-n",
                NAMESPACE,
                "--redis",
                self._redis,
                "--repo-server",
                f"127.0.0.1:{repo}",
                f"--metrics-port={metrics}",
                "--self-heal-timeout-seconds=2",
                # So that the tests can read what the gate says.
                "--persist-resource-health",
            ],
            self._environment(),
        )

    def application(self, name: str) -> dict[str, Any]:
        """An Application, or an empty object where there is none."""
        return self.api.get(API_VERSION, "Application", NAMESPACE, name) or {}

    def applications(self) -> dict[str, Manifest]:
        """All of them by name."""
        return {
            application["metadata"]["name"]: application for application in self.api.list(API_VERSION, "Application")
        }

    def states(self) -> str:
        """One line for people: what each Application says of itself."""
        rows = []
        for name, application in sorted(self.applications().items()):
            status = application.get("status", {})
            sync, health = status.get("sync", {}), status.get("health", {})
            phase = status.get("operationState", {}).get("phase")
            message = (status.get("operationState", {}).get("message") or "")[:160]
            revision = str(sync.get("revision"))[:7]
            rows.append(f"{name}: {sync.get('status')} {health.get('status')} {phase} at {revision}: {message}")
            rows += [f"    {json.dumps(condition)[:300]}" for condition in status.get("conditions", [])]
        return "\n".join(rows)


def listens(port: int) -> bool:
    """Whether a connection to the port of loopback opens."""
    with closing(socket.socket()) as connection:
        return connection.connect_ex(("127.0.0.1", port)) == 0
