"""`chatdb new-service` on the command line: diff, report, advice."""

from pathlib import Path

import pytest

from catalogue.components import CATALOGUE
from catalogue.tiers import Tier
from chatdb.cli import main
from chatdb.new_service.request import next_port
from tests.command import invoke
from tests.repository import copy_repository, texts

COMMAND = ("new-service", "toy-shop", "--needs", "kafka:kafka", "--needs", "postgres:postgres")
FOLDERS = ("catalogue", "overlays", "services", "tests")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the whole repository, that the command works on."""
    copy = copy_repository(tmp_path)
    monkeypatch.setitem(main.context_settings, "obj", copy)
    return copy


def files(repository: Path) -> dict[str, str]:
    """Everything that the command may touch."""
    return {f"{folder}/{name}": text for folder in FOLDERS for name, text in texts(repository / folder).items()}


def test_report_is_what_was_done(repository: Path) -> None:
    """Each line names a file that was changed or written, and no other file was."""
    before = files(repository)
    *lines, advice = invoke(*COMMAND).splitlines()
    after = files(repository)
    assert {f"changed {name}" for name in before if before[name] != after[name]} | {
        f"wrote {name}" for name in after.keys() - before.keys()
    } == set(lines)
    assert len(lines) == 7
    assert advice == "now run: chatdb synth && make docs"


def test_dry_run_is_the_diff(repository: Path) -> None:
    """Nothing is written; the lines that it adds are those that the command writes, and no line goes."""
    before = files(repository)
    diff = invoke(*COMMAND, "--dry-run")
    assert files(repository) == before
    invoke(*COMMAND)
    after = files(repository)
    added = [line[1:] for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    assert diff.count("--- /dev/null") == 4
    assert diff.count("--- a/") == 3
    assert sum(text.count("\n") for text in after.values()) == sum(text.count("\n") for text in before.values()) + len(
        added
    )
    assert all(line in "\n".join(after.values()) for line in added)


def test_wrong_input_changes_nothing(repository: Path) -> None:
    """Every problem on a line of its own, exit code 1, no file changed."""
    before = files(repository)
    output = invoke("new-service", "kafka", "--tier", "attic", "--port", "8000", "--needs", "x", code=1)
    assert output.splitlines() == [
        f"--tier attic: there is no such tier; use one of {', '.join(Tier)}",
        "--needs x: is no NAME:PORT; name a component and its port, such as kafka:kafka",
        "NAME kafka: is the name of another component or image; choose another name",
        f"--port 8000: is training-orchestrator's; {next_port(CATALOGUE)} is free",
    ]
    assert files(repository) == before
    assert "Invalid value for '--port'" in invoke("new-service", "toy-shop", "--port", "http", code=2)


def test_twice_is_refused(repository: Path) -> None:
    """The second run finds the first one's files, and leaves them."""
    invoke(*COMMAND)
    before = files(repository)
    assert "services/toy-shop/README.md: is there already" in invoke(*COMMAND, code=1)
    assert files(repository) == before
