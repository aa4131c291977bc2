"""A kubeconfig is taken without a word only where it leads to a cluster on this machine."""

import sys
from pathlib import Path

import pytest

from chatdb.deploy.target import connect, current
from constructs_lib.problem import InvalidInput
from tests.cli.recorded import Recorded


def config(context: str, server: str) -> dict[str, object]:
    """A kubeconfig with one other context before the current one."""
    other = {"name": "other", "context": {"cluster": "other", "user": "me"}}
    return {
        "current-context": context,
        "contexts": [other, {"name": context, "context": {"cluster": "mine", "user": "me"}}],
        "clusters": [
            {"name": "other", "cluster": {"server": "https://127.0.0.1:1"}},
            {"name": "mine", "cluster": {"server": server}},
        ],
    }


@pytest.mark.parametrize(
    ("context", "server"),
    [
        ("any", "https://127.0.0.1:6443"),
        ("any", "https://127.8.9.1:6443"),
        ("any", "https://[::1]:6443"),
        ("any", "https://localhost:6443"),
        ("minikube", "https://192.0.2.2:8443"),
    ],
)
def test_this_machine(context: str, server: str) -> None:
    """Loopback by address or name, and minikube's own context."""
    assert current(config(context, server)).elsewhere is None


@pytest.mark.parametrize("server", ["https://192.0.2.2:6443", "https://localhost.example:6443", "https://k8s.example"])
def test_elsewhere(server: str) -> None:
    """Every other server is refused, by the name of its context."""
    assert current(config("production", server)).elsewhere == "context production is neither minikube nor on loopback"


def test_nobody_has_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has no cluster yet is told so, and not what kubectl calls it; other words of kubectl's stay."""
    programs = Recorded(tmp_path, sys.executable)
    monkeypatch.setenv("PATH", programs.path)
    for words, said in (
        ("current-context must exist in order to minify", "kubeconfig: no current cluster is named; start a cluster"),
        ("cannot locate context mine", "kubeconfig: cannot locate context mine; start a cluster"),
    ):
        programs.add("kubectl", prints=words, code=1)
        with pytest.raises(InvalidInput) as refused:
            connect(None)
        assert str(refused.value).startswith(said)
