"""Random sets of NetworkPolicies with pods, namespaces and connections, as JSON for tools/go/netpol-verdicts.

Few labels, ports and addresses, so that selectors, ranges and blocks often meet what they are about.
"""

import ipaddress
from random import Random
from typing import Any

from constructs_lib.checks.network_policies import Pod
from constructs_lib.resolved import NAMESPACE_LABEL

SPACES = ("one", "two", "three")
KEYS, VALUES = ("app", "tier"), ("x", "y", "z")
NAMES = ("http", "dns", "admin")
NUMBERS = (1, 53, 80, 81, 82, 8080, 65535)
PROTOCOLS = ("TCP", "UDP", "SCTP")
BLOCKS = ("10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.128/25", "0.0.0.0/0", "10.1.2.3/32")
BLOCKS_6 = ("2001:db8::/32", "2001:db8:1::/48", "::/0", "2001:db8:1::3/128")
POLICIES, PODS, CONNECTIONS = 5, 5, 40


def random_case(random: Random) -> dict[str, Any]:
    """One set: policies, and what is asked of them."""
    case: dict[str, Any] = {
        "namespaces": [_namespace(random, name) for name in SPACES],
        "policies": [_policy(random, number) for number in range(random.randint(1, POLICIES))],
        "pods": [_pod(random, number) for number in range(PODS)],
    }
    case["connections"] = [_connection(random, case["pods"]) for _ in range(CONNECTIONS)]
    return case


def pod_end(pod: dict[str, Any], spaces: dict[str, dict[str, str]]) -> Pod:
    """A pod of a case as the evaluator sees it."""
    namespace = pod["metadata"]["namespace"]
    ports = [port for container in pod["spec"]["containers"] for port in container["ports"]]
    return Pod(
        namespace=namespace,
        labels=pod["metadata"]["labels"],
        namespace_labels=spaces[namespace],
        ports=tuple((port["name"], port.get("protocol", "TCP"), port["containerPort"]) for port in ports),
        address=pod["status"]["podIP"],
    )


def _maybe(random: Random, **fields: Any) -> dict[str, Any]:
    """Some of the fields."""
    return {name: value for name, value in fields.items() if random.random() < 0.7}


def _labels(random: Random) -> dict[str, str]:
    return {key: random.choice(VALUES) for key in KEYS if random.random() < 0.7}


def _namespace(random: Random, name: str) -> dict[str, Any]:
    return {"metadata": {"name": name, "labels": {**_labels(random), NAMESPACE_LABEL: name}}}


def _pod(random: Random, number: int) -> dict[str, Any]:
    names = random.sample(NAMES, random.randint(0, len(NAMES)))
    ports = [
        {"name": name, "containerPort": random.choice(NUMBERS)} | _maybe(random, protocol=random.choice(PROTOCOLS))
        for name in names
    ]
    address = f"10.1.2.{number + 1}" if random.random() < 0.5 else f"2001:db8:1::{number + 1}"
    half = random.randint(0, len(ports))
    return {
        "metadata": {"name": f"pod-{number}", "namespace": random.choice(SPACES), "labels": _labels(random)},
        "spec": {"containers": [{"name": "a", "ports": ports[:half]}, {"name": "b", "ports": ports[half:]}]},
        "status": {"podIP": address},
    }


def _selector(random: Random, keys: tuple[str, ...] = KEYS) -> dict[str, Any]:
    expressions = [_expression(random, random.choice(keys)) for _ in range(random.choice((0, 0, 1, 1, 2)))]
    labels = {random.choice(keys): random.choice(VALUES)} if random.random() < 0.3 else {}
    return {"matchLabels": labels, "matchExpressions": expressions} if random.random() < 0.8 else {}


def _expression(random: Random, key: str) -> dict[str, Any]:
    operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
    if operator in ("Exists", "DoesNotExist"):
        return {"key": key, "operator": operator}
    values = SPACES if key == NAMESPACE_LABEL else VALUES
    return {"key": key, "operator": operator, "values": random.sample(values, random.randint(1, 2))}


def _policy(random: Random, number: int) -> dict[str, Any]:
    types = random.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"], [], None))
    spec: dict[str, Any] = {"podSelector": _selector(random)}
    if types is not None:
        spec["policyTypes"] = types
    for direction, peers in (("ingress", "from"), ("egress", "to")):
        if random.random() < 0.7:
            spec[direction] = [_rule(random, peers) for _ in range(random.choice((0, 1, 1, 2)))]
    metadata = {"name": f"policy-{number}", "namespace": random.choice(SPACES)}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def _rule(random: Random, key: str) -> dict[str, Any]:
    ports = [_port(random) for _ in range(random.choice((0, 1, 2)))]
    peers = [_peer(random) for _ in range(random.choice((0, 1, 2)))]
    return _maybe(random, ports=ports, **{key: peers})


def _port(random: Random) -> dict[str, Any]:
    port = _maybe(random, protocol=random.choice(PROTOCOLS))
    choice = random.random()
    if choice < 0.3:
        return port | {"port": random.choice(NAMES)}
    if choice < 0.5:
        return port | {"port": random.choice(NUMBERS)}
    if choice < 0.8:
        first, last = sorted(random.choices(NUMBERS, k=2))
        return port | {"port": first, "endPort": last}
    return port


def _peer(random: Random) -> dict[str, Any]:
    if random.random() < 0.3:
        return {"ipBlock": _block(random)}
    pods, namespaces = (
        {"podSelector": _selector(random)},
        {"namespaceSelector": _selector(random, (*KEYS, NAMESPACE_LABEL))},
    )
    return random.choice((pods, namespaces, pods | namespaces))


def _block(random: Random) -> dict[str, Any]:
    blocks = random.choice((BLOCKS, BLOCKS_6))
    outer = ipaddress.ip_network(random.choice(blocks))
    inner = [block for block in blocks if ipaddress.ip_network(block) != outer and _within(block, outer)]
    return {"cidr": str(outer)} | _maybe(random, **{"except": random.sample(inner, random.randint(0, len(inner)))})


def _within(block: str, outer: Any) -> bool:
    return ipaddress.ip_network(block).subnet_of(outer)


def _connection(random: Random, pods: list[dict[str, Any]]) -> dict[str, Any]:
    """Between two pods, or a pod and an address; at and beside the ends of blocks and ranges."""
    one, other = random.sample(range(len(pods)), 2)
    ends: list[dict[str, Any]] = [{"pod": one}, {"pod": other}]
    if random.random() < 0.4:
        ends[random.randint(0, 1)] = {"address": _address(random)}
    port = min(65535, max(1, random.choice(NUMBERS) + random.choice((-1, 0, 0, 0, 1))))
    return {"from": ends[0], "to": ends[1], "port": port, "protocol": random.choice(PROTOCOLS)}


def _address(random: Random) -> str:
    network = ipaddress.ip_network(random.choice((*BLOCKS, *BLOCKS_6)))
    made = type(network.network_address)
    number = int(random.choice((network.network_address, network.broadcast_address))) + random.choice((-1, 0, 1))
    return str(made(min(2**network.max_prefixlen - 1, max(0, number))))
