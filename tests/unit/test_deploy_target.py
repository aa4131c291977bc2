"""A kubeconfig is taken without a word only where it leads to a cluster on this machine."""

import pytest

from constructs_lib.deploy.target import current


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
