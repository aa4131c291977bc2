"""Which connections open on a node, by real packets, beside what the graph and the policies say.

Every pod is tried with every port that another one listens on, and with addresses that are no pod's. Policies are those
of the API server, the graph is the catalogue's.
"""

from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from constructs_lib.checks.model import Inputs
from constructs_lib.checks.network_policies import EGRESS, INGRESS, End, Pod, one_address, open_ports, read_policy
from constructs_lib.checks.spans import Spans
from constructs_lib.checks.traffic import expected, named_ports
from tests.e2e.api import Manifest
from tests.node.place import Place

CONNECT_SECONDS = 3
SOURCES = 4
"""Pods that are tried from at once."""
LISTEN = "0A"
LOOPBACK = ("0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F")
PIDS = """
for id in "$@"; do
  for path in $(grep -ls "$id" /proc/[0-9]*/cgroup); do
    pid=${path#/proc/}; pid=${pid%/cgroup}
    if awk '/^NSpid:/ { exit $NF != 1 }' "/proc/$pid/status" 2>/dev/null; then echo "$id $pid"; break; fi
  done
done
"""
"""Ids of containers -> their first processes."""
LISTENING = 'for pid in "$@"; do sed "s/^/$pid /" "/proc/$pid/net/tcp" "/proc/$pid/net/tcp6"; done'
CONNECT = f"""
nsenter --target "$1" --net bash -c '
  shift
  for target in "$@"; do
    timeout {CONNECT_SECONDS} bash -c "exec 3<>/dev/tcp/${{target%:*}}/${{target##*:}}" 2>/dev/null && echo "$target" &
  done
  wait
' connect "$@"
"""
"""Those of the targets that take a connection from the network of a process."""


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """A pod that runs."""

    name: str
    """Of its component; of a pod that is none, of its namespace, too."""
    ours: bool
    pod: Pod
    address: str
    pid: str


@dataclass(frozen=True, slots=True)
class Way:
    """A connection that may open."""

    source: str
    target: str
    port: int

    def __str__(self) -> str:
        """As it is shown."""
        return f"{self.source} -> {self.target}:{self.port}"


@dataclass(frozen=True, slots=True)
class Ways:
    """What opens by each of the three, of the ways that were tried."""

    tried: frozenset[Way]
    packets: frozenset[Way]
    graph: frozenset[Way]
    policies: frozenset[Way]

    def differences(self) -> list[str]:
        """A line for each way that they do not agree on."""
        every = ("packets", "graph", "policies")
        lines = []
        for way in sorted(self.packets ^ self.graph | self.packets ^ self.policies, key=str):
            words = [f"{name}: {'open' if way in getattr(self, name) else 'closed'}" for name in every]
            lines.append(f"{way}: {', '.join(words)}")
        return lines


def ways(place: Place, inputs: Inputs, outside: Mapping[str, Iterable[int]]) -> Ways:
    """Try all of them; `outside` are addresses that are no pod's, and ports that somebody listens on there."""
    pods = list(_running(place, {component.name for component in inputs.platform.components}))
    listening = _listening(place, pods)
    policies = [read_policy(one) for one in place.api.list("networking.k8s.io/v1", "NetworkPolicy")]
    graph = _Graph(inputs, pods)
    tried: set[Way] = set()
    opened: dict[str, set[Way]] = {"packets": set(), "graph": set(), "policies": set()}
    every = {source: dict(_ends(source, pods, listening, outside)) for source in pods}
    with ThreadPoolExecutor(SOURCES) as threads:
        runs = {source: threads.submit(place.run, CONNECT, source.pid, *ends) for source, ends in every.items()}
    for source, ends in every.items():
        answered = set(runs[source].result().split())
        for text, (way, end, pod) in ends.items():
            tried.add(way)
            if text in answered:
                opened["packets"].add(way)
            if _has(open_ports(policies, source.pod, end), way.port):
                opened["policies"].add(way)
            if _has(graph.open(source, pod, end), way.port):
                opened["graph"].add(way)
    return Ways(frozenset(tried), *(frozenset(opened[name]) for name in ("packets", "graph", "policies")))


def _ends(
    source: Running,
    pods: Iterable[Running],
    listening: Mapping[str, Iterable[int]],
    outside: Mapping[str, Iterable[int]],
) -> Iterator[tuple[str, tuple[Way, End, Running | None]]]:
    """Addresses with ports that the pod is tried with: what each is, and whose."""
    for target in pods:
        if target is not source and (source.ours or target.ours):
            for port in listening[target.pid]:
                yield f"{target.address}:{port}", (Way(source.name, target.name, port), target.pod, target)
    for address, ports in outside.items() if source.ours else ():
        for port in ports:
            yield f"{address}:{port}", (Way(source.name, address, port), one_address(address), None)


class _Graph:
    """The ports that the catalogue's dependencies ask for."""

    def __init__(self, inputs: Inputs, pods: Iterable[Running]) -> None:
        self.expected = expected(inputs, {pod.name for pod in pods if pod.ours})

    def open(self, source: Running, target: Running | None, end: End) -> Spans:
        """The ports of the end that the source reaches; an address is no pod's."""
        if source.ours and target is not None and target.ours:
            return self.expected.inside.get((source.name, target.name), ())
        if source.ours:
            key, other = (EGRESS, source.name), end
        else:
            assert target is not None
            key, other = (INGRESS, target.name), source.pod
        return tuple(
            span for peer, ports in self.expected.outside.get(key, ()) if other in peer.peers for span in ports
        )


def _has(spans: Spans, port: int) -> bool:
    return any(kind == "TCP" and first <= port <= last for kind, first, last in spans)


def _running(place: Place, components: set[str]) -> Iterator[Running]:
    """Pods that run now, and have a network of their own."""
    spaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in place.api.list("v1", "Namespace")}
    pods = {
        container_id(pod): pod for pod in place.api.list("v1", "Pod") if "hostNetwork" not in pod["spec"] and _runs(pod)
    }
    for identifier, pid in first_processes(place, pods).items():
        pod = pods[identifier]
        metadata = pod["metadata"]
        app = metadata["labels"].get("app", "")
        ours = app in components
        yield Running(
            name=app if ours else f"{metadata['namespace']}/{metadata['name']}",
            ours=ours,
            pod=Pod(
                namespace=metadata["namespace"],
                labels=metadata["labels"],
                namespace_labels=spaces[metadata["namespace"]],
                ports=tuple(named_ports(pod["spec"])),
                address=pod["status"]["podIP"],
            ),
            address=pod["status"]["podIP"],
            pid=pid,
        )


def _runs(pod: Manifest) -> bool:
    """One that crashes again and again is in the phase Running, too."""
    return all("running" in status["state"] for status in pod["status"].get("containerStatuses", [{"state": {}}]))


def first_processes(place: Place, identifiers: Iterable[str]) -> dict[str, str]:
    """Process ids on the node, of containers by their ids."""
    wanted = list(identifiers)
    lines = place.run(PIDS, *wanted).split()
    made = dict(zip(lines[::2], lines[1::2], strict=True))
    assert made.keys() == set(wanted), f"containers without a process: {set(wanted) - made.keys()}"
    return made


def container_id(pod: Manifest) -> str:
    """The id of its first container."""
    return str(pod["status"]["containerStatuses"][0]["containerID"].partition("://")[2])


def _listening(place: Place, pods: Iterable[Running]) -> dict[str, set[int]]:
    """The TCP ports that are listened on in the network of each process, but for those of loopback."""
    ports: dict[str, set[int]] = {pod.pid: set() for pod in pods}
    for line in place.run(LISTENING, *ports).splitlines():
        pid, _, local, _, state, *_ = line.split()
        address, _, port = local.partition(":")
        if state == LISTEN and address not in LOOPBACK:
            ports[pid].add(int(port, 16))
    return ports
