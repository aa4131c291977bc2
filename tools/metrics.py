"""The metrics that the services define, read from their sources: nothing of a service has to be installed for it."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

TYPES = {"Counter": "counter", "Gauge": "gauge", "Histogram": "histogram"}


@dataclass(frozen=True)
class Metric:
    """One definition; `where` is the module below services/."""

    name: str
    type: str
    text: str
    labels: tuple[str, ...]
    where: str


def defined(root: Path) -> tuple[Metric, ...]:
    """All of them, by module and name."""
    metrics = (metric for path in root.glob("services/*/*_*/**/*.py") for metric in _of(root, path))
    return tuple(sorted(metrics, key=lambda metric: (metric.where, metric.name)))


def _of(root: Path, path: Path) -> Iterator[Metric]:
    where = path.relative_to(root / "services").with_suffix("").as_posix()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        call = node.value if isinstance(node, ast.Assign) else None
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id in TYPES:
            name, text, *labels = (ast.literal_eval(argument) for argument in call.args)
            yield Metric(name, TYPES[call.func.id], text, tuple(*labels), where)


def table(root: Path) -> str:
    """For docs/observability.md."""
    rows = (
        f"| `{one.name}` | {one.type} | {', '.join(one.labels)} | {one.text} | `{one.where}` |" for one in defined(root)
    )
    return "\n".join(["| metric | type | labels | what | defined in |", "|---|---|---|---|---|", *rows])
