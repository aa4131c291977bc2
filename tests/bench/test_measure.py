"""The harness measures what it says: all the CPU of a command and of what it starts, and nothing of a failed one."""

import os
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import measure
import pytest
from measure import Command, CommandFailed, Sample, Series, alternate, ratio, run

BURN = "import time; end = time.process_time() + 0.3\nwhile time.process_time() < end: pass"
START_UP = 0.5
"""Seconds of CPU that Python may take on top, on a slow machine."""
Make = Callable[..., Command]


@pytest.fixture
def python(tmp_path: Path) -> Make:
    """A command that runs a Python script in an empty folder."""

    def make(script: str, name: str = "script", arguments: Sequence[str] = (), made: tuple[Path, ...] = ()) -> Command:
        argv = [sys.executable, "-c", script, *arguments]
        return Command(name=name, argv=argv, folder=tmp_path, env={"PATH": os.defpath}, made=made)

    return make


def test_child(python: Make) -> None:
    """A child that burns 0.3 s is said to have taken about that."""
    sample = run(python(BURN))
    assert 0.3 <= sample.cpu < 0.3 + START_UP


def test_sleep(python: Make) -> None:
    """Waiting is wall time, not CPU."""
    sample = run(python("import time; time.sleep(0.6)"))
    assert sample.wall >= 0.6
    assert sample.cpu < START_UP


def test_grandchild(python: Make) -> None:
    """What a child starts and waits for is counted."""
    script = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BURN!r}], check=True)"
    assert 0.3 <= run(python(script)).cpu < 0.3 + 2 * START_UP


def test_orphan(python: Make) -> None:
    """What a child starts and leaves behind is waited for, and counted."""
    script = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {BURN!r}])"
    sample = run(python(script))
    assert 0.3 <= sample.cpu < 0.3 + 2 * START_UP


def test_memory(python: Make) -> None:
    """Processes that live at the same time are added up; memory is looked at only where it is asked for."""
    hold = "import time; held = bytearray(b'x' * (64 << 20)); time.sleep(0.5)"
    script = f"import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', {hold!r}])\n{hold}\nchild.wait()"
    memory = run(python(script), memory=True).memory
    assert memory is not None
    assert 128 <= memory < 2 * 128
    assert run(python("")).memory is None


def test_failure(python: Make) -> None:
    """A command that fails stops everything, with its name and what it printed."""
    with pytest.raises(CommandFailed, match=r"(?s)peer failed.*on stdout.*on stderr"):
        run(python("import sys; print('on stdout', flush=True); sys.exit('on stderr')", name="peer"))


def test_missing(python: Make) -> None:
    """A program that is not there is a failure like any other."""
    command = python("")
    missing = Command(name="peer", argv=["no-such-program"], folder=command.folder, env=command.env)
    with pytest.raises(CommandFailed, match=r"(?s)peer failed.*no-such-program"):
        run(missing)


def test_hanging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that does not end is ended, with what it started."""
    monkeypatch.setattr(measure, "SECONDS", 3)
    argv = ["sh", "-c", "sleep 600 & echo $! > pid; wait"]
    with pytest.raises(CommandFailed, match="peer has not ended after 3 s: sh -c"):
        run(Command(name="peer", argv=argv, folder=tmp_path, env={"PATH": os.defpath}))
    assert gone(int((tmp_path / "pid").read_text()))


def gone(pid: int) -> bool:
    """Whether the process ends within ten seconds; one that waits for its new parent has ended."""
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state in "ZX":
            return True
        time.sleep(0.1)
    return False


def test_turns(python: Make, tmp_path: Path) -> None:
    """Each warms up once, then they run in turns; what the last run made is gone before the next."""
    # Memory is looked at every now and then: it has to be there for a while.
    script = (
        "import pathlib, sys, time\nwith open('log', 'a') as log: log.write(sys.argv[1])\n"
        "pathlib.Path(sys.argv[2]).mkdir()\ntime.sleep(0.5)"
    )
    log = tmp_path / "log"
    commands = [python(script, name, [name, str(tmp_path / f"{name}.d")], (tmp_path / f"{name}.d",)) for name in "AB"]
    seen: list[str] = []
    series = alternate(commands, 2, lambda: seen.append(log.read_text()))
    assert seen == ["AB"]
    assert log.read_text() == "ABABAB"
    assert {name: len(rounds.samples) for name, rounds in series.items()} == {"A": 2, "B": 2}
    assert all(rounds.memory > 0 for rounds in series.values())


def test_stopped_before_timing(python: Make, tmp_path: Path) -> None:
    """Where the comparison after the warm-up fails, nothing is timed."""

    def unequal() -> None:
        raise CommandFailed("not the same")

    with pytest.raises(CommandFailed, match="not the same"):
        alternate([python("open('log', 'a').write('x')")], 3, unequal)
    assert (tmp_path / "log").read_text() == "x"


def test_ratio() -> None:
    """The median of the pairs' ratios: one round that something disturbed does not count."""
    ours = Series(memory=1, samples=[Sample(cpu=cpu, wall=1) for cpu in (2.0, 90.0, 2.2)])
    theirs = Series(memory=1, samples=[Sample(cpu=cpu, wall=1) for cpu in (1.0, 1.0, 1.1)])
    assert ratio(ours, theirs, "cpu") == pytest.approx(2.0)
