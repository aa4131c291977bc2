"""Units that people give numbers in, and how they are converted to the unit of a column."""

from decimal import Decimal
from importlib.resources import files
from typing import Any

import yaml

from query_parser.domain.problems import NotUnderstood

_UNITS: dict[str, dict[str, Any]] = yaml.safe_load((files("query_parser.domain") / "units.yaml").read_text("utf-8"))
FACTORS = {kind: {unit: Decimal(said["factor"]) for unit, said in units.items()} for kind, units in _UNITS.items()}
SHORT = {word: unit for units in _UNITS.values() for unit, said in units.items() for word in said["short"]}
KIND = {unit: kind for kind, units in FACTORS.items() for unit in units}
# As they are written after a number; "min" and "day" mean other things elsewhere.
WORDS = {word: unit for unit in KIND for word in (unit, f"{unit}s")} | SHORT


def known(unit: str) -> str:
    """The unit, if it is one; ValueError otherwise."""
    if unit not in KIND:
        raise ValueError(f"unknown unit {unit!r}. Use one of: {', '.join(KIND)}")
    return unit


def kind_of(word: str) -> str | None:
    """What a unit measures; None for units of the calendar that have no fixed length."""
    unit = WORDS.get(word.lower())
    return None if unit is None else KIND[unit]


def converted(number: Decimal, word: str, unit: str | None) -> Decimal:
    """A number of some unit as a number of a column's; NotUnderstood where these measure different things."""
    said = WORDS.get(word.lower())
    if said is None or unit is None or KIND[said] != KIND[unit]:
        raise NotUnderstood(f"{word} is not what that is measured in", unresolved=(word,))
    factors = FACTORS[KIND[unit]]
    return number * factors[said] / factors[unit]
