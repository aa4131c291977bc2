"""Operators: their Application and project, and that both are what the upstream file needs."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalogue.components import CATALOGUE
from catalogue.operators import CERT_MANAGER, CLOUDNATIVE_PG
from catalogue.traits import TRAITS
from constructs_lib.gitops.argo_cd import operator_application, operators_project, write_argo_cd
from constructs_lib.kustomize import kustomize
from constructs_lib.model import Operator
from constructs_lib.settings import read_settings
from tests.repository import PLATFORM, ROOT

OPERATORS = [operator for trait in TRAITS for operator in trait.operators]
FROM_MODULES = [operator for operator in OPERATORS if operator is not CERT_MANAGER]
"""Whose manifests come with Go modules; cert-manager's are a chart, which is in none."""
MODULES = ROOT / ".tools/modules.json"
SETTINGS = read_settings(ROOT, CATALOGUE, "production")


def modules() -> Iterator[dict[str, str]]:
    """What `go mod download` says of each module whose definitions are taken."""
    text, decoder, end = MODULES.read_text(encoding="utf-8").strip(), json.JSONDecoder(), 0
    while end < len(text):
        module, end = decoder.raw_decode(text, end)
        yield module
        end += len(text[end:]) - len(text[end:].lstrip())


def upstream(operator: Operator) -> list[dict[str, Any]]:
    """The objects that its Application applies."""
    path = operator.repository.removeprefix("https://")
    (module,) = (one for one in modules() if one["Path"] == path)
    assert module["Version"] == operator.revision
    folder = Path(module["Dir"], operator.source["path"])
    if "directory" not in operator.source:
        return kustomize(Path(module["Dir"]), folder, ROOT)
    (file,) = folder.glob(operator.source["directory"]["include"])
    documents = yaml.load_all(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return [one for one in documents if one]


@pytest.mark.parametrize("operator", FROM_MODULES, ids=lambda operator: operator.node.name)
def test_declared_kinds_are_those_of_the_upstream_file(operator: Operator) -> None:
    """Exactly these: one more would be a right that nobody needs, one less a sync that fails."""
    objects = upstream(operator)
    kinds: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for one in objects:
        namespace = one["metadata"].get("namespace")
        assert namespace in (None, operator.node.namespace)
        kinds[namespace is not None].add((one["apiVersion"].rpartition("/")[0], one["kind"]))
    assert (set(operator.kinds), set(operator.cluster_kinds)) == (kinds[True], kinds[False])


@pytest.mark.parametrize("operator", FROM_MODULES, ids=lambda operator: operator.node.name)
def test_declared_pods_are_those_of_the_upstream_file(operator: Operator) -> None:
    """Policies let these in: the labels are on the pods, and on no other pods."""
    (workload,) = (one for one in upstream(operator) if one["kind"] == "Deployment")
    assert workload["metadata"]["namespace"] == operator.node.namespace
    labels = workload["spec"]["template"]["metadata"]["labels"]
    assert dict(operator.node.pod_labels).items() <= labels.items()


def test_project_allows_an_operator_and_nothing_else() -> None:
    """Its repository, its namespace, its kinds; the platform's project gets none of them."""
    operator = CLOUDNATIVE_PG
    project = operators_project(PLATFORM, SETTINGS, [operator])
    spec, application = project["spec"], operator_application(PLATFORM, SETTINGS, operator)["spec"]
    assert spec["sourceRepos"] == [operator.repository] == [application["source"]["repoURL"]]
    assert spec["destinations"] == [{"name": "production", "namespace": "cnpg-system"}] == [application["destination"]]
    for field, kinds in (
        ("clusterResourceWhitelist", operator.cluster_kinds),
        ("namespaceResourceWhitelist", operator.kinds),
    ):
        assert {(one["group"], one["kind"]) for one in spec[field]} == set(kinds)
    assert application["project"] == project["metadata"]["name"] == "chatdb-production-operators"


def test_application_deletes_nothing_and_comes_first() -> None:
    """With a definition Kubernetes deletes all objects of its kind: neither pruning nor a finalizer may do that."""
    operator = CLOUDNATIVE_PG
    application = operator_application(PLATFORM, SETTINGS, operator)
    assert application["metadata"]["annotations"]["argocd.argoproj.io/sync-wave"] == "-1"
    assert "finalizers" not in application["metadata"]
    assert application["spec"]["syncPolicy"]["automated"] == {"prune": False, "selfHeal": True}
    assert application["spec"]["syncPolicy"]["syncOptions"] == ["ServerSideApply=true"]
    assert application["spec"]["source"]["directory"] == {"include": "cnpg-1.30.1.yaml"}


@pytest.mark.parametrize("traits", [(), ("kafka-three-brokers",), ("postgres-cloudnative-pg",)])
def test_only_an_environment_that_needs_one_has_it(tmp_path: Path, traits: tuple[str, ...]) -> None:
    """Without a trait that needs an operator there is neither its Application nor a project of operators."""
    write_argo_cd(tmp_path, PLATFORM, replace(SETTINGS, traits=traits), [], "")
    needed = "postgres-cloudnative-pg" in traits
    assert (tmp_path / "apps/operator-cloudnative-pg.yaml").is_file() == needed
    projects = yaml.load_all((tmp_path / "projects.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    assert any(one["metadata"]["name"].endswith("-operators") for one in projects) == needed
