"""The evaluator of NetworkPolicies: by hand, against an independent implementation, and as a set of all ends."""

import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from constructs_lib.checks.label_sets import POD, Box, Values, both, holds, labels_of, less
from constructs_lib.checks.network_policies import End, Pod, Policy, one_address, open_ports, read_policy
from constructs_lib.checks.spans import Span, common, union, without
from tests.checks import policy_sets
from tests.repository import NOT_RUN, ROOT

FILE = yaml.safe_load(Path(__file__).with_name("policy_cases.yaml").read_text(encoding="utf-8"))
NAMED = tuple((name, text.partition("/")[2], int(text.partition("/")[0])) for name, text in FILE["ports"].items())
CASES = [
    (group["policies"], line, verdict == "allowed")
    for group in FILE["groups"]
    for verdict in ("allowed", "denied")
    for line in group.get(verdict, [])
]
VERDICTS = shutil.which("netpol-verdicts", path=os.pathsep.join([str(ROOT / ".tools/bin"), os.environ["PATH"]]))
SETS = int(os.environ.get("CHATDB_POLICY_SETS", "50"))
"""How many random sets of policies are compared; `make long` asks for more."""
SEED = 18


def end(text: str) -> End:
    """A pod (namespace/label=value,...) or an address."""
    pod = re.fullmatch(r"(\w+)/(.*)", text)
    if pod is None:
        return one_address(text)
    labels = dict(pair.split("=") for pair in pod[2].split(","))
    return Pod(namespace=pod[1], labels=labels, namespace_labels=FILE["namespaces"][pod[1]], ports=NAMED)


def is_open(policies: list[Policy], source: End, target: End, port: int, protocol: str) -> bool:
    """Whether the source reaches that port of the target."""
    return bool(common(open_ports(policies, source, target), ((protocol, port, port),)))


def manifest(number: int, namespace: str, spec: Any) -> dict[str, Any]:
    """A whole object."""
    metadata = {"name": f"policy-{number}", "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("policies", "line", "allowed"), CASES, ids=[f"{n}-{line}" for n, (_, line, _) in enumerate(CASES)]
)
def test_by_hand(policies: list[Any], line: str, allowed: bool) -> None:
    """What the documentation says."""
    parts = re.fullmatch(r"(\S+) > (\S+) (\S+)", line)
    assert parts
    source, target, port = parts.groups()
    number, _, protocol = port.partition("/")
    read = [read_policy(manifest(n, one["namespace"], one["spec"])) for n, one in enumerate(policies)]
    assert is_open(read, end(source), end(target), int(number), protocol) is allowed


def test_enough_by_hand() -> None:
    """Cases of both verdicts, and of every field."""
    assert len(CASES) >= 40
    assert {allowed for _, _, allowed in CASES} == {True, False}


def ours(case: dict[str, Any]) -> list[bool]:
    """The verdicts of the evaluator on a random set."""
    read = [read_policy(policy) for policy in case["policies"]]
    spaces = {one["metadata"]["name"]: one["metadata"]["labels"] for one in case["namespaces"]}
    ends = [policy_sets.pod_end(pod, spaces) for pod in case["pods"]]
    verdicts = []
    for one in case["connections"]:
        source, target = (
            ends[one[side]["pod"]] if "pod" in one[side] else one_address(one[side]["address"])
            for side in ("from", "to")
        )
        verdicts.append(is_open(read, source, target, one["port"], one["protocol"]))
    return verdicts


def disagreements(cases: list[dict[str, Any]]) -> Iterator[str]:
    """Every connection on which the evaluator and kube-network-policies' matcher say something else."""
    assert VERDICTS
    text = "\n".join(json.dumps(case) for case in cases)
    done = subprocess.run([VERDICTS], input=text, capture_output=True, text=True, check=True, timeout=600)
    lines = done.stdout.splitlines()
    assert len(lines) == len(cases)
    for case, line in zip(cases, lines, strict=True):
        for one, mine, theirs in zip(case["connections"], ours(case), json.loads(line), strict=True):
            if mine is not theirs:
                yield f"{one}: {mine} here, {theirs} there, for {json.dumps(case['policies'])}"


def test_as_kube_network_policies_says() -> None:
    """An implementation by others gives the same verdicts on random sets of policies."""
    if VERDICTS is None:
        pytest.skip(f"{NOT_RUN}the matcher of kube-network-policies is not built: make setup-policies")
    cases = [policy_sets.random_case(random.Random(SEED + number)) for number in range(SETS)]
    assert {verdict for case in cases for verdict in ours(case)} == {True, False}
    assert list(disagreements(cases)) == []


FAMILIES = st.sampled_from(["TCP", "UDP"])
SPANS = st.lists(st.tuples(FAMILIES, st.integers(1, 12), st.integers(1, 12)).filter(lambda s: s[1] <= s[2]), max_size=4)


def members(spans: Iterable[Span]) -> set[tuple[str, int]]:
    """One by one."""
    return {(kind, number) for kind, first, last in spans for number in range(first, last + 1)}


@settings(derandomize=True, deadline=None)
@given(SPANS, SPANS)
def test_sets_of_ports_are_sets(one: list[Span], other: list[Span]) -> None:
    """Union, common and without are what they are of sets; the same set is always written the same way."""
    a, b = union(one), union(other)
    assert members(a) == members(one)
    assert members(common(a, b)) == members(a) & members(b)
    assert members(without(a, b)) == members(a) - members(b)
    for made in (a, common(a, b), without(a, b)):
        assert made == union((kind, n, n) for kind, n in members(made))


LABELS = st.dictionaries(st.sampled_from(["a", "b"]), st.sampled_from(["x", "y", "new"]))
BOXES = st.dictionaries(
    st.sampled_from(["a", "b"]),
    st.builds(Values, st.frozensets(st.sampled_from(["x", "y", None])), inverse=st.booleans()).filter(bool),
).map(lambda box: {(POD, key): values for key, values in box.items()})


@settings(derandomize=True, deadline=None)
@given(BOXES, BOXES, LABELS)
def test_sets_of_pods_are_sets(one: Box, other: Box, labels: dict[str, str]) -> None:
    """A pod is in what two boxes share, or in what the first has alone, exactly where its labels say so."""
    known = labels_of(POD, labels)
    inside = holds(one, known), holds(other, known)
    shared = both(one, other)
    assert (shared is not None and holds(shared, known)) is all(inside)
    assert [holds(rest, known) for rest in less(one, other)].count(True) == (inside == (True, False))


ANY = st.none() | st.text(max_size=5)
SELECTORS = st.fixed_dictionaries(
    {},
    optional={
        "matchLabels": st.none() | st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
        "matchExpressions": st.none()
        | st.lists(
            st.fixed_dictionaries(
                {
                    "key": st.text(max_size=3),
                    "operator": st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist", "?"]),
                },
                optional={"values": st.none() | st.lists(st.text(max_size=3), max_size=2)},
            ),
            max_size=2,
        ),
    },
)
BLOCKS = st.fixed_dictionaries(
    {"cidr": st.sampled_from(["10.0.0.0/8", "::/0", "10.0.0.1/8"]) | st.text(max_size=5)},
    optional={"except": st.none() | st.lists(st.sampled_from(["10.1.0.0/16", "::1/128"]) | st.text(max_size=5))},
)
PEERS = st.fixed_dictionaries(
    {}, optional={"ipBlock": BLOCKS, "podSelector": SELECTORS, "namespaceSelector": st.none() | SELECTORS}
)
PORTS = st.fixed_dictionaries(
    {},
    optional={
        "protocol": st.none() | st.sampled_from(["TCP", "UDP", "SCTP", "ICMP"]),
        "port": st.none()
        | st.integers(-(2**31), 2**31 - 1)
        | st.integers(1, 65535)
        | st.sampled_from(["http", "80", ""]),
        "endPort": st.none() | st.integers(-(2**31), 2**31 - 1) | st.integers(1, 65535),
    },
)


def rules(peers: str) -> st.SearchStrategy[Any]:
    """Of one direction."""
    lists = {"ports": st.none() | st.lists(PORTS, max_size=2), peers: st.none() | st.lists(PEERS, max_size=2)}
    return st.none() | st.lists(st.fixed_dictionaries({}, optional=lists), max_size=2)


SPECS = st.none() | st.fixed_dictionaries(
    {},
    optional={
        "podSelector": SELECTORS,
        "policyTypes": st.none() | st.lists(st.sampled_from(["Ingress", "Egress"]) | st.text(max_size=3), max_size=2),
        "ingress": rules("from"),
        "egress": rules("to"),
    },
)


@settings(max_examples=300, derandomize=True, deadline=None)
@given(SPECS)
def test_every_policy_of_the_schema_is_answered(spec: Any) -> None:
    """It is read and evaluated, or refused in words; nothing else happens."""
    web, out = end("a/app=web"), one_address("192.0.2.1")
    try:
        policy = read_policy(manifest(0, "a", spec))
    except ValueError:
        return
    for source, target in ((web, end("b/app=db")), (end("b/app=db"), web), (web, out), (out, web)):
        open_ports([policy], source, target)
