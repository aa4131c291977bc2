"""What a person sees of a deployment: a table that lives on a terminal, and a line for each change elsewhere."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from constructs_lib.deploy.rollout import Line, State, Tell

STYLES = {State.WAITING: "dim", State.ROLLING: "yellow", State.READY: "green"}


@contextmanager
def view(console: Console) -> Iterator[Tell]:
    """Shows lines for as long as the body runs."""
    if console.is_terminal:
        with Live(console=console, vertical_overflow="visible") as live:
            yield lambda lines: live.update(_table(lines))
    else:
        yield _Changes(console)


def _table(lines: Sequence[Line]) -> Table:
    table = Table("tier", "component", "state", "", box=None, pad_edge=False)
    before = None
    for line in lines:
        state = Text(line.state, style=STYLES[line.state])
        table.add_row(line.tier if line.tier != before else "", line.name, state, Text(_detail(line)))
        before = line.tier
    return table


class _Changes:
    """Prints what has changed since it was told last."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._shown: dict[str, Line] = {}

    def __call__(self, lines: Sequence[Line]) -> None:
        for line in lines:
            before = self._shown.get(line.name)
            if line != before and line.state is not State.WAITING:
                self._say(line)
            self._shown[line.name] = line

    def _say(self, line: Line) -> None:
        seconds = time.monotonic() - self._began
        detail = f": {_detail(line)}" if _detail(line) else ""
        text = f"{seconds:6.1f} s  {line.tier}/{line.name} {line.state}{detail}"
        self._console.print(text, highlight=False, markup=False, soft_wrap=True)


def _detail(line: Line) -> str:
    return f"for {line.detail}" if line.state is State.WAITING and line.detail else line.detail
