"""`chatdb plan`: what is compared, what it prints, its exit codes, and the risks that somebody accepts."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from chatdb.plan import views
from chatdb.plan.accepted import FILE
from tests.cli.release_project import URL, commit, git, push, state
from tests.command import invoke
from tests.repository import texts

CLAIM = "overlays/minikube/foundation/minio-pvc.yaml"
SHRUNK = "PersistentVolumeClaim chatdb-system/minio-pvc"


def edit(project: Path, name: str, old: str, new: str) -> None:
    """Replace a text in a file, which has it."""
    path = project / name
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def shrink(project: Path) -> None:
    """A volume that becomes smaller, which the API server refuses."""
    edit(project, CLAIM, "5Gi", "4Gi")


def plan(*arguments: str, code: int = 0) -> dict[str, object]:
    """The plan of the only environment, as JSON."""
    (one,) = json.loads(invoke("plan", "--json", *arguments, code=code))["environments"]
    assert isinstance(one, dict)
    return one


def named(project: Path) -> list[tuple[object, object]]:
    """(action, object) of each change."""
    assert project.is_dir()
    changes = plan()["changes"]
    assert isinstance(changes, list)
    return [(change["action"], f"{change['kind']} {change['name']}") for change in changes]


def test_nothing_changes(project: Path) -> None:
    """Neither does the command: no file, no index, no ref."""
    before = state(project), texts(project / "overlays")
    assert "minikube: nothing changes" in invoke("plan", "--detailed-exitcode")
    assert (state(project), texts(project / "overlays")) == before


def test_blocking_risk_then_accepted(project: Path) -> None:
    """It is exit code 4 until somebody accepts it for this very change; another change is another risk."""
    shrink(project)
    before = state(project)
    output = invoke("plan", "--detailed-exitcode", code=4)
    assert state(project) == before
    assert f"  ~ {SHRUNK}\n      spec.resources.requests.storage: 5Gi -> 4Gi\n" in output
    (line,) = (line for line in output.splitlines() if "BLOCKS" in line)
    _, id_, effect, *_ = line.split()
    assert effect == "(refused):"
    assert invoke("plan").endswith(output.partition("\n")[2])
    assert f"accepted {id_}" in invoke("plan", "--accept", id_, "--reason", "it is empty")
    assert yaml.safe_load((project / FILE).read_text()) == {"minikube": {id_: "it is empty"}}
    output = invoke("plan", "--detailed-exitcode", code=3)
    assert f"accepted {id_} (refused): {SHRUNK}" in output
    assert "reason: it is empty" in output
    edit(project, CLAIM, "4Gi", "3Gi")
    other = next(line for line in invoke("plan", "--detailed-exitcode", code=4).splitlines() if "BLOCKS" in line)
    assert id_ not in other
    invoke("plan", "--accept", other.split()[1], "--reason", "it is empty, too")
    assert [*yaml.safe_load((project / FILE).read_text())["minikube"]] == [other.split()[1]]


def test_accept_what_is_not_there(project: Path) -> None:
    """An unknown id, and one of an advice that blocks nothing, name those that can be accepted."""
    shrink(project)
    assert "has the id 'claim-field-00000000'; use one of: claim-field-" in invoke(
        "plan", "--accept", "claim-field-00000000", "--reason", "why", code=1
    )
    assert not (project / FILE).exists()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("minikube: [a]\n", f"{FILE}:1: is not an environment"),
        ("minikube:\n  claim-field-1: ''\n", f"{FILE}:2: claim-field-1 has no reason"),
        ("minikube: {a: b}\nminikube: {}\n", f"{FILE}:2: duplicate key"),
        ("<<<<<<< mine\n", f"{FILE}:1: conflict marker"),
    ],
)
def test_file_of_accepted_risks_is_wrong(project: Path, text: str, words: str) -> None:
    """It says so with the line; a risk is not taken for accepted."""
    (project / FILE).write_text(text)
    output = invoke("plan", "--detailed-exitcode", code=1)
    assert words in output
    assert "Traceback" not in output


def test_base_is_where_head_left_the_branch(project: Path) -> None:
    """Not the tip of the branch: what others have merged since is not a change of this one."""
    git(project, "branch", "theirs")
    git(project, "switch", "--quiet", "--create", "mine")
    edit(project, "overlays/minikube/processing/ml-engine.yaml", "350m", "360m")
    invoke("synth")
    commit(project, "mine")
    git(project, "switch", "--quiet", "theirs")
    shrink(project)
    git(project, "branch", "--force", "main", commit(project, "of others"))
    git(project, "switch", "--quiet", "mine")
    changes = named(project)
    assert ("change", "Deployment ml-engine") in changes
    assert ("change", "PersistentVolumeClaim minio-pvc") not in changes
    push(project)
    git(project, "fetch", "--quiet", URL, "main:refs/remotes/origin/main")
    assert "minikube: nothing changes" in invoke("plan")


def test_environment_that_the_base_does_not_have(project: Path) -> None:
    """Everything is created."""
    invoke("new-environment", "staging")
    invoke("synth")
    commit(project, "staging")
    (_, staging) = json.loads(invoke("plan", "--json", "--base", "HEAD~1"))["environments"]
    assert {change["action"] for change in staging["changes"]} == {"create"}
    assert len(staging["changes"]) > 150


def test_environment_that_is_removed(project: Path) -> None:
    """Nothing of it is deleted: it is said what becomes of it, and what deletes it; with `-e`, no other is."""
    invoke("new-environment", "staging")
    invoke("synth")
    commit(project, "staging")
    invoke("remove-environment", "staging", "--yes")
    line = "staging: removed; nothing in its cluster is deleted"
    output = invoke("plan", "--base", "HEAD", "--detailed-exitcode", code=3)
    assert "minikube: nothing changes" in output
    assert line in output
    assert "`chatdb cleanup -e staging` before the merge" in output
    assert f"### {line}" in invoke("plan", "--base", "HEAD", "--markdown")
    assert json.loads(invoke("plan", "--base", "HEAD", "--json"))["removed"] == ["staging"]
    assert line not in invoke("plan", "--base", "HEAD", "--detailed-exitcode", "-e", "minikube")


def test_code_of_the_base_does_not_run(project: Path) -> None:
    """Its manifests alone count."""
    poison = project / "constructs_lib"
    poison.mkdir()
    (poison / "__init__.py").write_text("raise SystemExit('the code of the base has run')")
    commit(project, "poison")
    shutil.rmtree(poison)
    assert "minikube: nothing changes" in invoke("plan", "--base", "HEAD")


def broken_base(project: Path) -> tuple[str, ...]:
    """An overlay that does not build in the base."""
    edit(project, CLAIM, "minio-pvc", "unknown")
    commit(project, "broken")
    edit(project, CLAIM, "unknown", "minio-pvc")
    return ("--base", "HEAD")


def broken_head(project: Path) -> tuple[str, ...]:
    """An overlay that does not build in the working tree."""
    edit(project, CLAIM, "minio-pvc", "unknown")
    return ()


def no_such_commit(_: Path) -> tuple[str, ...]:
    """A name that git does not know."""
    return ("--base", "nowhere")


def option_for_a_base(_: Path) -> tuple[str, ...]:
    """A name that git would read as an option."""
    return ("--base", "--all")


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (broken_base, "overlays/minikube/foundation"),
        (broken_head, "overlays/minikube/foundation"),
        (no_such_commit, "name a commit, a branch or a tag"),
        (option_for_a_base, "name a commit, a branch or a tag"),
    ],
)
def test_side_that_is_not_there(project: Path, prepare: Callable[[Path], tuple[str, ...]], words: str) -> None:
    """It is named with the fix; nothing is printed as a plan."""
    arguments = prepare(project)
    output = invoke("plan", *arguments, code=1)
    assert words in output
    assert "nothing changes" not in output
    assert "Traceback" not in output


def test_markdown(project: Path) -> None:
    """Risks as a table, objects folded; what is too long for a comment ends with what to run."""
    shrink(project)
    output = invoke("plan", "--markdown")
    assert "### Plan of `minikube`: " in output
    assert "| **blocks** `claim-field-" in output
    assert f"! {SHRUNK}\n    spec.resources.requests.storage: 5Gi -> 4Gi\n" in output
    assert output.count("<details>") == output.count("</details>") > 0
    assert len(output) < views.LARGEST
    assert "exclude each other" in invoke("plan", "--markdown", "--json", code=2)


def test_markdown_is_short_enough_for_a_comment(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole parts are left out; a text with a fence of its own does not end that of the diff."""
    fenced = project / "overlays/minikube/core/notes.yaml"
    metadata = {"name": "notes", "namespace": "chatdb-services", "labels": {"app.kubernetes.io/part-of": "chatdb"}}
    data = {"notes.md": "````\n" + "long\n" * 100}
    fenced.write_text(yaml.safe_dump({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}))
    edit(project, "overlays/minikube/core/kustomization.yaml", "resources:", "resources:\n  - notes.yaml")
    invoke("synth")
    commit(project, "notes")
    edit(project, "overlays/minikube/core/notes.yaml", "long", "short")
    output = invoke("plan", "--markdown", "--base", "HEAD")
    assert output.count("`````") == 2
    monkeypatch.setattr(views, "LARGEST", len(output) - 10)
    output = invoke("plan", "--markdown", "--base", "HEAD")
    assert len(output) <= views.LARGEST + 100
    assert "more parts are too long for a comment: run `chatdb plan`" in output
    assert output.count("<details>") == output.count("</details>") > 0
