"""What several pods bring: the CPU time of a piece, the ratio to one pod, and the table of both."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import scaling
from meter import REST_SECONDS, Case, Meter
from pods import cpu_seconds
from supervise import descendants
from turns import Turn

BURN = "import time\nwhile time.process_time() < 0.2: pass"


def burn() -> Turn:
    """A piece that takes a tenth of a second of this process's CPU time."""
    end = time.process_time() + 0.1
    while time.process_time() < end:
        pass
    return Turn(done=1, seconds=2)


def test_cpu_time_of_what_has_ended() -> None:
    """A child that is gone stays in the sum of its parent: a backend of PostgreSQL ends with its connection."""
    before = cpu_seconds([os.getpid()])
    subprocess.run([sys.executable, "-c", BURN], check=True)
    assert cpu_seconds([os.getpid()]) - before > 0.15


def test_process_that_ends_while_it_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its folder was there, and is gone when it is read: it has no descendants then."""

    def gone(_folder: Path, _pattern: str) -> list[Path]:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "glob", gone)
    assert list(descendants(os.getpid())) == []


def test_meter_adds_up() -> None:
    """Work and CPU time of all takes, and nothing of what comes between them."""
    meter = Meter(watched={"this": [os.getpid()]})
    meter.take(burn)
    burn()
    meter.take(burn)
    assert (meter.done, meter.seconds) == (2, 4)
    assert 0.15 < meter.spent["this"] < 0.3


def test_what_is_spent_at_rest_is_not_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds of work, in each of which a twentieth is spent on nothing."""
    clock = iter([0.0, 0.05 * REST_SECONDS, 1.0, 1.3])
    monkeypatch.setattr("meter.cpu_seconds", lambda _pids: next(clock))
    meter = Meter(watched={"this": []})
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    meter.rest()
    meter.take(lambda: Turn(done=1, seconds=2))
    assert meter.spent["this"] == pytest.approx(0.2)


def cells(line: str) -> list[str]:
    """Of a row of Markdown."""
    return [cell.strip() for cell in line.split("|")[1:-1]]


def test_table() -> None:
    """Each round is compared with that of one pod; what was not watched has no figure."""
    one = Case(pods=1, turns=[Turn(done=10, seconds=1), Turn(done=10, seconds=10)], cpu={"engine": 7.5})
    two = Case(pods=2, turns=[Turn(done=15, seconds=1), Turn(done=25, seconds=10)], cpu={"engine": 8, "postgres": 1})
    lines = scaling.tables({"work": [one, two]}, {"commit": "abc"}).splitlines()
    assert cells(lines[2]) == ["work", "1", "2", "5.5", "1.00", "engine 7.50"]
    assert cells(lines[3]) == ["work", "2", "2", "8.8", "2.00", "engine 8.00, postgres 1.00"]
    assert lines[-1] == "- commit: abc"


@pytest.mark.parametrize("arguments", ["--write --quick", "--write --only intake", "--only x"])
def test_usage(arguments: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A part of a run is not written down as the whole."""
    monkeypatch.setattr(sys, "argv", ["scaling.py", *arguments.split()])
    with pytest.raises(SystemExit) as error:
        scaling.main()
    assert error.value.code == 2
