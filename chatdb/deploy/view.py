"""What a person sees of a deployment: a table that lives on a terminal, and a line for each change elsewhere."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Protocol

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.live import Live
from rich.table import Column, Table
from rich.text import Text

from chatdb.deploy.rollout import Line, State

STYLES = {State.WAITING: "dim", State.ROLLING: "yellow", State.READY: "green"}
NARROW = 64
"""Columns below which tiers are left out: names and states would not leave room for more."""
FOLDS: Sequence[frozenset[State]] = (
    frozenset(),
    frozenset({State.READY}),
    frozenset({State.READY, State.WAITING}),
)
"""The states of tiers that become one line each, tried until all fits into the terminal."""


class Show(Protocol):
    """Shows lines in place of those before, below a text."""

    def __call__(self, lines: Sequence[Line], above: str = "") -> None:
        """Show them."""


@contextmanager
def view(console: Console) -> Iterator[Show]:
    """Shows lines for as long as the body runs."""
    if not console.is_terminal or console.is_dumb_terminal:
        yield _Changes(console)
        return
    last: tuple[Sequence[Line], str] = (), ""

    def tell(lines: Sequence[Line], above: str = "") -> None:
        nonlocal last
        last = lines, above
        live.update(_Fitting(lines, above), refresh=True)

    # What is higher than the terminal could not be drawn over: each refresh would leave a copy of it.
    with Live(console=console, auto_refresh=False, vertical_overflow="crop") as live:
        try:
            yield tell
        finally:
            lines, above = last
            if lines or above:
                live.update(_whole(as_table(lines, console.width), above))


class _Fitting:
    """The table, folded as far as it takes to be no higher than the terminal."""

    def __init__(self, lines: Sequence[Line], above: str) -> None:
        self._lines = lines
        self._above = above

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for states in FOLDS:
            whole = _whole(as_table(list(_folded(self._lines, states)), options.max_width), self._above)
            if len(console.render_lines(whole, options, pad=False)) < options.size.height:
                break
        yield whole


def _whole(table: Table, above: str) -> Table | Group:
    return Group(Text(above), table) if above else table


def _folded(lines: Sequence[Line], states: Collection[State]) -> Iterator[Line]:
    """A tier of several components that are all in one of these states is one line."""
    for tier, group in groupby(lines, lambda line: line.tier):
        mine = list(group)
        alike = {line.state for line in mine}
        if len(mine) > 1 and len(alike) == 1 and alike <= set(states):
            yield Line(tier, f"{len(mine)} components", mine[0].state)
        else:
            yield from mine


def as_table(lines: Sequence[Line], width: int) -> Table:
    """A tier is named at its first line; long words go on in the next line, none is cut."""
    wide = width >= NARROW
    names = ["tier", "component", "state"] if wide else ["component", "state"]
    columns = [Column(name, no_wrap=True) for name in names]
    table = Table(*columns, Column("", overflow="fold"), box=None, pad_edge=False)
    before = None
    for line in lines:
        tier = [line.tier if line.tier != before else ""] if wide else []
        table.add_row(*tier, line.name, Text(line.state, style=STYLES[line.state]), Text(_detail(line)))
        before = line.tier
    return table


class _Changes:
    """Prints what has changed since it was told last."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = time.monotonic()
        self._shown: dict[str, Line] = {}
        self._above: Sequence[str] = ()

    def __call__(self, lines: Sequence[Line], above: str = "") -> None:
        for text in above.splitlines():
            if text not in self._above:
                self._print(text)
        self._above = above.splitlines()
        for line in lines:
            before = self._shown.get(line.name)
            if line != before and line.state is not State.WAITING:
                self._say(line)
            self._shown[line.name] = line

    def _say(self, line: Line) -> None:
        detail = f": {_detail(line)}" if _detail(line) else ""
        self._print(f"{line.tier}/{line.name} {line.state}{detail}")

    def _print(self, text: str) -> None:
        seconds = time.monotonic() - self._began
        self._console.print(f"{seconds:6.1f} s  {text}", highlight=False, markup=False, soft_wrap=True)


def _detail(line: Line) -> str:
    return f"for {line.detail}" if line.state is State.WAITING and line.detail else line.detail
