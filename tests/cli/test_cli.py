"""The command, run as a user runs it: output, exit codes, and no file changed where something is wrong."""

import json
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from chatdb.cli import main
from tests.cli.release_project import commit, git
from tests.command import invoke
from tests.repository import ROOT, copy_inputs, texts


def test_every_command_and_option_has_help() -> None:
    """Nobody has to read the source."""
    for name, command in main.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name} {parameter.name}"


@pytest.mark.usefixtures("own_git")
def test_version_names_the_commit(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a note where files differ from it; outside of a repository, or without git, the version alone."""
    number = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(repository.parent))
    assert invoke("--version") == f"chatdb {number}\n"
    git(repository, "init", "--quiet")
    contents = commit(repository, "contents")
    assert invoke("--version") == f"chatdb {number}, commit {contents[:12]}\n"
    (repository / "chatdb.yaml").write_text("")
    assert invoke("--version") == f"chatdb {number}, commit {contents[:12]}-dirty\n"
    monkeypatch.setenv("PATH", "")
    assert invoke("--version") == f"chatdb {number}\n"


def test_synth_twice_changes_nothing(repository: Path) -> None:
    """The second run says so, and leaves every byte."""
    before = texts(repository / "dist")
    assert invoke("synth") == "nothing has changed\n"
    assert texts(repository / "dist") == before


def test_synth_prunes_and_mends(repository: Path) -> None:
    """What was edited by hand, removed or left over is as the code gives it."""
    before = texts(repository / "dist")
    (repository / "dist/core/old.k8s.yaml").write_text("left over")
    (repository / "dist/edge/ingress.k8s.yaml").unlink()
    (repository / "dist/setup/kafka-topics.k8s.yaml").write_text("edited")
    output = invoke("synth", "--check", code=1)
    for name in ("core/old.k8s.yaml", "edge/ingress.k8s.yaml", "setup/kafka-topics.k8s.yaml"):
        assert f"dist/{name}: not what the code gives" in output
    assert "dist" in invoke("synth")
    assert texts(repository / "dist") == before
    # Without its note of the last run it generates again, from what is there now.
    shutil.rmtree(repository / ".cdk8s")
    invoke("synth", "--check")


@pytest.mark.parametrize("moved", ["dist", "argocd/minikube"])
def test_interrupted_swap_is_mended(repository: Path, moved: str) -> None:
    """A run that died between two renames has left the old tree aside; the next one starts from it."""
    before = texts(repository / moved)
    swap = repository / ".cdk8s/swap"
    swap.mkdir(parents=True, exist_ok=True)
    (repository / moved).rename(swap / moved.replace("/", "+"))
    settings = (repository / "chatdb.yaml").read_text()
    (repository / "chatdb.yaml").write_text("tiers: nonsense\n")
    invoke("synth", code=1)
    assert not (repository / moved).exists()
    (repository / "chatdb.yaml").write_text(settings)
    invoke("synth")
    assert texts(repository / moved) == before


def test_bad_settings_change_no_file(repository: Path) -> None:
    """Every problem at once, and dist/ as it was."""
    before = texts(repository / "dist")
    (repository / "chatdb.yaml").write_text("repository: nowhere\nfoo: 1\nenvironments: {minikube: {revision: main}}\n")
    output = invoke("synth", code=1)
    assert "'foo' is not a known setting" in output
    assert "repository is 'nowhere'" in output
    assert "Traceback" not in output
    assert texts(repository / "dist") == before


def test_init_then_synth(repository: Path) -> None:
    """Repository and revision are in every Application."""
    invoke("init", "--repository", "https://git.example/mine.git", "--revision", "trunk")
    invoke("synth")
    root = (repository / "argocd/minikube/root.yaml").read_text()
    assert "repoURL: https://git.example/mine.git" in root
    assert "targetRevision: trunk" in root
    assert "write something like repository:" in invoke("init", "--repository", "nowhere", code=1)


def test_check_finds_a_stale_overlay(repository: Path) -> None:
    """Findings have their rule and their fix, on the terminal and as JSON."""
    patch = repository / "overlays/minikube/processing/ml-engine.yaml"
    patch.write_text(patch.read_text().replace("350m", "950m"))
    assert "[capacity] environment minikube: CPU requests" in invoke("check", "--rule", "capacity", code=1)
    (finding,) = json.loads(invoke("check", "--rule", "capacity", "--json", code=1))["findings"]
    assert finding["rule"] == "capacity"
    assert finding["fix"]
    assert "no rule nope; there are:" in invoke("check", "--rule", "nope", code=2)


def test_missing_overlay_is_advice(repository: Path) -> None:
    """Kustomize's own words, and where."""
    (repository / "overlays/minikube/core/kustomization.yaml").unlink()
    output = invoke("check", code=1)
    assert output.startswith("overlays/minikube/core: ")
    assert "Traceback" not in output


def test_a_command_refuses_to_work_on_another_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who stands in one clone, with the environment of another, would release the wrong one."""
    inside = copy_inputs(tmp_path) / "overlays"
    (tmp_path / "chatdb").mkdir()
    monkeypatch.chdir(inside)
    assert f"{tmp_path} is another repository" in invoke("graph", code=2)
    monkeypatch.setitem(main.context_settings, "obj", tmp_path)
    invoke("graph")


def test_a_command_imports_what_it_needs() -> None:
    """The start is quick: tables, YAML and Node are left to the commands that use them."""
    script = (
        "import sys; from pathlib import Path; from chatdb.cli import main;"
        "main(['graph'], obj=Path('nowhere'), standalone_mode=False);"
        "print(*sorted({'rich', 'yaml', 'jsii', 'subprocess', 'tempfile'} & sys.modules.keys()), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stderr == "\n"


@pytest.mark.parametrize("format_", ["text", "mermaid", "json"])
def test_graph_shows_every_component(format_: str) -> None:
    """No picture leaves one out."""
    output = invoke("graph", "--format", format_)
    assert [c.name for c in CATALOGUE.components if c.name not in output] == []


def test_catalogue_needs_no_node() -> None:
    """Data and pictures are there where nothing but Python is."""
    script = (
        "import sys; sys.modules.update(dict.fromkeys(['jsii', 'cdk8s', 'cdk8s_plus_32', 'constructs']));"
        "from chatdb.cli import main; main(['graph'])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.startswith("wave 0  platform")


def test_images_names_what_is_built_here() -> None:
    """Sources only where the image is ours."""
    rows = {row["component"]: row for row in json.loads(invoke("images", "--json"))["images"]}
    assert rows["ml-engine"]["source"] == "services/ml-engine"
    assert rows["kafka"]["source"] is None


def test_capacity_adds_up() -> None:
    """What is left is what was there, less what is taken; and it is enough."""
    for line in json.loads(invoke("capacity", "-e", "minikube", "--json"))["lines"]:
        assert line["free"] == line["total"] - line["system"] - line["platform"] >= line["reserve"]
