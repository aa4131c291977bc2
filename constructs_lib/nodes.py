"""The nodes of an environment: the setting `machine`, an entry of the catalogue, or the setting `nodes`."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from constructs_lib.machine import Machine, Nodes
from constructs_lib.model import Catalogue
from constructs_lib.problem import Problem
from constructs_lib.quantity import in_bytes, millicores
from constructs_lib.yaml_files import Place

Read = Callable[[str | float], int]
AMOUNTS: Mapping[str, tuple[Read, str, str]] = {
    "cpu": (millicores, "1", "4096"),
    "memory": (in_bytes, "1Gi", "64Ti"),
    "disk": (in_bytes, "10G", "1P"),
}
"""Key -> how it is read, and the least and the most: beyond them a unit is forgotten, or a wrong one."""
MOST_NODES = 5000
"""Kubernetes is designed for no more: kubernetes.io/docs/setup/best-practices/cluster-large."""
KEYS = ("count", *AMOUNTS)
EXAMPLE = "write something like nodes: {count: 3, cpu: 8, memory: 32Gi, disk: 200G}"


def read_nodes(raw: Mapping[str, Any], catalogue: Catalogue, environment: Place) -> tuple[Nodes | None, list[Problem]]:
    """The nodes that the settings of an environment describe, None where they say nothing; and what is wrong."""
    problems = [*_of_machine(raw, catalogue, environment), *_of_nodes(raw, environment.at("nodes"))]
    if "machine" in raw and "nodes" in raw:
        fix = "remove one of them: `machine` is one node that the catalogue describes"
        problems.append(Problem(str(environment.at("nodes")), "the environment has machine and nodes", fix))
    if problems:
        return None, problems
    if "machine" in raw:
        return Nodes(1, catalogue.machines[raw["machine"]]), []
    if "nodes" not in raw:
        return None, []
    taken, value = catalogue.node_overhead, raw["nodes"]
    size = {key: read(value[key]) for key, (read, _, _) in AMOUNTS.items()}
    machine = Machine(**size, disk_used=taken.disk_used, system=taken.system, reserve=taken.reserve)
    return Nodes(value["count"], machine), []


def _of_machine(raw: Mapping[str, Any], catalogue: Catalogue, environment: Place) -> Iterator[Problem]:
    machine, machines = raw.get("machine"), sorted(catalogue.machines)
    if "machine" in raw and machine not in machines:
        fix = f"use one of: {', '.join(machines)}" if machines else "remove it, or describe the machine"
        where = str(environment.at("machine"))
        yield Problem(where, f"unknown machine {machine!r}", f"{fix}; see catalogue/machines.py")


def _of_nodes(raw: Mapping[str, Any], place: Place) -> Iterator[Problem]:
    if "nodes" not in raw:
        return
    value = raw["nodes"]
    if not isinstance(value, dict):
        yield Problem(str(place), f"nodes is {value!r}", EXAMPLE)
        return
    for key in value:
        if key not in KEYS:
            yield Problem(str(place.at(key)), f"{key!r} is not a known setting of nodes", f"use {', '.join(KEYS)}")
    for key in KEYS:
        if key not in value:
            yield Problem(str(place), f"nodes: {key} is missing", EXAMPLE)
    count = value.get("count", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_NODES:
        yield Problem(str(place.at("count")), f"nodes: count is {count!r}", f"use a number from 1 to {MOST_NODES}")
    for key in (key for key in AMOUNTS if key in value):
        yield from _of_amount(key, value[key], place.at(key))


def _of_amount(key: str, value: Any, place: Place) -> Iterator[Problem]:
    """What is wrong with a quantity. A number with a fraction is refused: few of them are what they look like."""
    read, least, most = AMOUNTS[key]
    try:
        legal = isinstance(value, int | str) and read(least) <= read(value) <= read(most)
    except ValueError:
        legal = False
    if not legal:
        fix = f"use a quantity of one node, as a whole number or a text, from {least} to {most}"
        yield Problem(str(place), f"nodes: {key} is {value!r}", fix)
