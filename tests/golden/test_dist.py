"""dist/ and argocd/ are the golden files: what the code gives, byte for byte, wherever and however it runs."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from catalogue.components import CATALOGUE
from chatdb.plan.sides import side, worked_on
from constructs_lib.dns import DnsSetting
from constructs_lib.gitops import fingerprint
from constructs_lib.gitops.synth import resolved, stage
from constructs_lib.problem import InvalidInput
from constructs_lib.settings import read_environments
from tests import platform_policies
from tests.checks.file_mutations import attach
from tests.repository import ROOT, copy_inputs, texts

SYNTH = """
import sys
from pathlib import Path
from catalogue.components import CATALOGUE
from constructs_lib.gitops.synth import resolved, stage
stage(Path(sys.argv[1]), *resolved(Path(sys.argv[1]), CATALOGUE), Path(sys.argv[2]))
"""


def staged(out: Path, **environment: str) -> dict[str, str]:
    """Everything that is generated, by a process with these environment variables, from another folder."""
    command = [sys.executable, "-c", SYNTH, str(ROOT), str(out)]
    subprocess.run(command, env=os.environ | environment, cwd=out.parent, check=True, timeout=120)
    return texts(out)


def test_committed_files_are_what_the_code_gives(tmp_path: Path) -> None:
    """Nothing in dist/, argocd/ and what is generated in the overlays is stale, missing or left over."""
    out = tmp_path / "out"
    staged(out)
    generated = [path.relative_to(ROOT).as_posix() for path in ROOT.glob("overlays/*/*/generated")]
    environments = read_environments(ROOT, CATALOGUE)
    assert len(generated) == sum(len(one.tiers) for one in environments)
    for name in ("dist", *(f"argocd/{one.environment}" for one in environments), *generated):
        assert texts(ROOT / name) == texts(out / name)


@pytest.mark.parametrize("environment", ["minikube", "production"])
def test_environment_needs_its_own_traits_only(monkeypatch: pytest.MonkeyPatch, environment: str) -> None:
    """A plan of it is made of no others, and has the same objects."""
    # What the last run has written is not taken.
    monkeypatch.setattr(fingerprint, "unchanged", lambda *_: False)
    with worked_on(ROOT, environment) as tree:
        assert side(ROOT, environment, tree) == side(ROOT, environment, ROOT)
        every, made = ({path.name for path in (one / "dist/traits").iterdir()} for one in (ROOT, tree))
    (settings,) = (one for one in read_environments(ROOT, CATALOGUE) if one.environment == environment)
    # One trait has objects that are no variation.
    assert made == every & {*settings.traits, "gateway-api"}


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
        {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns", "LC_ALL": "C.UTF-8", "PYTHONUTF8": "0"},
    ],
    ids=["seed-1", "seed-2"],
)
def test_same_code_same_bytes(tmp_path: Path, environment: dict[str, str]) -> None:
    """Hash seed, time zone and locale change nothing."""
    first = staged(tmp_path / "first")
    assert staged(tmp_path / "second", **environment) == first


def test_overlays_decide_when_the_integration_tests_run_again(tmp_path: Path) -> None:
    """A patch changes what is tested, and so the name of the Job, and the quota; nothing else."""
    platform, (settings,) = resolved(ROOT, CATALOGUE, "minikube")
    repository = copy_inputs(tmp_path)
    stage(repository, platform, (settings,), tmp_path / "before")
    patch = repository / "overlays/minikube/core/model-registry.yaml"
    patch.write_text(patch.read_text().replace("320Mi", "321Mi"))
    stage(repository, platform, (settings,), tmp_path / "after")
    before, after = texts(tmp_path / "before"), texts(tmp_path / "after")
    own = patch.relative_to(repository).as_posix()
    assert {name for name in before if before[name] != after[name]} - {own} == {
        "overlays/minikube/platform/generated/quotas.yaml",
        "overlays/minikube/testing/generated/tests.yaml",
    }


def test_dns_is_the_environments_alone(tmp_path: Path) -> None:
    """Where DNS is changes the policies of its environment, whose tests run again; no base and nothing else."""
    platform, (settings,) = resolved(ROOT, CATALOGUE, "minikube")
    repository = copy_inputs(tmp_path)
    dns = DnsSetting(addresses=("169.254.20.10/32", "fd00::10/128"))
    stage(repository, platform, (settings,), tmp_path / "before")
    stage(repository, platform, (replace(settings, dns=dns),), tmp_path / "after")
    before, after = texts(tmp_path / "before"), texts(tmp_path / "after")
    assert before.keys() == after.keys()
    assert {name for name in before if before[name] != after[name]} == {
        "overlays/minikube/platform/generated/dns.yaml",
        "overlays/minikube/testing/generated/tests.yaml",
    }
    written = list(yaml.safe_load_all(after["overlays/minikube/platform/generated/dns.yaml"]))
    assert [policy["metadata"]["namespace"] for policy in written] == list(platform.namespaces.names)
    for policy in written:
        (rule,) = policy["spec"]["egress"]
        assert rule["to"] == [{"ipBlock": {"cidr": block}} for block in dns.addresses]


def test_patch_of_a_dns_policy_builds(tmp_path: Path) -> None:
    """It is for `chatdb check` to say that the object is generated; a patch that finds nothing would say less."""
    platform, (settings,) = resolved(ROOT, CATALOGUE, "minikube")
    repository = copy_inputs(tmp_path)
    overlay = repository / "overlays/minikube/platform/kustomization.yaml"
    content = yaml.safe_load(overlay.read_text())
    metadata = f"{{name: {platform_policies.dns_name(platform, settings)}, namespace: chatdb-system}}"
    patch = f"{{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {metadata}, spec: {{egress: []}}}}"
    overlay.write_text(yaml.safe_dump(content | {"patches": [{"patch": patch}]}))
    stage(repository, platform, (settings,), tmp_path / "out")


def test_overlays_may_share_an_object_and_each_broken_one_is_named(tmp_path: Path) -> None:
    """Argo CD builds them one by one."""
    platform, (settings,) = resolved(ROOT, CATALOGUE, "minikube")
    repository = copy_inputs(tmp_path)
    overlays = [repository / "overlays/minikube" / tier for tier in ("core", "edge")]
    for overlay in overlays:
        (overlay / "more.yaml").write_text("{apiVersion: v1, kind: ConfigMap, metadata: {name: more}}")
        attach(overlay, "resources", "more.yaml")
    stage(repository, platform, (settings,), tmp_path / "out")
    for overlay in overlays:
        attach(overlay, "resources", "../../../dist/nothing")
    with pytest.raises(InvalidInput) as error:
        stage(repository, platform, (settings,), tmp_path / "broken")
    named = ["overlays/minikube/core", "overlays/minikube/edge"]
    assert [problem.where for problem in error.value.problems] == named


def test_scratch_files_change_nothing(tmp_path: Path) -> None:
    """What an editor or a file manager leaves beside the inputs is in no manifest, and is no reason for a run."""
    code = tmp_path / "code"
    for name in ("catalogue", "services/model-registry/migrations"):
        shutil.copytree(ROOT / name, code / name, ignore=shutil.ignore_patterns("__pycache__"))
    repository = copy_inputs(tmp_path / "repository")
    catalogue = replace(CATALOGUE, root=code)
    before = CATALOGUE.files("prometheus"), fingerprint.inputs(repository)
    for name in (".DS_Store", ".alerts.yml.swp", "alerts.yml~", "#alerts.yml#"):
        for folder in (code / "catalogue/files/prometheus", repository / "overlays/minikube/core"):
            (folder / name).write_bytes(b"\xff")
    (repository / "overlays/minikube/core/.#model-registry.yaml").symlink_to("nowhere")
    assert (catalogue.files("prometheus"), fingerprint.inputs(repository)) == before
    migrations = code / "services/model-registry/migrations"
    (migrations / ".#0001.sql").symlink_to("nowhere")
    schema = next(c.schema for c in CATALOGUE.components if c.name == "model-registry" and c.schema)
    assert [path.name for path in catalogue.migrations(schema)] == [path.name for path in CATALOGUE.migrations(schema)]
    staged = {name.partition("/")[2] for name in staged_overlays(repository, tmp_path / "out")}
    assert set(texts(ROOT / "overlays/minikube")) <= staged


def staged_overlays(repository: Path, out: Path) -> dict[str, bytes]:
    """What is generated for the repository, with the copy of its overlays."""
    stage(repository, *resolved(ROOT, CATALOGUE, "minikube"), out)
    paths = (path for path in (out / "overlays").rglob("*") if path.is_file())
    return {path.relative_to(out / "overlays").as_posix(): path.read_bytes() for path in paths}


def test_node_of_the_machine_does_not_matter(tmp_path: Path) -> None:
    """Started without the environment's PATH, it still finds the Node that was installed with it."""
    broken = tmp_path / "bin/node"
    broken.parent.mkdir()
    broken.write_text("#!/bin/sh\nexit 1\n")
    broken.chmod(0o755)
    command = [sys.executable, "-c", SYNTH, str(ROOT), str(tmp_path / "out")]
    path = f"{broken.parent}:/usr/bin:/bin"
    environment = {name: value for name, value in os.environ.items() if name != "JSII_NODE"} | {"PATH": path}
    subprocess.run(command, env=environment, check=True, timeout=120)
    assert texts(tmp_path / "out/dist") == texts(ROOT / "dist")
