"""The tables: what was measured, and the goals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from goals import GOALS, Groups
from measure import Series

BEGIN, END = "<!-- bench -->", "<!-- /bench -->"


def tables(facts: Mapping[str, str], groups: Groups) -> str:
    """Everything in Markdown, which reads well in a terminal, too."""
    parts = [
        _table(("goal", "figure", "wanted", ""), goals(groups), right=(1,)),
        _table(
            ("work", "tool", "rounds", "CPU s (lowest to highest)", "wall s", "memory MiB"),
            (row for group, results in groups.items() for row in _rows(group, results)),
            right=(2, 3, 4, 5),
        ),
        "\n".join(f"- {name}: {value}" for name, value in facts.items()),
    ]
    return "\n\n".join(parts)


def goals(groups: Groups) -> Iterator[Sequence[str]]:
    """A row for each figure that was measured."""
    for goal in GOALS:
        value = goal.figure(groups)
        if value is not None:
            verdict = goal.verdict(value)
            yield (
                goal.what,
                f"{value:.2f}{goal.unit}",
                goal.wanted,
                f"**{verdict}**" if verdict == "missed" else verdict,
            )


def _rows(group: str, results: Mapping[str, Series]) -> Iterator[Sequence[str]]:
    for name, series in results.items():
        cpu = series.values("cpu")
        spread = f"{series.median('cpu'):.2f} ({min(cpu):.2f} to {max(cpu):.2f})"
        yield group, name, str(len(cpu)), spread, f"{series.median('wall'):.2f}", f"{series.memory:.0f}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int]) -> str:
    """A Markdown table whose source is aligned, too."""
    lines = [head, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    rule = ["-" * (width - 1) + ":" if column in right else "-" * width for column, width in enumerate(widths)]

    def line(cells: Sequence[str]) -> str:
        padded = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(cells, widths, strict=True))
        )
        return f"| {' | '.join(padded)} |"

    return "\n".join([line(head), line(rule), *(line(row) for row in lines[1:])])


def write(path: Path, content: str) -> None:
    """Put the tables between the two marks; ValueError where they are not there exactly once."""
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError(f"{path.name}: {BEGIN} and {END} have to be there once each")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(f"{before}{BEGIN}\n{content}\n{END}{after}", encoding="utf-8")
