"""`chatdb report` writes one file whose numbers are those of the other commands, or says in a line why it cannot."""

import json
import os
import re
import shlex
import subprocess
import sys
import webbrowser
from pathlib import Path
from typing import Any

import pytest

from chatdb.cli import main
from tests.cli.release_project import commit, git
from tests.command import invoke
from tests.repository import ROOT, copy_repository
from tests.sandbox import advice, sandboxed

ENVIRONMENTS = ("minikube", "production")
MOST_BYTES = 1_000_000
REPORT = f"{shlex.quote(sys.executable)} -m chatdb report -e minikube -o"


def embedded(page: str) -> dict[str, Any]:
    """The data of the page."""
    (data,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page, re.DOTALL)
    return dict(json.loads(data))


def printed(*arguments: str) -> dict[str, Any]:
    """What the command prints for programs."""
    values: dict[str, Any] = json.loads(invoke(*arguments, "--json"))
    return values


@pytest.fixture(scope="module", params=ENVIRONMENTS)
def written(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """The name of an environment, and its report."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    said = invoke("report", "-e", request.param, "-o", str(path))
    assert said == f"wrote {path}: {path.stat().st_size / 1000:.0f} kB\n"
    return request.param, path.read_text(encoding="utf-8")


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the repository that the command works on; reports are written beside it."""
    folder = tmp_path / "repository"
    folder.mkdir()
    monkeypatch.setitem(main.context_settings, "obj", copy_repository(folder))
    return folder


@pytest.mark.parametrize("command", ["graph", "capacity", "check", "images"])
def test_numbers_are_those_of_the_command(written: tuple[str, str], command: str) -> None:
    """The embedded data is what the command prints."""
    environment, page = written
    assert embedded(page)[command] == printed(command, "-e", environment)


def test_explanations_are_those_of_the_command(written: tuple[str, str]) -> None:
    """Of every component of the environment, and of no other."""
    environment, page = written
    explained = {one["name"]: one for one in embedded(page)["explain"]}
    assert explained.keys() == {one["name"] for one in printed("graph", "-e", environment)["components"]}
    assert [name for name in explained if explained[name] != printed("explain", name, "-e", environment)] == []


def test_data_without_a_page(written: tuple[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`--json` prints what the page carries, but for the time, and the plan; it writes no file."""
    environment, page = written
    monkeypatch.chdir(tmp_path)
    data = printed("report", "-e", environment, "--base", "HEAD")
    assert data.pop("plan") == printed("plan", "-e", environment, "--base", "HEAD")
    assert data | {"made": ""} == embedded(page) | {"made": "", "schema": "chatdb/report/v1"}
    assert [*tmp_path.iterdir()] == []
    words = "leave out --output and --open"
    assert words in invoke("report", "-e", environment, "--json", "-o", "a.html", code=2)
    assert words in invoke("report", "-e", environment, "--json", "--open", code=2)


def test_the_page_is_small_and_loads_nothing(written: tuple[str, str]) -> None:
    """No address but those that it names as text, and none of the elements that load something."""
    _, page = written
    assert len(page.encode()) < MOST_BYTES
    assert re.findall(r"<(?:link|img|iframe|script src|object|embed|base)\b", page) == []
    assert re.findall(r"""(?:src|href|action)=["'](?!#)""", page) == []
    assert "@import" not in page
    assert "url(" not in page


def test_default_name_and_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the current folder; the browser gets a file's address."""
    opened: list[str] = []

    def show(url: str) -> bool:
        opened.append(url)
        return True

    monkeypatch.setattr(webbrowser, "open", show)
    monkeypatch.chdir(tmp_path)
    assert invoke("report", "-e", "minikube", "--open").startswith("wrote report-minikube.html: ")
    assert opened == [(tmp_path / "report-minikube.html").as_uri()]
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    assert f"no browser could be started; open file://{tmp_path}" in invoke("report", "-e", "minikube", "--open")
    assert [path.name for path in tmp_path.iterdir()] == ["report-minikube.html"]


def test_findings_are_in_it_and_change_no_exit_code(whole: Path, tmp_path: Path) -> None:
    """A report of an environment with a finding is a report."""
    patch = whole / "overlays/minikube/processing/ml-engine.yaml"
    patch.write_text(patch.read_text().replace("350m", "950m"))
    invoke("report", "-o", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    findings = embedded(page)["check"]["findings"]
    assert "capacity" in {finding["rule"] for finding in findings}
    assert [finding for finding in findings if f"<td>{finding['what']}</td>" not in page] == []
    assert f'<dd><b class="bad">{len(findings)}</b>of 30 rules</dd>' in page


def test_without_git_nothing_is_known_of_the_commit(whole: Path, tmp_path: Path) -> None:
    """The copy has no history: neither a commit, nor ages of what is built from it."""
    invoke("report", "-o", str(tmp_path / "report.html"))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "no commit is known" in page
    ages = {one["made"] for one in embedded(page)["images"]["images"] if one["source"]}
    assert ages == {None}


def test_wrong_settings_write_nothing(whole: Path, tmp_path: Path) -> None:
    """Problems of the input come as they do from other commands."""
    (whole / "chatdb.yaml").write_text("repository: 1\n")
    assert "write something like repository: https" in invoke("report", "-o", str(tmp_path / "r.html"), code=1)
    assert not (tmp_path / "r.html").exists()


def test_overlay_that_does_not_build(whole: Path, tmp_path: Path) -> None:
    """Kustomize's words, and no file."""
    (whole / "overlays/minikube/core/kustomization.yaml").write_text("resources: [gone.yaml]\n")
    assert "gone.yaml" in invoke("report", "-o", str(tmp_path / "r.html"), code=1)
    assert not (tmp_path / "r.html").exists()


def test_missing_folder(tmp_path: Path) -> None:
    """It is not made: a wrong name would be noticed late."""
    path = tmp_path / "no/such/report.html"
    advice = f"{path}: there is no folder {path.parent}; make it (mkdir -p {path.parent}), or choose another by -o\n"
    assert invoke("report", "-e", "minikube", "-o", str(path), code=1) == advice
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("path", ["/dev/null", "/proc", "."])
def test_what_is_no_file_is_never_replaced(path: str) -> None:
    """A device or a folder under that name stays."""
    said = invoke("report", "-e", "minikube", "-o", path, code=1)
    assert said == f"{path}: is not a regular file; name another by -o, like report.html\n"
    assert os.path.lexists(path)


def refused(script: str, folder: Path) -> str:
    """What the command prints where the script leads; one line, and nothing is left but the old report."""
    done = sandboxed(f'export PYTHONPATH="$2"; cd "$2"; {script}', str(folder), str(ROOT))
    said = advice(done)
    assert said.count("\n") == 1
    assert done.stdout == "old\nreport.html\n"
    return said


AFTER = '&& code=0 || code=$?; cat "$1/report.html"; ls -A "$1"; exit $code'


def test_full_disk(tmp_path: Path) -> None:
    """The report that was there is still there, whole."""
    full = 'mount -t tmpfs -o size=64k none "$1"; echo old > "$1/report.html"'
    said = refused(f'{full}; {REPORT} "$1/report.html" {AFTER}', tmp_path)
    assert "report.html: cannot be written: No space left on device; make room" in said


def test_read_only_folder(tmp_path: Path) -> None:
    """Said before the work."""
    read_only = 'echo old > "$1/report.html"; mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"'
    said = refused(f'{read_only}; {REPORT} "$1/report.html" {AFTER}', tmp_path)
    assert said.endswith(f"nothing can be written in {tmp_path}; choose another folder by -o\n")


def test_several_environments_are_a_choice() -> None:
    """One report is about one environment."""
    assert "choose one of them with -e: minikube, production" in invoke("report", code=2)


def test_a_process_of_its_own(tmp_path: Path) -> None:
    """With optimisation, as cdk8s runs Python, and in a folder elsewhere."""
    line = [sys.executable, "-O", "-m", "chatdb", "report", "-e", "production", "-o", "r.html"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(line, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stderr == ""
    assert (tmp_path / "r.html").stat().st_size > MOST_BYTES / 10


@pytest.mark.usefixtures("own_git")
def test_plan_against_a_commit(whole: Path, tmp_path: Path) -> None:
    """With --base the plan comes first, with the risks and the fields that `chatdb plan` names."""
    (whole / ".gitignore").write_text(".tools\n.cdk8s\n")
    git(whole, "init", "--quiet", "--initial-branch=main")
    commit(whole, "contents")
    claim = whole / "overlays/minikube/foundation/minio-pvc.yaml"
    claim.write_text(claim.read_text().replace("5Gi", "4Gi"))
    path = tmp_path / "report.html"
    invoke("report", "-o", str(path))
    assert '<section id="plan"' not in path.read_text(encoding="utf-8")
    invoke("report", "--base", "HEAD", "-o", str(path))
    page = path.read_text(encoding="utf-8")
    (plan,) = json.loads(invoke("plan", "--base", "HEAD", "--json"))["environments"]
    section = page.partition('<section id="plan"')[2].partition("</section>")[0]
    assert [note["id"] for note in plan["notes"] if f"<code>{note['id']}</code>" not in section] == []
    assert "spec.<wbr>resources.<wbr>requests.<wbr>storage" in section
    assert section.count("<details") == len({(change["tier"], change["wave"]) for change in plan["changes"]})
    assert "name a commit" in invoke("report", "--base", "nowhere", "-o", str(path), code=1)
    assert path.read_text(encoding="utf-8") == page
