"""minikube's command lines: a node of the size that the capacity check counts with, whatever the host has."""

import shlex
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalogue.machines import MACHINES
from chatdb.deploy.kubectl import program
from chatdb.deploy.target import MINIKUBE
from constructs_lib.machine import Machine
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.quantity import MIB, cpu_text, memory_text

KUBERNETES = "v1.36.2"
"""The newest of those that the pinned Argo CD is tested on."""
ADDONS = ("ingress", "metrics-server", "dashboard", "storage-provisioner", "default-storageclass")
GB = 10**9
ASKING = 60
DOCKER = "install Docker, and start it"
INSTALL = "install minikube: https://minikube.sigs.k8s.io/docs/start/"


@dataclass(frozen=True, slots=True)
class Host:
    """What Docker has for its containers: cores, and bytes of memory."""

    cpus: int
    memory: int


def host() -> Host:
    """Ask Docker; InvalidInput where it does not answer."""
    line = [program("docker", DOCKER), "info", "--format", "{{.NCPU}} {{.MemTotal}}"]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=ASKING, check=True)
        cpus, memory = map(int, done.stdout.split())
    except (subprocess.SubprocessError, ValueError) as error:
        raise InvalidInput([Problem("docker", "does not say what it has", DOCKER)]) from error
    return Host(cpus, memory)


def start_line(host: Host, kubernetes: str) -> list[str]:
    """How the cluster is started; InvalidInput where the host is too small for it."""
    machine = MACHINES[MINIKUBE]
    problems = list(_too_small(host, machine))
    if problems:
        raise InvalidInput(problems)
    return [
        "minikube", "start", f"--profile={MINIKUBE}", "--driver=docker",
        f"--cpus={machine.cpu // 1000}", f"--memory={machine.memory // MIB}mb", f"--disk-size={machine.disk // GB}gb",
        f"--kubernetes-version={kubernetes}",
        # Only one that enforces NetworkPolicies.
        "--cni=calico",
        *_reserved(host, machine),
        f"--addons={','.join(ADDONS)}",
        "--wait=all",
    ]  # fmt: skip


def _too_small(host: Host, machine: Machine) -> Iterator[Problem]:
    fix = "give Docker more, or use a larger machine"
    if host.cpus * 1000 < machine.cpu:
        yield Problem("docker", f"it has {host.cpus} CPUs, {machine.cpu // 1000} are needed", fix)
    if host.memory < machine.memory:
        yield Problem("docker", f"it has {host.memory // MIB} MiB, {machine.memory // MIB} are needed", fix)


def _reserved(host: Host, machine: Machine) -> Iterator[str]:
    """With the docker driver the node says that it is as large as the host: what is beyond the machine is reserved."""
    beyond: Mapping[str, str] = {
        "cpu": cpu_text(host.cpus * 1000 - machine.cpu),
        "memory": memory_text(host.memory - machine.memory),
    }
    some = [f"{name}={amount}" for name, amount in beyond.items() if not amount.startswith("0")]
    if some:
        yield f"--extra-config=kubelet.system-reserved={','.join(some)}"


def stop_line(*, delete: bool) -> list[str]:
    """How it is stopped, or deleted with all that is in it."""
    return ["minikube", "delete" if delete else "stop", f"--profile={MINIKUBE}"]


def address_line(profile: str) -> list[str]:
    """How minikube is asked for the address of the profile's node."""
    return ["minikube", "ip", f"--profile={profile}"]


def address(profile: str) -> str:
    """The address of the profile's node, at which the ingress controller listens."""
    line = [program("minikube", INSTALL), *address_line(profile)[1:]]
    try:
        done = subprocess.run(line, capture_output=True, text=True, timeout=ASKING, check=True)
    except subprocess.SubprocessError as error:
        raise InvalidInput([Problem("minikube", "has no address", "start it: `chatdb cluster up`")]) from error
    return done.stdout.strip()


def run(line: list[str], seconds: float) -> None:
    """Run it in sight of the user; InvalidInput where it fails or takes too long."""
    path = program(line[0], INSTALL)
    try:
        done = subprocess.run([path, *line[1:]], timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        message = f"`{shlex.join(line[:2])}` has not ended after {seconds:g} s"
        raise InvalidInput([Problem("minikube", message, "look at `minikube logs`, and run again")]) from error
    if done.returncode:
        message = f"`{shlex.join(line[:2])}` has failed, with exit code {done.returncode}"
        raise InvalidInput([Problem("minikube", message, "it says why above; fix it, and run again")])
