"""The local platform: every part in the order of the catalogue's relations, and none left behind."""

import time
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path

from chatdb.local.parts import MAKERS, Part, make_part, program
from chatdb.local.processes import POLL, scratch_folder
from chatdb.local.site import HOST, Site, make_site
from constructs_lib.problem import InvalidInput, Problem
from constructs_lib.resolved import ResolvedComponent, ResolvedPlatform
from constructs_lib.types.microservice.spec import Microservice

START_SECONDS = 300
Tell = Callable[[str, tuple[str, ...]], None]
"""Hears of each part that is ready, and which ones are waited for."""


def local_components(resolved: ResolvedPlatform, root: Path) -> tuple[ResolvedComponent, ...]:
    """The components that run locally, in start-up order; a service without a program has nothing to run."""
    candidates = (c for _, _, components in resolved.deploy_order() for c in components if c.type in MAKERS)
    return tuple(c for c in candidates if c.type != Microservice.name or program(root, c).exists())


def unwritten(resolved: ResolvedPlatform, root: Path) -> tuple[str, ...]:
    """The services that have an entry, and no program yet."""
    services = resolved.of_type(Microservice.name)
    return tuple(sorted(c.name for c in services if not program(root, c).exists()))


@dataclass(frozen=True, kw_only=True)
class Platform:
    """What runs, by component, and where it is."""

    site: Site
    parts: Mapping[str, Part]
    started: list[str] = field(default_factory=list)

    def url(self, name: str) -> str:
        """Where the service of that name answers."""
        return f"http://{HOST}:{self.site.ports[name, 'http']}"

    def is_service(self, name: str) -> bool:
        """Whether it is one of ChatDB's own."""
        return self.parts[name].component.type == Microservice.name

    def start(self, name: str) -> None:
        """Start one part, whatever others do."""
        self.started.append(name)
        self.parts[name].server.start()

    def start_in_order(self, tell: Tell = lambda _ready, _waiting: None) -> None:
        """Start each part when those that it comes after are ready, until all are."""
        sorter = TopologicalSorter({name: self._before(name) for name in self.parts})
        sorter.prepare()
        waiting: set[str] = set()
        deadline = time.monotonic() + START_SECONDS
        while sorter.is_active():
            for name in sorter.get_ready():
                self.start(name)
                waiting.add(name)
            for name in self._ready_of(waiting, deadline):
                waiting.discard(name)
                sorter.done(name)
                tell(name, tuple(sorted(waiting)))

    def wait(self, seconds: float = START_SECONDS) -> None:
        """Until all that was started is ready; InvalidInput that names what is not."""
        waiting = set(self.started)
        deadline = time.monotonic() + seconds
        while waiting:
            waiting -= self._ready_of(waiting, deadline)

    def check(self, spared: Collection[str] = ()) -> None:
        """InvalidInput where a server has ended by itself, but for those that are spared."""
        for name in self.started:
            if name not in spared:
                self.parts[name].check()

    def stop(self) -> None:
        """End all: first the services, which finish what they do within their grace period, then what they need."""
        services = [self.parts[name] for name in self.started if self.is_service(name)]
        for part in services:
            part.server.ask()
        asked = time.monotonic()
        for part in services:
            part.server.stop(max(0.0, asked + part.component.grace_period - time.monotonic()))
        for name in reversed(self.started):
            self.parts[name].server.stop()

    def _before(self, name: str) -> Collection[str]:
        return [other for other in self.parts[name].component.after if other in self.parts]

    def _ready_of(self, names: Collection[str], deadline: float) -> set[str]:
        """Those that are ready, after a moment."""
        time.sleep(POLL)
        ready = {name for name in names if self.parts[name].is_ready()}
        if not ready and time.monotonic() > deadline:
            raise InvalidInput([self._late(name) for name in sorted(names)])
        return ready

    def _late(self, name: str) -> Problem:
        message = f"it is not ready after {START_SECONDS} s; its last lines:\n{self.parts[name].server.last_lines(5)}"
        return Problem(name, message, "fix what they say, or start again on a machine with less to do")


@contextmanager
def platform(resolved: ResolvedPlatform, root: Path, *, detours: bool = False) -> Iterator[Platform]:
    """A platform in a folder of its own, nothing of it started; at the end nothing of it is left.

    With `detours` the services reach what they need only when somebody listens at the detours of the site.
    """
    with scratch_folder() as folder:
        components = local_components(resolved, root)
        site = make_site(resolved, root, folder, components, detours=detours)
        local = [site.platform.component(one.name) for one in components]
        made = Platform(site=site, parts={one.name: make_part(site, one) for one in local})
        try:
            yield made
        finally:
            made.stop()
