"""A real Kubernetes control plane on loopback, with a fake node of minikube's size: no containers, no root.

Real: admission, validation, Pod Security, quotas, RBAC, scheduling by requests, controllers, garbage collection. Not
real: pods do not run (kwok says that they do), nothing provisions volumes (static ones lie ready), Services carry no
traffic, policies are not enforced.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalogue.machines import MACHINES
from chatdb.local.processes import Server, free_ports, wait_for
from constructs_lib.machine import Machine, Nodes
from tests.e2e.api import Api
from tests.e2e.certificates import USERS, write_certificates, write_kubeconfig
from tests.e2e.stack import built, search_path

MACHINE = MACHINES["minikube"]
INSTALLED = ("Argo CD",)
"""Shares of the machine's ledger whose pods the tests really make; all others are taken off the node's size."""
NODE = "minikube"
VOLUMES = 12
STARTING = 60
MIB = 2**20
AGAIN = ("sh", "-c", 'while :; do "$@"; sleep 1; done', "sh")
"""As a kubelet does: kube-scheduler ends when it has missed that a pod is another one, while the API was away."""
FAILING = Path(__file__).with_name("failing.yaml")
"""How pods fail that say so by an annotation."""


class Cluster:
    """One control plane; several can run side by side, each in a folder of its own."""

    def __init__(
        self,
        folder: Path,
        *,
        api_options: Sequence[str] = (),
        controller_options: Sequence[str] = (),
        nodes: Nodes | None = None,
    ) -> None:
        """The folder has to be empty; logs are in <folder>/logs; more options of its server and its controllers.

        Without `nodes` it has one, of minikube's size.
        """
        self.folder = folder
        self.machine = nodes.machine if nodes else MACHINE
        self.nodes = [NODE, *(f"{NODE}-{number}" for number in range(2, (nodes.count if nodes else 1) + 1))]
        self.api_options = api_options
        self.controller_options = controller_options
        self.certificates = folder / "certificates"
        self.kubeconfig = folder / "admin.kubeconfig"
        self.servers: dict[str, Server] = {}
        self.api: Api

    def start(self) -> None:
        """Start everything, and wait until a pod could run."""
        (self.folder / "logs").mkdir(parents=True)
        write_certificates(self.certificates)
        (port,) = free_ports(1)
        self._control_plane(port, port)
        # Server-side apply would leave out the status, and with it the node's size.
        for name in self.nodes:
            self.api.request("POST", self.api.path("v1", "Node"), _node(name, self.machine))
        for manifest in (_storage_class(), *(volume(self.folder, number) for number in range(VOLUMES))):
            self.api.apply(manifest)
        self._kwok(*free_ports(1))
        wait_for("the nodes are ready", STARTING, lambda: all(map(self._node_ready, self.nodes)))

    def stop(self) -> None:
        """End all servers, the last started first; nothing that they would save is kept."""
        for server in reversed(self.servers.values()):
            if server.alive():
                server.kill()

    def serve(
        self, name: str, command: list[str], environment: Mapping[str, str] | None = None, *, again: bool = False
    ) -> Server:
        """Start one more server of the cluster; `again` and again, where it ends by itself."""
        line = [*(AGAIN if again else ()), str(built(f"bin/{command[0]}")), *command[1:]]
        return self.launch(name, line, environment)

    def launch(self, name: str, line: list[str], environment: Mapping[str, str] | None = None) -> Server:
        """Start any program as a server of the cluster."""
        env_vars = {**os.environ, "PATH": search_path(), **(environment or {})}
        server = Server(name, line, self.folder / f"logs/{name}.log", env_vars)
        self.servers[name] = server
        server.start()
        return server

    def write_kubeconfig(self, user: str, port: int) -> Path:
        """How that user finds the API server at a port of this machine."""
        path = self.folder / f"{user}.kubeconfig"
        write_kubeconfig(path, f"https://127.0.0.1:{port}", self.certificates, user, "default")
        return path

    def logs(self, lines: int = 15) -> str:
        """The end of every log."""
        tails = []
        for path in sorted((self.folder / "logs").glob("*.log")):
            text = path.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
            tails.append(f"== {path.name}\n" + "\n".join(line[:400] for line in text))
        return "\n".join(tails)

    def _control_plane(self, port: int, door: int) -> None:
        """The API server listens at the port, and is reached from here at the door."""
        etcd, peer, controllers, scheduler = free_ports(4)
        store = f"http://127.0.0.1:{etcd}"
        self._etcd(store, f"http://127.0.0.1:{peer}")
        self._api_server(store, port)
        for user in USERS:
            self.write_kubeconfig(user, door if user == "admin" else port)
        self.api = Api(self.kubeconfig)
        wait_for("the API server is ready", STARTING, self.api.ready)
        self._controllers(controllers, scheduler)
        account = ("v1", "ServiceAccount", "default", "default")
        wait_for("there is a service account", STARTING, lambda: self.api.get(*account))

    def _etcd(self, store: str, peers: str) -> None:
        self.serve(
            "etcd",
            [
                "etcd",
                f"--data-dir={self.folder}/etcd",
                f"--listen-client-urls={store}",
                f"--advertise-client-urls={store}",
                f"--listen-peer-urls={peers}",
                f"--initial-advertise-peer-urls={peers}",
                f"--initial-cluster=default={peers}",
                "--unsafe-no-fsync",
                "--log-level=warn",
            ],
        )

    def _api_server(self, store: str, port: int) -> None:
        pki = self.certificates
        self.serve(
            "kube-apiserver",
            [
                "kube-apiserver",
                f"--etcd-servers={store}",
                f"--secure-port={port}",
                "--bind-address=127.0.0.1",
                "--advertise-address=127.0.0.1",
                "--endpoint-reconciler-type=none",
                "--authorization-mode=Node,RBAC",
                f"--tls-cert-file={pki}/server.crt",
                f"--tls-private-key-file={pki}/server.key",
                f"--client-ca-file={pki}/ca.crt",
                "--service-account-issuer=https://kubernetes.default.svc",
                f"--service-account-key-file={pki}/sa.pub",
                f"--service-account-signing-key-file={pki}/sa.key",
                "--service-cluster-ip-range=10.96.0.0/16",
                f"--cert-dir={self.folder}/apiserver",
                *self.api_options,
            ],
        )

    def _controllers(self, port: int, scheduler: int) -> None:
        config = self.folder / "kcm.kubeconfig"
        self.serve(
            "kube-controller-manager",
            [
                "kube-controller-manager",
                f"--kubeconfig={config}",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                f"--secure-port={port}",
                "--use-service-account-credentials=true",
                f"--root-ca-file={self.certificates}/ca.crt",
                f"--service-account-private-key-file={self.certificates}/sa.key",
                "--authentication-skip-lookup=true",
                f"--flex-volume-plugin-dir={self.folder}/plugins",
                f"--authentication-kubeconfig={config}",
                f"--authorization-kubeconfig={config}",
                *self.controller_options,
            ],
            again=True,
        )
        self.serve(
            "kube-scheduler",
            [
                "kube-scheduler",
                f"--kubeconfig={self.folder}/scheduler.kubeconfig",
                "--leader-elect=false",
                "--bind-address=127.0.0.1",
                f"--secure-port={scheduler}",
                "--authentication-skip-lookup=true",
            ],
            again=True,
        )

    def _kwok(self, port: int) -> None:
        """Its lease is renewed every 40 s: with kwok's own figure the pods of a node turn NotReady for ever."""
        self.serve(
            "kwok",
            [
                "kwok",
                f"--kubeconfig={self.kubeconfig}",
                "--manage-all-nodes=false",
                "--node-ip=127.0.0.1",
                "--manage-nodes-with-annotation-selector=kwok.x-k8s.io/node=fake",
                "--cidr=10.0.0.1/24",
                *(f"--config={path}" for path in (built("etc/stages.yaml"), FAILING)),
                f"--server-address=127.0.0.1:{port}",
                "--node-lease-duration-seconds=40",
            ],
        )

    def _node_ready(self, name: str) -> bool:
        node = self.api.get("v1", "Node", None, name)
        conditions = (node or {}).get("status", {}).get("conditions", [])
        return any(condition["type"] == "Ready" and condition["status"] == "True" for condition in conditions)


def system_share(machine: Machine) -> tuple[int, int]:
    """What the cluster's own software takes of the machine where it does not run: thousandths of a CPU, and bytes."""
    system = [share for share in machine.system if share.name not in INSTALLED]
    return sum(share.cpu for share in system), sum(share.memory for share in system)


def _node(name: str, machine: Machine) -> dict[str, Any]:
    """The machine, less what the cluster's own software takes of it."""
    cpu, memory = system_share(machine)
    room = {
        "cpu": f"{machine.cpu - cpu}m",
        "memory": f"{(machine.memory - memory) // MIB}Mi",
        "pods": "110",
        "ephemeral-storage": f"{(machine.disk - machine.disk_used) // MIB}Mi",
    }
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {
            "name": name,
            "annotations": {"kwok.x-k8s.io/node": "fake", "node.alpha.kubernetes.io/ttl": "0"},
            "labels": {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux"},
        },
        "status": {"allocatable": room, "capacity": room},
    }


def _storage_class() -> dict[str, Any]:
    default = {"storageclass.kubernetes.io/is-default-class": "true"}
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": "standard", "annotations": default},
        "provisioner": "kubernetes.io/no-provisioner",
        "volumeBindingMode": "Immediate",
    }


def volume(folder: Path, number: int) -> dict[str, Any]:
    """One that is not bound to any claim."""
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"volume-{number}"},
        "spec": {
            "capacity": {"storage": "50Gi"},
            "accessModes": ["ReadWriteOnce"],
            "storageClassName": "standard",
            "hostPath": {"path": str(folder / f"volumes/{number}")},
            "persistentVolumeReclaimPolicy": "Delete",
        },
    }
