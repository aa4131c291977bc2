"""A fix that is a command: it is run, and the finding goes."""

from pathlib import Path

import pytest
import yaml

from catalogue.components import CATALOGUE
from chatdb.repository import platform
from constructs_lib.checks.render import inputs
from constructs_lib.checks.rules import run
from constructs_lib.gitops.synth import synthesize
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_settings
from tests.repository import copy_repository

OVERLAY = Path("overlays/minikube")
SYNTH = "run `chatdb synth`"
SCALER = {
    "apiVersion": "autoscaling/v2",
    "kind": "HorizontalPodAutoscaler",
    "metadata": {"name": "scaler", "namespace": "chatdb-services"},
    "spec": {
        "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "ml-engine"},
        "minReplicas": 1,
        "maxReplicas": 1,
    },
}
BACKUP = {
    "apiVersion": "backup.example/v1",
    "kind": "Backup",
    "metadata": {"name": "nightly", "namespace": "chatdb-services"},
    "spec": {"keep": 7},
}
DEFINITION = {
    "apiVersion": "apiextensions.k8s.io/v1",
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "backups.backup.example"},
    "spec": {
        "group": "backup.example",
        "names": {"kind": "Backup"},
        "versions": [
            {
                "name": "v1",
                "schema": {
                    "openAPIV3Schema": {
                        "type": "object",
                        "properties": {
                            "spec": {"type": "object", "properties": {"keep": {"type": "integer", "minimum": 1}}}
                        },
                    }
                },
            }
        ],
    },
}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository of its own."""
    return copy_repository(tmp_path / "repository")


def all_findings(repository: Path) -> list[str]:
    """All findings of the repository."""
    return [
        f"[{one.rule}] {one.problem}"
        for one in run(inputs(repository, platform(repository), read_settings(repository, CATALOGUE)))
    ]


def allow(repository: Path, kind: str) -> None:
    """Let overlays hold objects of a kind."""
    environments = yaml.safe_load((repository / "chatdb.yaml").read_text())["environments"]
    environments["minikube"]["kinds"] = [kind]
    edit(repository / "chatdb.yaml", environments=environments)


def edit(path: Path, **values: object) -> None:
    """Add to lists, and set everything else."""
    content = yaml.safe_load(path.read_text()) if path.exists() else {}
    for key, value in values.items():
        content[key] = [*content.get(key, []), *value] if isinstance(value, list) else value
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(content, sort_keys=False))


def synth(repository: Path) -> None:
    """What the fix says."""
    synthesize(repository, CATALOGUE, repository / ".cdk8s/out")


def test_quotas_follow_the_overlay(repository: Path) -> None:
    """A limit above the quota: kafka-0 would be refused once it has been deleted."""
    patch = '- {op: replace, path: /spec/template/spec/containers/0/resources/limits/cpu, value: "3"}'
    target = {"kind": "StatefulSet", "name": "kafka"}
    edit(repository / OVERLAY / "foundation/kustomization.yaml", patches=[{"target": target, "patch": patch}])
    (finding,) = all_findings(repository)
    assert finding.startswith("[quotas] tier platform: ResourceQuota chatdb-system/quota: limits.cpu is ")
    assert SYNTH in finding
    synth(repository)
    assert all_findings(repository) == []


def test_kind_that_is_allowed(repository: Path) -> None:
    """The finding names file and setting; with the setting it says what remains to be done, and then it is gone."""
    overlay = repository / OVERLAY / "processing"
    edit(overlay / "scaler.yaml", **SCALER)
    remove = "- {op: remove, path: /spec/replicas}"
    patch = {"target": {"kind": "Deployment", "name": "ml-engine"}, "patch": remove}
    edit(overlay / "kustomization.yaml", resources=["scaler.yaml"], patches=[patch])
    (finding,) = all_findings(repository)
    assert (
        "overlays/minikube/processing/scaler.yaml: kind autoscaling/HorizontalPodAutoscaler is not allowed" in finding
    )
    assert "add autoscaling/HorizontalPodAutoscaler to `kinds` in chatdb.yaml" in finding
    allow(repository, "autoscaling/HorizontalPodAutoscaler")
    (finding,) = all_findings(repository)
    assert finding.endswith(SYNTH)
    synth(repository)
    assert all_findings(repository) == []


def test_kind_of_an_operator(repository: Path) -> None:
    """With its definition in schemas/ it is checked by it; a file that is no definition is named."""
    overlay = repository / OVERLAY / "processing"
    edit(overlay / "backup.yaml", **BACKUP)
    edit(overlay / "kustomization.yaml", resources=["backup.yaml"])
    (finding,) = all_findings(repository)
    assert finding.startswith("[schema] tier processing: Backup chatdb-services/nightly: ")
    assert "put the CustomResourceDefinition of the kind into schemas/" in finding
    edit(repository / "schemas/backup.yaml", **DEFINITION)
    allow(repository, "backup.example/Backup")
    synth(repository)
    assert all_findings(repository) == []
    edit(overlay / "backup.yaml", spec={"keep": 0})
    (finding,) = all_findings(repository)
    assert "/spec/keep: minimum: got 0, want 1" in finding
    (repository / "schemas/other.yaml").write_text("kind: ConfigMap\n")
    with pytest.raises(InvalidInput, match=r"schemas/other\.yaml: it is not a CustomResourceDefinition"):
        all_findings(repository)


def test_component_that_the_base_lacks(repository: Path) -> None:
    """What is missing in dist/ is generated anew."""
    (repository / "dist/testing/chaos.k8s.yaml").unlink()
    listed = repository / "dist/testing/kustomization.yaml"
    listed.write_text(listed.read_text().replace("- chaos.k8s.yaml\n", ""))
    findings = [finding for finding in all_findings(repository) if finding.startswith("[components]")]
    assert len(findings) == 1
    assert findings[0].endswith(SYNTH)
    synth(repository)
    assert all_findings(repository) == []
