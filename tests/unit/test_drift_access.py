"""The accounts that are shipped for `chatdb drift` may do what that does, and nothing with Secrets."""

from collections import defaultdict
from typing import Any

import pytest
import yaml

from catalogue.namespaces import Namespace
from chatdb.plan.sides import accounts, in_argo_cd
from constructs_lib.gitops.drift_access import LISTED
from tests.repository import ROOT

READER, SENDER = "drift-access.yaml", "drift-apply-access.yaml"
FILES = [(environment, file) for environment in ("minikube", "production") for file in (READER, SENDER)]


def shipped(environment: str, file: str) -> list[dict[str, Any]]:
    """All objects of the file."""
    return list(yaml.safe_load_all((ROOT / f"argocd/{environment}/{file}").read_text()))


def allowed(role: dict[str, Any]) -> dict[str, set[str]]:
    """Resource of a role -> what may be done with it."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for rule in role["rules"]:
        for name in rule["resources"]:
            found[f"{name}.{rule['apiGroups'][0]}".rstrip(".")] |= set(rule["verbs"])
    return found


@pytest.mark.parametrize(("environment", "file"), FILES)
def test_rights(environment: str, file: str) -> None:
    """The same in each namespace: what is listed and declared is read; what a dry run sends may be patched, too."""
    roles = {
        one["metadata"].get("namespace"): one for one in shipped(environment, file) if one["kind"].endswith("Role")
    }
    assert roles.keys() == {*Namespace, None}
    (cluster,) = roles.pop(None)["rules"]
    patch = {"patch"} if file == SENDER else set()
    assert cluster["resourceNames"] == [*Namespace]
    assert (cluster["resources"], set(cluster["verbs"])) == (["namespaces"], {"get"} | patch)
    listed = {f"{name}.{group}".rstrip(".") for group, names in LISTED.items() for name in names}
    for role in roles.values():
        rights = allowed(role)
        assert listed | {"httproutes.gateway.networking.k8s.io"} <= rights.keys()
        assert "secrets" not in rights
        assert all({"get", "list"} <= verbs <= {"get", "list"} | patch for verbs in rights.values())
        patched = {name for name, verbs in rights.items() if "patch" in verbs}
        assert patched <= rights.keys() - {"pods", "roles.rbac.authorization.k8s.io"}
        assert ("deployments.apps" in patched) == (file == SENDER)


@pytest.mark.parametrize(("environment", "file"), FILES)
def test_bindings(environment: str, file: str) -> None:
    """Each role is bound to the one account of the file, in its namespace; none needs Argo CD."""
    objects = shipped(environment, file)
    (account,) = [one["metadata"] for one in objects if one["kind"] == "ServiceAccount"]
    assert account["name"].endswith(f"-{file.removesuffix('-access.yaml')}")
    roles = [one for one in objects if one["kind"].endswith("Role")]
    bindings = [one for one in objects if one["kind"].endswith("Binding")]
    places = [(one["metadata"]["name"], one["metadata"].get("namespace")) for one in roles]
    assert [(one["roleRef"]["name"], one["metadata"].get("namespace")) for one in bindings] == places
    for binding in bindings:
        assert binding["subjects"] == [
            {"kind": "ServiceAccount"} | {key: account[key] for key in ("name", "namespace")}
        ]


def test_merging_changes_no_account() -> None:
    """Argo CD applies none of them, so a plan does not list them; and `drift` knows that they are shipped."""
    assert {one["kind"] for one in in_argo_cd(ROOT, "minikube")} == {"AppProject", "Application", "ConfigMap"}
    names = {one["metadata"]["name"] for one in accounts(ROOT, "minikube") if one["kind"] == "ServiceAccount"}
    assert names == {"chatdb-status", "chatdb-drift", "chatdb-drift-apply"}
