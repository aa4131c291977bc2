"""All that one run has found, and the goals that it is held against."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import product

import jobs
import predictions
import reads
import uploads
from goal import Goal
from loads import Memory
from turns import Results, Turns, ratio
from uploads import Uploads


@dataclass(frozen=True, kw_only=True, slots=True)
class Findings:
    """What was not measured is empty, and has no row."""

    reads: Mapping[str, Results] = field(default_factory=dict)
    jobs: Mapping[int, Results] = field(default_factory=dict)
    uploads: Uploads = field(default_factory=lambda: Uploads(results={}, memory={}))
    predictions: Mapping[int, Results] = field(default_factory=dict)
    memory: Mapping[str, Memory] = field(default_factory=dict)
    starts: Mapping[str, Turns] = field(default_factory=dict)


Figure = Callable[[Findings], float | None]
SERVICES = ("training-orchestrator", "model-registry", "query-parser", "ml-engine", "test-service")


def _pair(results: Results | None, ours: str, theirs: str, figure: str) -> float | None:
    if not results or ours not in results or theirs not in results:
        return None
    return ratio(results[ours], results[theirs], figure)


def read_rate(kind: str) -> Figure:
    """Reads in a second, for each of MLflow's."""
    return lambda findings: _pair(findings.reads.get(kind), reads.OURS, reads.MLFLOW, "rate")


def job_rate(clients: int, ours: str) -> Figure:
    """Jobs in a second, for each that PostgreSQL alone takes from as many clients."""
    return lambda findings: _pair(findings.jobs.get(clients), ours, jobs.INSERT, "rate")


def upload_rate(size: int) -> Figure:
    """Bytes in a second, for each of boto3's."""
    return lambda findings: _pair(findings.uploads.results.get(size), uploads.OURS, uploads.BOTO3, "rate")


def upload_memory(large: int, small: int) -> Figure:
    """The service's peak with large artifacts, for each MiB of that with small ones."""

    def figure(findings: Findings) -> float | None:
        memory = findings.uploads.memory
        return memory[large] / memory[small] if large in memory and small in memory else None

    return figure


def late(size: int, ours: str, peer: str, figure: str = "p99") -> Figure:
    """The p99 (or p50) of an answer, for each millisecond of the peer's."""
    return lambda findings: _pair(findings.predictions.get(size), ours, peer, figure)


def late_limit(size: int, ours: str, peer: str) -> float | None:
    """The goal of a p99, where it says something about the work.

    HTTP alone takes more than ten times what the runtime takes for a row. Of 1000 calls of 8 or 14 us, the ten slowest
    are those that the machine interrupts: there, the p50 has the goal.
    """
    microseconds = (size, ours) == (1, predictions.HANDLER)
    return None if peer == predictions.ONNX and (microseconds or ours == predictions.HTTP) else 3


def held(name: str) -> Figure:
    """The part of its limit that a service has held at most."""
    return lambda findings: (
        findings.memory[name].peak / findings.memory[name].limit if name in findings.memory else None
    )


PREDICTIONS = tuple(product((predictions.HTTP, predictions.HANDLER), (predictions.ONNX, predictions.SCIKIT)))
GOALS: tuple[Goal[Findings], ...] = (
    *(
        Goal(what=f"{kind}: {reads.OURS} / {reads.MLFLOW}, reads a second", figure=read_rate(kind), least=3)
        for kind in (reads.ONE, reads.ALIAS, reads.LIST)
    ),
    *(
        Goal(what=f"{clients} clients: {ours} / {jobs.INSERT}, a second", figure=job_rate(clients, ours), least=least)
        for clients in jobs.CLIENTS
        for ours, least in ((jobs.HTTP, 0.5), (jobs.SERVICE, None), (jobs.REFUSED, None))
    ),
    *(
        Goal(what=f"artifact of {size} MiB: {uploads.OURS} / boto3, MiB a second", figure=upload_rate(size), least=0.8)
        for size in uploads.SIZES
    ),
    Goal(what="peak memory of uploads: 256 MiB / 32 MiB artifacts", figure=upload_memory(256, 32), limit=1.1),
    Goal(
        what=f"1 instances, p50: {predictions.HANDLER} / {predictions.ONNX}",
        figure=late(1, predictions.HANDLER, predictions.ONNX, "p50"),
        limit=3,
    ),
    *(
        Goal(
            what=f"{size} instances, p99: {ours} / {peer}",
            figure=late(size, ours, peer),
            limit=late_limit(size, ours, peer),
        )
        for size in predictions.SIZES
        for ours, peer in PREDICTIONS
    ),
    *(Goal(what=f"{name}: peak memory / its limit", figure=held(name), below=1) for name in SERVICES),
)
