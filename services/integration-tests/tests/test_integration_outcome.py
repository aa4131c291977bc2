"""Exit codes: what helps to try again, and what does not."""

import json
import os
from pathlib import Path

import pytest

from integration_tests import __main__ as program
from integration_tests.outcome import AGAIN, PERMANENT, STOPPED, Outcome

FAILED = pytest.ExitCode.TESTS_FAILED
EMPTY = {"edges": [], "denied": [], "services": {}, "topics": []}


@pytest.mark.parametrize(
    ("ended", "for_good", "broken", "expected"),
    [
        (pytest.ExitCode.OK, [], 0, 0),
        (FAILED, [True, True], 0, PERMANENT),
        (FAILED, [True, False], 0, AGAIN),
        (FAILED, [False], 0, AGAIN),
        (FAILED, [], 0, AGAIN),
        (pytest.ExitCode.INTERNAL_ERROR, [], 0, AGAIN),
        (pytest.ExitCode.INTERRUPTED, [], 0, STOPPED),
        (pytest.ExitCode.INTERRUPTED, [], 1, PERMANENT),
        (pytest.ExitCode.USAGE_ERROR, [], 0, PERMANENT),
        (pytest.ExitCode.NO_TESTS_COLLECTED, [], 0, PERMANENT),
    ],
)
def test_exit_code(ended: int, for_good: list[bool], broken: int, expected: int) -> None:
    """Final only if every failure is, or the image itself is broken."""
    outcome = Outcome()
    outcome.for_good, outcome.broken = for_good, broken
    assert outcome.exit_code(ended) == expected


def test_summary() -> None:
    """One line with the counts, what is known of policies, and the exit code."""
    outcome = Outcome()
    outcome.passed, outcome.skipped, outcome.for_good = 3, 2, [True]
    line = outcome.summary(78)
    assert line.startswith("integration-tests: 3 passed, 1 failed, 2 skipped; policies unknown; ")
    assert line.endswith(" MiB; exit 78")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "No such file"),
        ("{", "build and deploy both anew"),
        ("[]", "build and deploy both anew"),
        (json.dumps(EMPTY | {"topics": [{"name": "a"}]}), "build and deploy both anew"),
        (json.dumps({name: value for name, value in EMPTY.items() if name != "edges"}), "'edges'"),
    ],
    ids=["missing", "no JSON", "another shape", "a topic without partitions", "no edges"],
)
def test_matrix_that_cannot_be_read(tmp_path: Path, text: str | None, expected: str) -> None:
    """It is said before any test, with its fix."""
    path = tmp_path / "matrix.json"
    if text is not None:
        path.write_text(text)
    message = program.complaint({"MATRIX_FILE": str(path), "KAFKA_BOOTSTRAP_SERVERS": "there:1"})
    assert message is not None
    assert expected in message


def test_environment_that_lacks_something(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Every missing variable is named, and the Job ends for good."""
    monkeypatch.setattr(os, "environ", {})
    monkeypatch.setattr(program.signal, "signal", lambda *_: None)
    assert program.run() == PERMANENT
    assert "set these environment variables: KAFKA_BOOTSTRAP_SERVERS, MATRIX_FILE" in capsys.readouterr().err


def test_matrix_that_can_be_read(tmp_path: Path) -> None:
    """There is nothing to complain of."""
    path = tmp_path / "matrix.json"
    path.write_text(json.dumps(EMPTY))
    assert program.complaint({"MATRIX_FILE": str(path), "KAFKA_BOOTSTRAP_SERVERS": "there:1"}) is None
