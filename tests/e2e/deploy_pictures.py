"""Takes docs/pictures/deploy*.svg: what `chatdb deploy` shows on a terminal, on a cluster of its own.

The command runs as a person runs it, on a real API server: it is seen while tier `core` is rolled out, and at its end,
where ml-engine's image cannot be pulled, as somebody finds it who has built none. Pods do not run there: kwok says that
they are ready, in core after some seconds, and, of ml-engine's, what a kubelet says of such an image.
"""

import codecs
import fcntl
import io
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from collections.abc import Iterator, Sequence
from contextlib import suppress

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI
from rich.text import Text

from chatdb.local.processes import scratch_folder
from tests.cli.terminal import Terminal
from tests.e2e.deploying import Site, deploying, failing
from tests.e2e.stack import missing
from tests.repository import ROOT

FOLDER = ROOT / "docs/pictures"
WIDTH, HEIGHT = 100, 40
MIDWAY = re.compile(r"training-orchestrator +rolling out ")
QUIET = 0.1
"""Seconds without a word, after which a frame is whole."""
SECONDS = 300
"""Within which something has to be said: more than any wave of this one takes."""


class Wrapping(Terminal):
    """Goes on in the next line where one is full."""

    def _put(self, words: str) -> None:
        while words:
            if self._column == self.width:
                self._move("\r")
                self._move("\n")
            room = self.width - self._column
            super()._put(words[:room])
            words = words[room:]


def frames(site: Site) -> Iterator[Terminal]:
    """The terminal, each time that `chatdb deploy` has said all that it had to; RuntimeError where it is silent."""
    terminal = Wrapping(WIDTH, HEIGHT)
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", HEIGHT, WIDTH, 0, 0))
    environment = {**site.environment, "TERM": "xterm-256color"}
    with subprocess.Popen(
        [sys.executable, "-m", "chatdb", "deploy"],
        cwd=site.root, env=environment, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
    ) as command:  # fmt: skip
        os.close(slave)
        try:
            for words in _said(master):
                terminal.write(words)
                if not select.select([master], [], [], QUIET)[0]:
                    yield terminal
            yield terminal
        finally:
            command.terminate()
            os.close(master)


def _said(master: int) -> Iterator[str]:
    """Until the program has ended, which Linux says by an error."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with suppress(OSError):
        while True:
            if not select.select([master], [], [], SECONDS)[0]:
                raise RuntimeError(f"`chatdb deploy` has said nothing for {SECONDS} s")
            yield decoder.decode(os.read(master, 65536))


def svg(lines: Sequence[str]) -> str:
    """A picture of these lines of a terminal; it names no font of another host."""
    console = Console(file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, _environ={})
    console.print("[bold]$ chatdb deploy", highlight=False)
    for line in lines[: max(number for number, line in enumerate(lines, 1) if line)]:
        console.print(Text.from_ansi(line))
    # Rich cuts the feet off the last line.
    console.print()
    drawn = console.export_svg(title="chatdb deploy", theme=DIMMED_MONOKAI, unique_id="deploy")
    plain = re.sub(r"@font-face \{.*?\}\s*", "", drawn, flags=re.DOTALL)
    return "\n".join(line.rstrip() for line in plain.splitlines()) + "\n"


def main() -> int:
    """Take both pictures; the exit code."""
    if wanting := missing():
        print(": ".join(wanting), file=sys.stderr)
        return 1
    midway: list[str] = []
    with scratch_folder() as folder, deploying(folder) as site:
        site.patch("core", "Deployment", "training-orchestrator", failing("slow"))
        site.patch("processing", "Deployment", "ml-engine", failing("image"))
        for terminal in frames(site):
            if not midway and MIDWAY.search("\n".join(terminal.lines)):
                midway = terminal.styled()
    if not midway:
        raise RuntimeError("tier core was not seen while it was rolled out:\n" + "\n".join(terminal.lines))
    for name, lines in (("deploy", midway), ("deploy-stuck", terminal.styled())):
        (FOLDER / f"{name}.svg").write_text(svg(lines), encoding="utf-8")
        print(f"docs/pictures/{name}.svg", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
