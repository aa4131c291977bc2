"""What the query-parser's chart buys: the time to parse each reading of its corpus, beside Lark's own parser.

Runs with the services' own environment, and the query-parser's tests in PYTHONPATH. Prints one JSON object:
milliseconds of the processor for a question, of a fourth of the corpus.
"""

import json
import sys
import time
from collections.abc import Callable
from statistics import quantiles
from typing import Any

import test_speed

from query_parser.domain import grammar
from query_parser.domain.problems import NotUnderstood


def measure(parse: Callable[[grammar.Reading], Any]) -> dict[str, float]:
    """Half of the questions take less than `p50`, all but one in a hundred less than `p99`."""
    asked = [list(test_speed.readings(case)) for case in test_speed.QUESTIONS[::4]]
    cuts = quantiles([_milliseconds(parse, readings) for readings in asked], n=100)
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2)}


def _milliseconds(parse: Callable[[grammar.Reading], Any], readings: list[grammar.Reading]) -> float:
    start = time.process_time()
    for reading in readings:
        try:
            parse(reading)
        except NotUnderstood:
            continue
    return (time.process_time() - start) * 1000


if __name__ == "__main__":
    json.dump({"chart": measure(grammar.parse), "lark": measure(test_speed.explicit_trees)}, sys.stdout, indent=2)
    print()
