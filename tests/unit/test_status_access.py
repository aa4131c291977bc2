"""The account that is shipped for `chatdb status` may read what that requests, and nothing that is secret."""

from typing import Any

import pytest
import yaml

from catalogue.namespaces import Namespace
from chatdb.deploy.cleanup import APPLICATIONS, PROJECTS
from chatdb.deploy.snapshot import CLUSTER_KINDS, KINDS, OPTIONAL
from tests.repository import ROOT


def shipped(environment: str) -> list[dict[str, Any]]:
    """All objects of the file."""
    return list(yaml.safe_load_all((ROOT / f"argocd/{environment}/status-access.yaml").read_text()))


def resources(role: dict[str, Any]) -> set[str]:
    """What a role is about, as kubectl names it."""
    return {
        f"{name}.{group}".rstrip(".")
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for name in rule["resources"]
    }


@pytest.mark.parametrize("environment", ["minikube", "production"])
def test_rights(environment: str) -> None:
    """In each namespace what is requested there, and no more; all of it can only be read."""
    roles = {one["metadata"].get("namespace"): one for one in shipped(environment) if one["kind"].endswith("Role")}
    assert roles.keys() == {*Namespace, "argocd", None}
    everywhere = {*KINDS.split(","), *OPTIONAL.values(), "events"}
    assert resources(roles[None]) == set(CLUSTER_KINDS.split(","))
    assert resources(roles["argocd"]) == everywhere | {APPLICATIONS, PROJECTS}
    for namespace in Namespace:
        assert resources(roles[namespace]) == everywhere
    assert not [one for role in roles.values() for one in resources(role) if one in ("secrets", "configmaps")]
    assert {verb for role in roles.values() for rule in role["rules"] for verb in rule["verbs"]} == {"get", "list"}


@pytest.mark.parametrize("environment", ["minikube", "production"])
def test_bindings(environment: str) -> None:
    """Each role is bound to the one account, in its namespace; what needs Argo CD comes last."""
    objects = shipped(environment)
    (account,) = [one["metadata"] for one in objects if one["kind"] == "ServiceAccount"]
    bindings = [one for one in objects if one["kind"].endswith("Binding")]
    assert len(bindings) == len([one for one in objects if one["kind"].endswith("Role")])
    for binding in bindings:
        (subject,) = binding["subjects"]
        assert (subject["namespace"], subject["name"]) == (account["namespace"], account["name"])
    assert [one["metadata"].get("namespace") == "argocd" for one in objects] == [False] * (len(objects) - 2) + [
        True
    ] * 2
