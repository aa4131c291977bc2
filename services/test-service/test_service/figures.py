"""Numbers and names as people read them."""

import math
from collections.abc import Iterator, Mapping

DIGITS = 3
SMALLEST, LARGEST = 1e-6, 1e15
"""What is written out: a smaller one is mostly noughts, and the last digits of a larger one mean nothing."""
BASELINE = "baseline_"
"""What the name of a metric begins with that is another one's, of a model that knows no features."""


def figure(value: object) -> str:
    """A number, rounded to three decimals, or to three digits where it is below one; whole numbers are complete.

    What is not a number is shown as the text that it is.
    """
    match value:
        case None:
            return "none"
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return _rounded(value)
        case _:
            return str(value)


def _rounded(value: float) -> str:
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "infinite" if value > 0 else "minus infinite"
    size = abs(value)
    if size and not SMALLEST <= size < LARGEST:
        return f"{value:.{DIGITS - 1}e}"
    if value.is_integer():
        return str(int(value))
    decimals = DIGITS if size >= 1 else DIGITS - 1 - math.floor(math.log10(size))
    return f"{value:.{decimals}f}".rstrip("0").rstrip(".")


def type_of(value: object) -> str:
    """The type of a parameter, in words."""
    match value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int():
            return "whole number"
        case float():
            return "number"
        case _:
            return "text"


def exact(value: object) -> str:
    """A parameter's value, of which nothing is rounded away: it is what columns are compared with."""
    return repr(value) if isinstance(value, float) and math.isfinite(value) else figure(value)


def metric_rows(metrics: Mapping[str, object]) -> Iterator[tuple[str, object, object]]:
    """Name, value and, where there is one, the value of the baseline, of each metric."""
    for name, value in metrics.items():
        if name.removeprefix(BASELINE) == name or name.removeprefix(BASELINE) not in metrics:
            yield name.replace("_", " "), value, metrics.get(BASELINE + name)
