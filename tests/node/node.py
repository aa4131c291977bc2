"""A real Kubernetes node: pods run, volumes are provided, Services carry traffic and policies are enforced.

The control plane is that of tests/e2e. Everything is in namespaces of its own, and ends with who started it; a door
leads from loopback to the API server. Needs root.
"""

import fcntl
import shutil
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, suppress
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from chatdb.deploy.objects import ready
from chatdb.local.processes import Server, wait_for
from constructs_lib.machine import Machine
from constructs_lib.quantity import cpu_text, in_bytes, memory_text, millicores
from tests.e2e.api import Manifest
from tests.e2e.certificates import NAMES, USERS, write_certificates
from tests.e2e.cluster import MACHINE, NODE, Cluster, system_share
from tests.node import ingress
from tests.node.namespaces import ADDRESS, Namespaces
from tests.node.oci import Layout
from tests.node.provisioner import Provisioner
from tests.repository import ROOT

FILES = Path(__file__).with_name("files")
STORE = ROOT / ".tools/node/containerd"
"""Where images stay when a node goes."""
SERVICES, PODS, DNS = "10.96.0.0/16", "10.244.0.0/16", "10.96.0.10"
API_PORT = 8443
"""As on minikube."""
SECONDS = 120
IMPORT_SECONDS = 600
NODE_USERS = {
    "kubelet": (f"system:node:{NODE}", "system:nodes"),
    "kubelet-client": ("kube-apiserver-kubelet-client", "system:masters"),
    "proxy": ("system:kube-proxy", None),
    "netpol": ("netpol", "system:masters"),
}
"""Users besides those of every control plane."""
CTR = ("ctr", "--namespace=k8s.io")
CONTAINERD = tomllib.loads((FILES / "containerd.toml").read_text(encoding="utf-8"))
PAUSE = CONTAINERD["plugins"]["io.containerd.grpc.v1.cri"]["sandbox_image"]
COREDNS = "chatdb.local/coredns:1"


class Node(Cluster):
    """One node with its control plane."""

    def __init__(self, folder: Path, machine: Machine = MACHINE, store: Path = STORE) -> None:
        """The folder has to be empty; the node says that it is that machine, whatever this one is.

        Containerd's store may hold images, and is one node's at a time.
        """
        pki = folder / "certificates"
        super().__init__(
            folder,
            api_options=[
                "--bind-address=0.0.0.0",
                f"--advertise-address={ADDRESS}",
                "--endpoint-reconciler-type=lease",
                "--allow-privileged=true",
                "--enable-admission-plugins=NodeRestriction",
                "--kubelet-preferred-address-types=InternalIP",
                f"--kubelet-client-certificate={pki}/kubelet-client.crt",
                f"--kubelet-client-key={pki}/kubelet-client.key",
            ],
            controller_options=["--allocate-node-cidrs=true", f"--cluster-cidr={PODS}"],
        )
        self.machine = machine
        self.store = store
        self.namespaces = Namespaces(folder / "namespaces")
        self._lock = ExitStack()

    def start(self) -> None:
        """Start everything until pods can run; their images have to be in the layout that `take_images` is given."""
        self._hold_store()
        (self.folder / "logs").mkdir(parents=True)
        write_certificates(self.certificates, (*NAMES, ADDRESS), USERS | NODE_USERS)
        self.namespaces.start()
        self._control_plane(API_PORT, self.namespaces.open_door(API_PORT))
        self._containerd()

    def join(self) -> None:
        """Make it a node of the cluster: it is Ready, provides volumes, enforces policies, and resolves names."""
        for user in NODE_USERS:
            self.write_kubeconfig(user, API_PORT)
        self._proxy()
        self._kubelet()
        wait_for("the node is ready", SECONDS, lambda: all(map(self._node_ready, self.nodes)))
        # Not before: it asks for the node, and each of the two may disturb what the other does first to iptables.
        self._policies()
        provisioner = Provisioner(self.api, self.folder / "volumes")
        provisioner.start()
        self.provisioner = provisioner
        for manifest in own_manifests():
            self.api.apply(manifest)
        for namespace, name in (("kube-system", "coredns"), (ingress.NAMESPACE, ingress.NAME)):
            wait_for(f"{name} is ready", SECONDS, partial(self.deployed, namespace, name))
        self.web = self.namespaces.open_door(80, ADDRESS)

    def stop(self) -> None:
        """End everything at once, as a power cut does; images stay in the store."""
        if hasattr(self, "provisioner"):
            self.provisioner.stop()
        self.namespaces.stop()
        super().stop()
        self._lock.close()

    def reboot(self) -> None:
        """Kill all that the kubelet has started, and itself and containerd; those two start again."""
        kubelet, containerd = self.servers["kubelet"], self.servers["containerd"]
        kubelet.kill()
        containerd.kill()
        groups = " ".join(str(group) for group in self.namespaces.groups())
        self.run("sh", "-c", f"find {groups} -name cgroup.procs -exec cat {{}} + | sort -u | xargs -r kill -KILL")
        containerd.start()
        wait_for("containerd answers", SECONDS, lambda: self._containerd_answers(containerd))
        kubelet.start()

    def launch(self, name: str, line: list[str], environment: Mapping[str, str] | None = None) -> Server:
        """Start a program inside."""
        return super().launch(name, self.namespaces.enter(*line), environment)

    def run(self, *command: str, seconds: float = SECONDS) -> str:
        """Run a program inside, as one on the node; what it prints."""
        line = self.namespaces.enter(*command)
        return subprocess.run(line, stdout=subprocess.PIPE, text=True, timeout=seconds, check=True).stdout

    def deployed(self, namespace: str, deployment: str) -> bool:
        """Whether all pods of the Deployment are ready."""
        made = self.api.get("apps/v1", "Deployment", namespace, deployment)
        return made is not None and ready(made)

    def take_images(self, layout: Layout, names: Mapping[str, str]) -> None:
        """Have images of the layout: their names here, and those that they have there; what is here already is kept."""
        here, there = self.images(), layout.images()
        new = {name: source for name, source in names.items() if here.get(name) != there[source]}
        if not new:
            return
        line = self.namespaces.enter(*CTR, "images", "import", "-")
        log = self.folder / "logs/import.log"
        with (
            log.open("a") as output,
            subprocess.Popen(line, stdin=subprocess.PIPE, stdout=output, stderr=output) as importing,
        ):
            assert importing.stdin
            with suppress(BrokenPipeError):
                layout.archive(new, importing.stdin)
                importing.stdin.close()
            if importing.wait(IMPORT_SECONDS):
                free = shutil.disk_usage(self.store).free / 1e9
                raise RuntimeError(
                    f"containerd could not take the images ({free:.1f} GB free): {log.read_text()[-2000:]}"
                )

    def images(self) -> dict[str, str]:
        """The images that it has: names and digests."""
        lines = self.run(*CTR, "images", "ls").splitlines()[1:]
        return {name: digest for name, _, digest, *_ in map(str.split, lines)}

    def keep_images(self, names: Iterable[str]) -> None:
        """Remove all other images; those of a release before would stay in the store for ever."""
        here, wanted = self.images(), set(names)
        kept = {digest for name, digest in here.items() if name in wanted}
        # Each image has another name, by its configuration, which alone would keep its files.
        wanted |= {name for name, digest in here.items() if name.startswith("sha256:") and digest in kept}
        if old := sorted(set(here) - wanted):
            self.run(*CTR, "images", "rm", "--sync", *old)

    def _hold_store(self) -> None:
        self.store.mkdir(parents=True, exist_ok=True)
        lock = self._lock.enter_context((self.store / "node").open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(f"another node runs on the images of {self.store}: stop it first") from None

    def _containerd(self) -> None:
        """With nothing but images in its store: the containers of a node that is gone would be started again."""
        self.run("install", "-D", str(FILES / "cni.conflist"), "/run/cni/10-node.conflist")
        line = ["containerd", f"--config={FILES}/containerd.toml", f"--root={self.store}", "--state=/run/containerd"]
        server = self.launch("containerd", line)
        wait_for("containerd answers", SECONDS, lambda: self._containerd_answers(server))
        if old := self.run(*CTR, "containers", "ls", "--quiet").split():
            self.run(*CTR, "containers", "rm", *old)
            server.restart()
            wait_for("containerd answers", SECONDS, lambda: self._containerd_answers(server))

    def _containerd_answers(self, server: Server) -> bool:
        assert server.alive(), server.last_lines(5)
        line = self.namespaces.enter("ctr", "version")
        return subprocess.run(line, capture_output=True, timeout=SECONDS, check=False).returncode == 0

    def _kubelet(self) -> None:
        path = self.folder / "kubelet.yaml"
        path.write_text(yaml.safe_dump(self._kubelet_settings()), encoding="utf-8")
        self.serve(
            "kubelet",
            [
                "kubelet",
                f"--config={path}",
                f"--kubeconfig={self.folder}/kubelet.kubeconfig",
                f"--root-dir={self.folder}/kubelet",
                f"--cert-dir={self.folder}/kubelet/pki",
                f"--hostname-override={NODE}",
                f"--node-ip={ADDRESS}",
            ],
            {"NODE_CPUS": str(self.machine.cpu // 1000), "NODE_MEMORY": str(self.machine.memory)},
            again=True,
        )

    def _kubelet_settings(self) -> Manifest:
        return {
            "apiVersion": "kubelet.config.k8s.io/v1beta1",
            "kind": "KubeletConfiguration",
            "address": ADDRESS,
            "authentication": {
                "anonymous": {"enabled": False},
                "webhook": {"enabled": True},
                "x509": {"clientCAFile": str(self.certificates / "ca.crt")},
            },
            "authorization": {"mode": "Webhook"},
            "cgroupDriver": "cgroupfs",
            "cgroupRoot": f"/{self.namespaces.cgroup}",
            "clusterDNS": [DNS],
            "clusterDomain": "cluster.local",
            "containerRuntimeEndpoint": "unix:///run/containerd/containerd.sock",
            "enforceNodeAllocatable": ["pods"],
            # The disk is this machine's, and what fills it is not the platform's matter.
            "evictionHard": {"memory.available": "0%", "nodefs.available": "1%", "imagefs.available": "1%"},
            "imageGCHighThresholdPercent": 100,
            "failCgroupV1": False,
            "failSwapOn": False,
            # An image that is imported after a pull of it has failed counts as one that was there before.
            "imagePullCredentialsVerificationPolicy": "NeverVerify",
            "resolvConf": "",
            "systemReserved": reserved(own_manifests()),
            "volumePluginDir": str(self.folder / "kubelet/plugins"),
        }

    def _proxy(self) -> None:
        path = self.folder / "kube-proxy.yaml"
        settings = {
            "apiVersion": "kubeproxy.config.k8s.io/v1alpha1",
            "kind": "KubeProxyConfiguration",
            "mode": "iptables",
            "hostnameOverride": NODE,
            "clusterCIDR": PODS,
            "clientConnection": {"kubeconfig": str(self.folder / "proxy.kubeconfig")},
            # Those are the machine's.
            "conntrack": {"maxPerCore": 0, "min": 0, "tcpEstablishedTimeout": "0s", "tcpCloseWaitTimeout": "0s"},
        }
        path.write_text(yaml.safe_dump(settings), encoding="utf-8")
        self.serve("kube-proxy", ["kube-proxy", f"--config={path}"], again=True)

    def _policies(self) -> None:
        """By kube-router's controller."""
        self.serve(
            "netpol",
            [
                "netpol",
                f"--kubeconfig={self.folder}/netpol.kubeconfig",
                f"--hostname-override={NODE}",
                f"--service-cluster-ip-range={SERVICES}",
                "--enable-ipv6=false",
            ],
            again=True,
        )


def own_manifests() -> list[Manifest]:
    """What runs on the node besides the platform."""
    return [*dns_manifests(), *ingress.manifests()]


def dns_manifests() -> list[Manifest]:
    """CoreDNS."""
    return list(yaml.safe_load_all((FILES / "coredns.yaml").read_text(encoding="utf-8")))


def reserved(running: list[Manifest]) -> dict[str, str]:
    """What the system takes of the machine, without what runs as pods here."""
    cpu, memory = system_share(MACHINE)
    for requests in _requests(running):
        cpu -= millicores(requests["cpu"])
        memory -= in_bytes(requests["memory"])
    return {"cpu": cpu_text(cpu), "memory": memory_text(memory)}


def _requests(manifests: list[Manifest]) -> Iterator[dict[str, Any]]:
    for manifest in manifests:
        template = manifest.get("spec", {}).get("template", {})
        for container in template.get("spec", {}).get("containers", []):
            yield container["resources"]["requests"]
