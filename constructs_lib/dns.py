"""The DNS servers of an environment: the setting `dns`, and what it says over the catalogue's."""

import ipaddress
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from constructs_lib.problem import Problem
from constructs_lib.resolve.problems.names import LABEL_KEY, LABEL_VALUE, LAST_PORT, NAMESPACE
from constructs_lib.resolved import Dns, Peer
from constructs_lib.yaml_files import Place

KEYS = ("namespace", "labels", "addresses", "ports")
PREFIX = re.compile(r"[^/]+(/[0-9]{1,3})?")
"""Python reads a netmask after the slash, too; Kubernetes does not."""
EXAMPLE = "write something like dns: {namespace: kube-system, labels: {k8s-app: kube-dns}, addresses: [169.254.20.10]}"
Entry = TypeVar("Entry")


@dataclass(frozen=True, kw_only=True, slots=True)
class DnsSetting:
    """What the settings say of DNS; where a field is empty they say nothing of it.

    `pods` and `addresses` together are the servers; `addresses` are CIDR blocks in their canonical form.
    """

    pods: Peer | None = None
    addresses: tuple[str, ...] = ()
    ports: tuple[int, ...] = ()

    def over(self, default: Dns) -> Dns:
        """The servers of the environment; `default` are the catalogue's, all of which named ones replace."""
        named = self.pods is not None or bool(self.addresses)
        protocols = dict.fromkeys(protocol for protocol, _ in default.ports)
        return Dns(
            pods=self.pods if named else default.pods,
            addresses=self.addresses if named else default.addresses,
            ports=tuple((protocol, port) for port in self.ports for protocol in protocols) or default.ports,
        )


def read_dns(raw: Mapping[str, Any], platform: Collection[str], environment: Place) -> tuple[DnsSetting, list[Problem]]:
    """The setting among those of an environment, and what is wrong with it; `platform` are its own namespaces."""
    if "dns" not in raw:
        return DnsSetting(), []
    value, place = raw["dns"], environment.at("dns")
    if not isinstance(value, dict) or not value:
        return DnsSetting(), [Problem(str(place), f"dns is {value!r}, which names no server", EXAMPLE)]
    problems = [
        Problem(str(place.at(key)), f"{key!r} is not a known setting of dns", f"use {', '.join(KEYS)}")
        for key in value
        if key not in KEYS
    ]
    problems += read_pods("dns", value, platform, place)
    addresses, of_addresses = read_addresses("dns", value, place)
    ports, of_ports = _read_list("dns", value, "ports", "53", _port, place)
    problems += [*of_addresses, *of_ports]
    if problems:
        return DnsSetting(), problems
    pods = Peer(namespace=value["namespace"], labels=value["labels"]) if "namespace" in value else None
    return DnsSetting(pods=pods, addresses=addresses, ports=ports), []


def read_pods(noun: str, value: Mapping[str, Any], platform: Collection[str], place: Place) -> Iterator[Problem]:
    """Problems of the namespace and the labels, which belong together; `noun` is the setting that they are part of."""
    for key, other in (("namespace", "labels"), ("labels", "namespace")):
        if key in value and other not in value:
            fix = f"add {other}: both together select the pods"
            yield Problem(str(place), f"{noun} has {key}, but no {other}", fix)
    if "namespace" in value:
        yield from _namespace(noun, value["namespace"], platform, str(place.at("namespace")))
    if "labels" in value:
        yield from _labels(noun, value["labels"], place.at("labels"))


def read_addresses(noun: str, value: Mapping[str, Any], place: Place) -> tuple[tuple[str, ...], list[Problem]]:
    """The CIDR blocks of the key `addresses` of that setting, and what is wrong with them."""
    return _read_list(noun, value, "addresses", "169.254.20.10 or fd00::10", _block, place)


def _namespace(noun: str, namespace: Any, platform: Collection[str], where: str) -> Iterator[Problem]:
    if not isinstance(namespace, str) or not NAMESPACE.fullmatch(namespace):
        fix = "write something like namespace: kube-system"
        yield Problem(where, f"{noun}: namespace is {namespace!r}, which is not a legal name", fix)
    elif namespace in platform:
        fix = "name the namespace in which its pods are"
        yield Problem(where, f"{noun}: namespace {namespace} is one of the platform, which lets no query in", fix)


def _labels(noun: str, labels: Any, place: Place) -> Iterator[Problem]:
    example = "write something like labels: {k8s-app: kube-dns}"
    if not isinstance(labels, dict) or not labels:
        yield Problem(str(place), f"{noun}: labels is {labels!r}, which selects no pods", example)
        return
    for key, value in labels.items():
        if not isinstance(key, str) or not LABEL_KEY.fullmatch(key):
            yield Problem(str(place.at(key)), f"{noun}: {key!r} is not a legal key of a label", example)
        if not isinstance(value, str) or not LABEL_VALUE.fullmatch(value):
            fix = "use at most 63 letters, digits, -, _ and ., in quotes where YAML reads a number or a truth value"
            yield Problem(str(place.at(key)), f"{noun}: label {key} has the value {value!r}, which is not legal", fix)


def _read_list(
    noun: str,
    value: Mapping[str, Any],
    key: str,
    example: str,
    read: Callable[[str, Any, str], Entry | Problem],
    place: Place,
) -> tuple[tuple[Entry, ...], list[Problem]]:
    """The entries of an optional list, none of them twice, and what is wrong with them."""
    entries, list_ = value.get(key, []), place.at(key)
    if not isinstance(entries, list) or (key in value and not entries):
        return (), [Problem(str(list_), f"{noun}: {key} is {entries!r}", f"list some, like {example}, or remove {key}")]
    accepted: list[Entry] = []
    problems: list[Problem] = []
    for number, entry in enumerate(entries):
        where = str(list_.at(number))
        one = read(noun, entry, where)
        if isinstance(one, Problem):
            problems.append(one)
        elif one in accepted:
            problems.append(Problem(where, f"{noun}: {key} has {entry} twice", "remove one"))
        else:
            accepted.append(one)
    return tuple(accepted), problems


def _port(noun: str, entry: Any, where: str) -> int | Problem:
    if isinstance(entry, bool) or not isinstance(entry, int) or not 0 < entry <= LAST_PORT:
        return Problem(where, f"{noun}: {entry!r} is not a port", f"use a number from 1 to {LAST_PORT}")
    return entry


def _block(noun: str, entry: Any, where: str) -> str | Problem:
    """An address, or a block of them, in canonical CIDR notation."""
    try:
        network = ipaddress.ip_network(entry) if isinstance(entry, str) and PREFIX.fullmatch(entry) else None
    except ValueError:
        network = None
    if network is None or "%" in entry:
        fix = "use IPv4 or IPv6 addresses, like 169.254.20.10 or fd00::10, or blocks without bits after their prefix"
        return Problem(where, f"{noun}: {entry!r} is not an address", fix)
    if network.version == 6 and network.network_address.ipv4_mapped:  # noqa: PLR2004 - of IP
        return Problem(where, f"{noun}: {entry!r} is an IPv4 address in IPv6 notation", "write the IPv4 address")
    if unusable := _unusable(network):
        return Problem(where, f"{noun}: {entry!r} {unusable}", "name the address of a server")
    return str(network)


def _unusable(block: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    """Why no server is asked there; empty where one may be."""
    if block.prefixlen == 0:
        return "is every address"
    if block.is_unspecified or block.is_multicast:
        return "is not the address of one server"
    if block.is_loopback:
        return "is the pod itself, to which no policy applies"
    return ""
