"""The tables say what was measured, what was wanted, and what was missed."""

import re
from pathlib import Path

import pytest
import report
import rivals
import run
from goal import Goal
from goals import GOALS, SIZES, Groups, growth, services
from measure import CommandFailed, Sample, Series
from rivals import BARE, OURS
from run import main


def series(*cpu: float) -> Series:
    """Rounds that took so much CPU."""
    return Series(memory=100, samples=[Sample(cpu=value, wall=2 * value) for value in cpu])


GROUPS = {services(100): {OURS: series(2.8, 2.6, 2.7), BARE: series(2.0, 2.0, 2.0)}}


def test_goals() -> None:
    """Only what was measured has a row; a missed goal is seen."""
    assert list(report.goal_rows(GOALS, GROUPS)) == [
        ("100 services: ours / bare cdk8s, CPU", "1.35", "at most 1.3", "**missed**")
    ]


@pytest.mark.parametrize(
    ("goal", "wanted", "verdicts"),
    [
        (Goal(what="", figure=lambda _: 0, limit=1.5), "at most 1.5", ("met", "met", "missed")),
        (Goal(what="", figure=lambda _: 0, below=1.5, unit=" s"), "below 1.5 s", ("met", "missed", "missed")),
        (Goal(what="", figure=lambda _: 0, least=1.5), "at least 1.5", ("missed", "met", "met")),
        (Goal(what="", figure=lambda _: 0), "", ("", "", "")),
    ],
)
def test_verdict(goal: Goal[Groups], wanted: str, verdicts: tuple[str, str, str]) -> None:
    """`at most` and `at least` take in the limit, `below` does not; without a goal there is no verdict."""
    assert goal.wanted == wanted
    assert tuple(goal.verdict(value) for value in (1.4, 1.5, 1.6)) == verdicts


@pytest.mark.parametrize(("power", "expected"), [(1, 1.0), (2, 10.48)])
def test_growth(power: int, expected: float) -> None:
    """What grows with the number is 1; what grows with its square is far more."""
    groups = {services(size): {OURS: series(3 + size**power)} for size in SIZES}
    assert growth(OURS)(groups) == pytest.approx(expected, rel=0.01)


def test_tables() -> None:
    """Figures with their spread, and the facts of the machine."""
    text = report.tables({"Python": "3.11.0"}, GROUPS)
    assert "| 100 services | ours       |      3 |       2.70 (2.60 to 2.80) |   5.40 |        100 |" in text
    assert text.endswith("- Python: 3.11.0")


def test_page() -> None:
    """docs/performance.md has a row for each figure that the benchmark gives."""
    text = run.PAGE.read_text(encoding="utf-8")
    assert [goal.what for goal in GOALS if f"| {goal.what} " not in text] == []


@pytest.mark.parametrize(
    "arguments",
    ["--write --sizes 5", "--write --only chatdb", "--rounds 0", "--sizes 0", "--only x"],
)
def test_usage(arguments: str) -> None:
    """A part of a run is not written down as the whole."""
    with pytest.raises(SystemExit) as error:
        main(arguments.split())
    assert error.value.code == 2


def test_write_without_a_peer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run without one of the peers is not written down as the whole."""
    monkeypatch.setattr(rivals, "HELM", tmp_path / "helm")
    with pytest.raises(SystemExit) as error:
        main(["--write"])
    assert error.value.code == 2
    assert "there is no helm template: run make bench" in capsys.readouterr().err


def test_run(capsys: pytest.CaptureFixture[str]) -> None:
    """One small run from end to end: exit code 0, whatever the goals say."""
    assert main(["--only", "services", "--sizes", "1", "--rounds", "1"]) == 0
    out = capsys.readouterr().out
    assert "| 1 services | ours" in out
    assert re.search(r"^- Node: \d+\.", out, re.MULTILINE)


def test_unequal_run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a peer renders other objects, no figure is printed."""
    monkeypatch.setattr(rivals, "unequal", lambda _: {"peer": ("v1 Pod x y: the peer does not make it",)})
    assert main(["--only", "services", "--sizes", "1", "--rounds", "1"]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert "peer: v1 Pod x y: the peer does not make it" in printed.err


def test_stale_run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where the repository holds something else than the code gives, `nothing changed` would not be measured."""
    monkeypatch.setattr(rivals, "stale", lambda _: ("dist/core/x.yaml",))
    with pytest.raises(CommandFailed, match=r"dist/core/x\.yaml: not what the code gives; run `chatdb synth`"):
        run._unchanged(tmp_path)
