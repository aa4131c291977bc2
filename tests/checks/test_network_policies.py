"""The evaluator of NetworkPolicies: by hand, against an independent implementation, and as a set of all ends."""

import json
import os
import random
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from constructs_lib.checks.network_policies import End, Pod, Policy, one_address, open_ports, read_policy
from constructs_lib.checks.spans import common
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
    source, target, port = re.fullmatch(r"(\S+) > (\S+) (\S+)", line).groups()
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
