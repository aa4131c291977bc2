"""What the figures are held against: every goal of the project's speed is a line of GOALS."""

from collections.abc import Callable, Mapping
from statistics import median, quantiles

from goal import Goal
from measure import Results, ratio
from rivals import AGAIN, BARE, EMPTY, HELM_NAME, ONE_CHANGED, ONE_PATCHED, OURS, PLATFORM, RENDERING

SYNTH, DAILY = "cdk8s synth", "chatdb"
UNCHANGED, CHECK = "chatdb synth -e minikube", "chatdb check"
SIZES = (5, 100, 1000)
CHANGE = f"one of {SIZES[-1]} changed"
CHANGED, SAVED = "one of ChatDB changed", "saved to written"
EDITED = f"{UNCHANGED}, one entry changed"
Groups = Mapping[str, Results]
"""By group: a group's commands ran in turns."""


def services(count: int) -> str:
    """The name of the group that renders so many services."""
    return f"{count} services"


def cpu_ratio(group: str, one: str, other: str) -> Callable[[Groups], float | None]:
    """CPU of the one for each second of the other."""

    def figure(groups: Groups) -> float | None:
        series = groups.get(group, {})
        return ratio(series[one], series[other], "cpu") if one in series and other in series else None

    return figure


def without(group: str, one: str, part: str, other: str) -> Callable[[Groups], float | None]:
    """CPU of the one, but for that of a part of its work, for each second of the other."""

    def figure(groups: Groups) -> float | None:
        series = groups.get(group, {})
        if not {one, part, other} <= series.keys():
            return None
        rounds = zip(*(series[name].values("cpu") for name in (one, part, other)), strict=True)
        return median((whole - part) / other for whole, part, other in rounds)

    return figure


def wall(group: str, name: str) -> Callable[[Groups], float | None]:
    """Seconds until it is done."""

    def figure(groups: Groups) -> float | None:
        series = groups.get(group, {})
        return series[name].median("wall") if name in series else None

    return figure


def cpu(group: str, name: str) -> Callable[[Groups], float | None]:
    """Seconds of CPU."""

    def figure(groups: Groups) -> float | None:
        series = groups.get(group, {})
        return series[name].median("cpu") if name in series else None

    return figure


def slowest(group: str) -> Callable[[Groups], float | None]:
    """Seconds until it is done, in 95 of 100 runs."""

    def figure(groups: Groups) -> float | None:
        series = groups.get(group, {})
        times = series[group].values("wall") if group in series else []
        return quantiles(times, n=100, method="inclusive")[94] if len(times) > 1 else None

    return figure


def growth(name: str) -> Callable[[Groups], float | None]:
    """What one more service costs between the two greater sizes, against the two smaller ones: 1 is linear."""

    def figure(groups: Groups) -> float | None:
        measured = [groups.get(services(size), {}).get(name) for size in SIZES]
        cpu = [series.median("cpu") for series in measured if series]
        if len(cpu) < len(SIZES):
            return None
        small, large = ((cpu[n + 1] - cpu[n]) / (SIZES[n + 1] - SIZES[n]) for n in (0, 1))
        return large / small

    return figure


GOALS = (
    Goal(
        what="`cdk8s synth` from nothing, without environments: ChatDB / empty app, CPU",
        figure=without(SYNTH, PLATFORM, RENDERING, EMPTY),
        limit=1.5,
    ),
    Goal(what="the same with environments: ChatDB / empty app, CPU", figure=cpu_ratio(SYNTH, PLATFORM, EMPTY)),
    Goal(what="environments from nothing (Kustomize), CPU", figure=cpu(SYNTH, RENDERING), unit=" s"),
    Goal(what="the same, nothing changed: ChatDB / empty app, CPU", figure=cpu_ratio(SYNTH, AGAIN, EMPTY), limit=1.5),
    Goal(what=f"`{UNCHANGED}`, nothing changed, wall", figure=wall(DAILY, UNCHANGED), unit=" s", limit=0.08),
    Goal(what="the same, one entry changed, wall", figure=wall(CHANGED, EDITED), unit=" s", limit=1.0),
    Goal(what="the same with --watch, save to files, 95 of 100", figure=slowest(SAVED), unit=" s", limit=1.2),
    Goal(what="one entry of 1000 changed, CPU", figure=cpu(CHANGE, ONE_CHANGED), unit=" s", limit=2),
    Goal(what="the same / helm template of all, CPU", figure=cpu_ratio(CHANGE, ONE_CHANGED, HELM_NAME)),
    Goal(what="the same, each tier has a patch, CPU", figure=cpu(CHANGE, ONE_PATCHED), unit=" s"),
    Goal(what="`chatdb check`, wall", figure=wall(DAILY, CHECK), unit=" s", limit=5),
    Goal(what="5 services: ours / bare cdk8s, CPU", figure=cpu_ratio(services(5), OURS, BARE)),
    Goal(what="100 services: ours / bare cdk8s, CPU", figure=cpu_ratio(services(100), OURS, BARE), limit=1.3),
    Goal(what="1000 services: ours / bare cdk8s, CPU", figure=cpu_ratio(services(1000), OURS, BARE), limit=0.85),
    Goal(what="one more service, ours: 100 to 1000 / 5 to 100", figure=growth(OURS), limit=1.2),
    Goal(what="one more service, bare cdk8s: 100 to 1000 / 5 to 100", figure=growth(BARE)),
    *(
        Goal(what=f"{size} services: ours / helm, CPU", figure=cpu_ratio(services(size), OURS, HELM_NAME))
        for size in SIZES
    ),
)
