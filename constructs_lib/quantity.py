"""Kubernetes quantities as numbers, and back."""

import math
import re
from collections.abc import Mapping
from decimal import ROUND_CEILING, Context, Decimal

MIB = 2**20
LARGEST = 2**63 - 1
"""Kubernetes caps every quantity here, and rounds what is finer than a billionth up."""

_SUFFIXES: dict[str, Decimal] = {"": Decimal(1)}
_SUFFIXES |= {suffix: Decimal(10) ** (3 * power) for power, suffix in enumerate("num", -3)}
_SUFFIXES |= {suffix: Decimal(10) ** (3 * power) for power, suffix in enumerate("kMGTPE", 1)}
_SUFFIXES |= {f"{suffix}i": Decimal(2) ** (10 * power) for power, suffix in enumerate("KMGTPE", 1)}
_PATTERN = re.compile(r"([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))(?:([KMGTPE]i|[numkMGTPE])|[eE]([+-]?[0-9]+))?")
_LARGEST_EXPONENT = 10_000
_CONTEXT = Context(prec=60, rounding=ROUND_CEILING)


def millicores(quantity: str | float) -> int:
    """CPU in thousandths of a core, rounded up; ValueError for an illegal quantity."""
    return _whole(quantity, 1000)


def in_bytes(quantity: str | float) -> int:
    """Memory or storage in bytes, rounded up; ValueError for an illegal quantity."""
    return _whole(quantity, 1)


def count(quantity: str | float) -> int:
    """A number of objects, rounded up; ValueError for an illegal quantity."""
    return _whole(quantity, 1)


def canonical(quantity: str | float) -> str | float:
    """The quantity as the API server writes it, as `1` for `1000m`; what is not a legal quantity as it is.

    It keeps its family of units: 1Gi and 1073741824 are the same amount, and two texts.
    """
    try:
        billionths = _billionths(quantity)
    except ValueError:
        return quantity
    if billionths == 0:
        return "0"
    text = str(quantity)
    if text.endswith("i") and billionths % 10**9 == 0 and abs(billionths) >= 1024 * 10**9:
        return _shortest(
            billionths, {f"{unit}i": 2 ** (10 * power) for power, unit in reversed([*enumerate("KMGTPE", 1)])}
        )
    exponents = range(18, -12, -3)
    if re.search("[eE][+-]?[0-9]", text):
        return _shortest(billionths, {f"e{power}" if power else "": Decimal(10) ** power for power in exponents})
    return _shortest(
        billionths, {unit: Decimal(10) ** power for unit, power in zip((*"EPTGMk", "", *"mun"), exponents, strict=True)}
    )


def same_amount(one: object, other: object) -> bool:
    """Whether both are legal quantities, and of the same amount."""
    if not isinstance(one, str | int | float) or not isinstance(other, str | int | float):
        return False
    try:
        return _billionths(one) == _billionths(other)
    except ValueError:
        return False


def _billionths(quantity: str | float) -> int:
    """What is finer is rounded up, as Kubernetes does."""
    return _whole(quantity, 10**9, LARGEST * 10**9)


def _shortest(billionths: int, units: Mapping[str, float | Decimal]) -> str:
    """The amount in the largest unit of which it is a whole number."""
    for suffix, size in units.items():
        number, rest = divmod(billionths, int(size * 10**9))
        if not rest:
            return f"{number}{suffix}"
    return str(billionths // 10**9)


def _whole(quantity: str | float, factor: int, largest: int = LARGEST) -> int:
    value: Decimal = _CONTEXT.multiply(_amount(quantity), Decimal(factor))
    capped = min(max(value, Decimal(-largest)), Decimal(largest))
    return math.ceil(capped)


def _amount(quantity: str | float) -> Decimal:
    """The number that it stands for; ValueError for an illegal quantity."""
    match = _PATTERN.fullmatch(str(quantity))
    if not match or isinstance(quantity, bool):
        raise ValueError(f"{quantity!r} is not a legal quantity: write it like 250m, 512Mi or 1Gi")
    number, suffix, exponent = match.groups()
    scale = _SUFFIXES[suffix or ""] if exponent is None else Decimal((0, (1,), _bounded(exponent)))
    return _CONTEXT.multiply(_CONTEXT.create_decimal(number), scale)


def _bounded(exponent: str) -> int:
    """Larger exponents change nothing more: the number is capped, or nearly zero."""
    digits = exponent.lstrip("+-0")
    size = min(int(digits[:6] or "0"), _LARGEST_EXPONENT)
    return -size if exponent.startswith("-") else size


def cpu_text(number: int) -> str:
    """Millicores as a quantity."""
    return f"{number}m"


def memory_text(number: int) -> str:
    """Bytes as a quantity in Mi, rounded up."""
    return f"{-(-number // MIB)}Mi"
