"""What is read off a platform on a node: what it takes, and what is said where something is wrong with it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from chatdb.deploy.objects import component_of
from constructs_lib.kustomize import kustomize
from constructs_lib.pods import long_running_containers, pod_spec
from constructs_lib.quantity import in_bytes
from tests.e2e.api import ApiError, Manifest
from tests.node.deployed import Deployed
from tests.node.smoke import ways
from tests.repository import ROOT

USAGE = """
first() { cat "$@" 2>/dev/null | head -n 1; }
for uid in "$@"; do
  folders=$(find /sys/fs/cgroup -type d -name "pod$uid")
  cpu=$(first $(printf '%s/cpuacct.usage ' $folders))
  [ "$cpu" ] || cpu=$(awk '/^usage_usec/ { print $2 "000" }' $(printf '%s/cpu.stat ' $folders))
  peak=$(first $(printf '%s/memory.max_usage_in_bytes ' $folders) $(printf '%s/memory.peak ' $folders))
  echo "$uid $cpu $peak"
done
"""
"""Nanoseconds of CPU and the most bytes of memory, by cgroups of version 1 or 2."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What pods have taken since they began."""

    cpu_seconds: float
    peak: int
    """The most bytes of memory that one of them has held."""


def usage(deployed: Deployed, namespace: str = "") -> dict[str, Usage]:
    """Of each component, or of each pod of the namespace; a pod that runs no more is left out."""
    running = [one for one in deployed.pods() if one["status"]["phase"] == "Running"]
    names = {
        one["metadata"]["uid"]: one["metadata"]["name"] if namespace else component_of(one)
        for one in running
        if one["metadata"]["namespace"] == (namespace or one["metadata"]["namespace"])
    }
    made: dict[str, Usage] = {}
    for line in deployed.place.run(USAGE, *names).splitlines():
        uid, cpu, peak = line.split()
        known = made.get(names[uid], Usage(0, 0))
        made[names[uid]] = Usage(known.cpu_seconds + int(cpu) / 10**9, max(known.peak, int(peak)))
    return made


def job_seconds(deployed: Deployed) -> dict[str, float]:
    """How long the container of each setup Job ran."""
    ended = [one for one in deployed.pods() if one["status"]["phase"] == "Succeeded"]
    states = {component_of(one): one["status"]["containerStatuses"][0]["state"]["terminated"] for one in ended}
    return {name: _time(state["finishedAt"]) - _time(state["startedAt"]) for name, state in states.items()}


def _time(text: str) -> float:
    """Seconds since 1970, of a time of the API server."""
    return datetime.fromisoformat(text).timestamp()


def memory_limits() -> dict[str, int]:
    """Bytes that the pods of each component may hold on the node."""
    rendered = kustomize(ROOT, ROOT / "overlays/minikube")
    workloads = [one for one in rendered if one["kind"] in ("Deployment", "StatefulSet")]
    return {
        component_of(one): sum(
            in_bytes(container["resources"]["limits"]["memory"])
            for container in long_running_containers(pod_spec(one) or {})
        )
        for one in workloads
    }


def complaints(deployed: Deployed) -> Iterator[str]:
    """What is said of a platform that something is wrong with, by the scripts and by what the tests look at."""
    code, output = deployed.attempt("deploy-all.sh", *deployed.argo_cd, "--timeout=120", "--patience=20")
    if code:
        yield from output.splitlines()
    for pod in deployed.pods():
        if any(one["restartCount"] for one in pod["status"].get("containerStatuses", [])):
            name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
            yield from (f"{name}: {line}" for line in last_words(deployed, pod).splitlines())
    yield from deployed.attempt("health-check.sh")[1].splitlines()
    yield from ways(deployed).differences()


def last_words(deployed: Deployed, pod: Manifest) -> str:
    """What the container printed that has ended, as `kubectl logs --previous`; nothing where it is gone."""
    try:
        return str(deployed.api.request("GET", f"{deployed.api.of(pod)}/log?previous=true&tailLines=40"))
    except ApiError:
        return ""
