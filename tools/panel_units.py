"""How Grafana writes values of the units that the dashboards have."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

Scale = Sequence[tuple[float, str]]
COUNTS: Scale = ((1e9, " Bil"), (1e6, " Mil"), (1e3, " K"))
BYTES: Scale = ((2**30, " GiB"), (2**20, " MiB"), (2**10, " KiB"), (1, " B"))
TIMES: Scale = ((86400, " days"), (3600, " hours"), (60, " mins"), (1, " s"), (1e-3, " ms"), (1e-6, " µs"))


@dataclass(frozen=True, slots=True)
class Unit:
    """Its larger and smaller forms, and what comes after each."""

    scale: Scale = ()
    after: str = ""

    def form(self, value: float) -> tuple[float, str]:
        """The size and the name of the largest form that the value has one of."""
        return next(((size, name) for size, name in self.scale if abs(value) >= size), (1.0, ""))

    def writer(self, highest: float) -> Callable[[float, int | None], str]:
        """Writes the values of an axis up to that one, all in one form."""
        size, name = self.form(highest)
        return lambda value, _position: f"{value / size:.6g}{name}{self.after}"


UNITS: Mapping[str, Unit] = {
    "short": Unit(COUNTS),
    "bytes": Unit(BYTES),
    "s": Unit(TIMES),
    "reqps": Unit(COUNTS, " req/s"),
    "ops": Unit(COUNTS, " ops/s"),
    "percentunit": Unit(((0.01, "%"),)),
}
"""By the names that Grafana gives them."""
