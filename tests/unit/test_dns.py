"""The setting `dns`: what is read, what is refused, and what it says over the catalogue's servers."""

import ipaddress
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue.components import CATALOGUE
from constructs_lib.dns import KEYS, DnsSetting, read_dns
from constructs_lib.resolved import Dns, Peer
from constructs_lib.settings import FILE, read_settings
from constructs_lib.settings_file import write
from constructs_lib.yaml_files import Place

PODS: dict[str, Any] = {"namespace": "kube-system", "labels": {"k8s-app": "kube-dns"}}
USUAL = Dns(pods=Peer(**PODS), ports=(("UDP", 53), ("TCP", 53)))
OWN = ("chatdb-system",)
HERE = Place(FILE, None)
EXAMPLES = 150
ONCE: dict[str, Any] = {"derandomize": True, "deadline": None, "max_examples": EXAMPLES}


def read(value: Any) -> DnsSetting:
    """The setting of a legal value."""
    setting, problems = read_dns({"dns": value}, OWN, HERE)
    assert problems == []
    return setting


def test_defaults() -> None:
    """Without the setting the servers are the catalogue's."""
    setting, problems = read_dns({}, OWN, HERE)
    assert (setting.over(USUAL), problems) == (USUAL, [])


def test_custom() -> None:
    """Servers that are named replace the catalogue's; what is not named is as it is there."""
    address = "169.254.20.10/32"
    assert read({"addresses": ["169.254.20.10"]}).over(USUAL) == Dns(pods=None, addresses=(address,), ports=USUAL.ports)
    both = read({**PODS, "addresses": ["169.254.20.10"]}).over(USUAL)
    assert both == Dns(pods=USUAL.pods, addresses=(address,), ports=USUAL.ports)
    other: dict[str, Any] = {"namespace": "openshift-dns", "labels": {"dns": "default"}}
    assert read(other).over(USUAL).pods == Peer(**other)
    assert read(other).over(USUAL).addresses == ()
    ports = (("UDP", 5353), ("TCP", 5353), ("UDP", 53), ("TCP", 53))
    assert read({"ports": [5353, 53]}).over(USUAL) == Dns(pods=USUAL.pods, ports=ports)


@pytest.mark.parametrize("value", [None, True, "kube-dns", 53, [], {}, ["169.254.20.10"]], ids=repr)
def test_what_names_no_server(value: object) -> None:
    """It is one problem, with an example."""
    setting, (problem,) = read_dns({"dns": value}, OWN, HERE)
    assert setting == DnsSetting()
    assert "which names no server; write something like dns: {namespace:" in str(problem)


@settings(**ONCE)
@given(st.ip_addresses(), st.integers(1, 128), st.booleans())
def test_addresses(address: Any, prefix: int, upper: bool) -> None:
    """Every notation of an address or a block gives one CIDR; what is no server's is refused."""
    block = ipaddress.ip_network((address, min(prefix, address.max_prefixlen)), strict=False)
    for text, cidr in ((str(address), f"{address}/{address.max_prefixlen}"), (str(block), str(block))):
        setting, problems = read_dns({"dns": {"addresses": [text.upper() if upper else text]}}, OWN, HERE)
        network = ipaddress.ip_network(cidr)
        mapped = getattr(network.network_address, "ipv4_mapped", None) is not None
        refused = network.is_multicast or network.is_loopback or network.is_unspecified or mapped
        assert setting.addresses == (() if refused else (cidr,))
        assert bool(problems) is refused


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9) | st.dates(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=6,
)


@settings(**ONCE)
@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), VALUES, max_size=5))
def test_garbage_is_advice(value: dict[str, Any]) -> None:
    """Whatever YAML holds, there is a setting, or a line for each problem."""
    setting, problems = read_dns({"dns": value}, OWN, HERE)
    assert (setting == DnsSetting()) is bool(problems)
    for problem in problems:
        assert problem.where == FILE
        assert problem.fix
        assert len(str(problem).splitlines()) == 1


def test_init_keeps_the_dns(tmp_path: Path) -> None:
    """As every value that is not given."""
    (tmp_path / FILE).write_text(
        yaml.safe_dump({"environment": "minikube", "dns": {**PODS, "addresses": ["fd00::10"]}})
    )
    write(tmp_path, CATALOGUE, repository="https://git.example/a.git", revision="main", first="minikube")
    assert read_settings(tmp_path, CATALOGUE).dns.addresses == ("fd00::10/128",)
