"""The tables: what was measured, and the goals."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from goal import Goal, Results
from goals import GOALS, Groups
from measure import Series


def tables(facts: Mapping[str, str], groups: Groups) -> str:
    """Everything in Markdown, which reads well in a terminal, too."""
    parts = [
        goal_table(GOALS, groups),
        table(
            ("work", "tool", "rounds", "CPU s (lowest to highest)", "wall s", "memory MiB"),
            (row for group, results in groups.items() for row in _rows(group, results)),
            right=(2, 3, 4, 5),
        ),
        listed(facts),
    ]
    return "\n\n".join(parts)


def listed(facts: Mapping[str, str]) -> str:
    """On what was measured."""
    return "\n".join(f"- {name}: {value}" for name, value in facts.items())


def goal_table(goals: Iterable[Goal[Results]], results: Results) -> str:
    """The goals of what was measured."""
    return table(("goal", "figure", "wanted", ""), goal_rows(goals, results), right=(1,))


def goal_rows(goals: Iterable[Goal[Results]], results: Results) -> Iterator[Sequence[str]]:
    """A row for each figure that was measured."""
    for goal in goals:
        value = goal.figure(results)
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


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int]) -> str:
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
