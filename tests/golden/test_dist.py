"""dist/ and argocd/ are the golden files: what the code gives, byte for byte, wherever and however it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from repository import ROOT, copy_inputs, texts

SYNTH = """
import sys
from pathlib import Path
from constructs_lib.catalogue.components import CATALOGUE
from constructs_lib.gitops.synth import stage
stage(Path(sys.argv[1]), CATALOGUE, Path(sys.argv[2]))
"""


def staged(out: Path, **environment: str) -> dict[str, str]:
    """Everything that is generated, by a process with these environment variables, from another folder."""
    command = [sys.executable, "-c", SYNTH, str(ROOT), str(out)]
    subprocess.run(command, env=os.environ | environment, cwd=out.parent, check=True, timeout=120)
    return texts(out)


def test_committed_files_are_what_the_code_gives(tmp_path: Path) -> None:
    """Nothing in dist/, in argocd/minikube and in the list of tiers is stale, missing or left over."""
    made = staged(tmp_path / "out")
    for name in ("dist", "argocd/minikube"):
        assert texts(ROOT / name) == {
            path.removeprefix(f"{name}/"): text for path, text in made.items() if path.startswith(f"{name}/")
        }
    list_ = "overlays/minikube/kustomization.yaml"
    assert (ROOT / list_).read_text(encoding="utf-8") == made[list_]


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
    """A patch changes the platform that is tested, and so the name of the Job; nothing else in dist/."""
    from constructs_lib.catalogue.components import CATALOGUE
    from constructs_lib.gitops.synth import stage

    repository = copy_inputs(tmp_path)
    stage(repository, CATALOGUE, tmp_path / "before")
    patch = repository / "overlays/minikube/core/model-registry.yaml"
    patch.write_text(patch.read_text().replace("320Mi", "321Mi"))
    stage(repository, CATALOGUE, tmp_path / "after")
    before, after = texts(tmp_path / "before"), texts(tmp_path / "after")
    assert {name for name in before if before[name] != after[name]} == {"dist/testing/integration-tests.k8s.yaml"}


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
