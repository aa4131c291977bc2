"""docs/tour.md is true: its lines are run as they are written, and `chatdb local up` leaves nothing behind."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdb.local.processes import scratch_folder, wait_for
from tests.repository import ROOT

PAGE = (ROOT / "docs/tour.md").read_text(encoding="utf-8")
START = ["make setup-local", "chatdb local up"]
ENV_FILE = ".tools/local.env"
SECONDS = 400


def steps() -> list[tuple[str, str]]:
    """(command, output) of each `$ ` line in the console blocks."""
    text = "".join(re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL))
    parts = re.split(r"^\$ (.+)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def alike(output: str, written: str) -> bool:
    """Whether the output is what is written, where three dots stand for any text and a time for any time."""
    pattern = re.escape(written.strip()).replace(r"\.\.\.", ".*").replace(r"after\ 31\ s", r"after \d+ s")
    return re.fullmatch(pattern, output.strip(), re.DOTALL) is not None


class Up:
    """`chatdb local up` as a process, and the file that it writes."""

    def __init__(self, folder: Path) -> None:
        """It takes half a minute on two cores that do nothing else."""
        self.env_file = folder / "local.env"
        self.output = folder / "output"
        # The folder of its servers is made there, and is looked for afterwards.
        self.scratch = folder / "tmp"
        self.scratch.mkdir()
        self.scratch.chmod(0o711)
        with self.output.open("w") as file:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "chatdb", "local", "up"],
                env={**os.environ, "CHATDB_ENV_FILE": str(self.env_file), "TMPDIR": str(self.scratch)},
                cwd=ROOT,
                stdout=file,
                stderr=subprocess.STDOUT,
            )

    def wait(self, words: str) -> None:
        """Until it says so, or has ended."""
        wait_for(words, SECONDS, lambda: words in self.said() or self.process.poll() is not None)
        assert words in self.said(), self.said()

    def said(self) -> str:
        """All that it has printed."""
        return self.output.read_text()

    def processes(self) -> list[int]:
        """Processes that were started with its folder in their command line or environment."""
        pids = []
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                texts = [(entry / name).read_bytes() for name in ("cmdline", "environ")]
            except OSError:
                continue
            if any(str(self.scratch).encode() in text for text in texts) and int(entry.name) != self.process.pid:
                pids.append(int(entry.name))
        return pids


@pytest.fixture(scope="module")
def up(kafka_installed: None) -> Iterator[Up]:
    """The platform of the tour; nothing of it is left, whatever the tests did."""
    with scratch_folder() as folder:
        started = Up(folder)
        try:
            started.wait("ready after")
            yield started
        finally:
            started.process.kill()
            started.process.wait()


def test_as_written(up: Up) -> None:
    """Every output is the page's."""
    commands = steps()
    assert [command for command, _ in commands][:2] == START
    assert alike(up.said().replace(str(up.env_file), ENV_FILE), commands[1][1]), up.said()
    for command, written in commands[2:]:
        line = f"source {ENV_FILE} && {command}".replace(ENV_FILE, str(up.env_file))
        done = subprocess.run(
            ["bash", "-c", line], cwd=ROOT, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        assert alike(done.stdout, written), f"$ {command}\n{done.stdout}"


def test_nothing_is_left(up: Up) -> None:
    """Ctrl-C ends it well, and neither a process, nor a folder, nor the file with the keys outlives it."""
    assert len(up.processes()) > len(START)
    assert oct(up.env_file.stat().st_mode)[-3:] == "600"
    up.process.send_signal(signal.SIGINT)
    assert up.process.wait(SECONDS) == 0, up.said()
    assert up.processes() == []
    assert list(up.scratch.iterdir()) == []
    assert not up.env_file.exists()
