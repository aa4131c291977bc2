"""How long the query-parser takes for a question: every question of its corpus, on one core, after a round to warm up.

Runs with the services' own environment and prints one JSON object: milliseconds of the processor and of the clock.
"""

import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import quantiles

import yaml

from query_parser.domain.schema import Schema
from query_parser.service_layer import answer, default_schema

CORPUS = Path(__file__).parents[2] / "services/query-parser/tests/corpus"
ROUNDS = 5
HUNDRED = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """Milliseconds for a question: half of them take less than `p50`, all but one in a hundred less than `p99`."""

    p50: float
    p99: float
    most: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Times:
    """What was seen of so many questions, each asked `rounds` times."""

    questions: int
    rounds: int
    cpu: Spread
    wall: Spread


def measure(rounds: int = ROUNDS) -> Times:
    """Ask all questions one by one, in this process; a caller's schema is read anew for each, as the service does."""
    asked = _questions()
    for question, schema in asked:
        answer(question, schema)
    seen = [_asked(question, schema) for _ in range(rounds) for question, schema in asked]
    cpu, wall = zip(*seen, strict=True)
    return Times(questions=len(asked), rounds=rounds, cpu=_spread(cpu), wall=_spread(wall))


def _questions() -> list[tuple[str, Schema]]:
    """Those that are answered and those that are refused, with what they are about."""
    brought = {path.stem: yaml.safe_load(path.read_text(encoding="utf-8")) for path in CORPUS.glob("schemas/*.yaml")}
    schemas = {name: Schema.model_validate(read) for name, read in brought.items()} | {"chatdb": default_schema()}
    files = sorted(path for part in ("tuned", "held-out") for path in (CORPUS / part).glob("*/*.yaml"))
    read = [(yaml.safe_load(path.read_text(encoding="utf-8")), schemas[path.stem]) for path in files]
    return [(entry["ask"], schema) for entries, schema in read for entry in entries]


def _asked(question: str, schema: Schema) -> tuple[float, float]:
    cpu, wall = time.process_time(), time.perf_counter()
    answer(question, schema)
    return (time.process_time() - cpu) * 1000, (time.perf_counter() - wall) * 1000


def _spread(times: Sequence[float]) -> Spread:
    cuts = quantiles(times, n=HUNDRED, method="inclusive")
    return Spread(p50=cuts[49], p99=cuts[98], most=max(times))


if __name__ == "__main__":
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    json.dump(asdict(measure()), sys.stdout, indent=2)
    print()
