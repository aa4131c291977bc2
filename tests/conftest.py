"""What many tests look at: the repository itself, its overlay rendered once, and the platform as processes."""

import os
import random
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from catalogue.components import CATALOGUE
from chatdb.local.fault_proxy import Proxies, with_proxies
from chatdb.local.platform import Platform
from chatdb.local.processes import Server, free_ports, scratch_folder
from chatdb.local.site import HOST
from constructs_lib.checks.model import Inputs
from constructs_lib.checks.render import inputs
from constructs_lib.settings import read_settings
from tests.fuzz.lane import again
from tests.local.traces import Collector
from tests.repository import NOT_RUN, PLATFORM, ROOT
from tests.scheduler import ServersTogether

SEED = 20261125
# The same examples in every run: a failure is a change of the code, and never bad luck or a busy machine.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.load_profile("fixed")


@pytest.fixture(scope="session")
def root() -> Path:
    """The repository."""
    return ROOT


@pytest.fixture(scope="session")
def rendered() -> Inputs:
    """The minikube overlay of the repository, as Argo CD would apply it."""
    return inputs(ROOT, PLATFORM, read_settings(ROOT, CATALOGUE, "minikube"))


@pytest.fixture(scope="session")
def kafka_installed() -> None:
    """Skip where Kafka could not be installed; where Maven is, all else of the platform has to be there."""
    if not shutil.which("mvn") and not (ROOT / ".tools/stamps/kafka").exists():
        pytest.skip(f"{NOT_RUN}Kafka comes by Maven, which is not here: install it, then make setup-local")


@pytest.fixture(scope="session")
def collector(kafka_installed: None) -> Iterator[Collector]:
    """Who receives the traces of the platform's services."""
    with scratch_folder() as folder:
        (port,) = free_ports(1)
        command = [str(ROOT / ".tools/services/bin/python"), str(ROOT / "tests/local/collector.py"), str(port)]
        server = Server("collector", [*command, str(folder / "spans")], folder / "log", {"PATH": os.environ["PATH"]})
        server.start()
        try:
            yield Collector(f"http://{HOST}:{port}", folder / "spans")
        finally:
            server.stop()


@pytest.fixture(scope="session")
def around(kafka_installed: None) -> Iterator[tuple[Platform, Proxies]]:
    """A platform with proxies between its services and what they need; nothing of it is started."""
    with with_proxies(PLATFORM, ROOT) as made:
        yield made


@pytest.fixture(scope="session")
def running(around: tuple[Platform, Proxies], collector: Collector) -> Platform:
    """All components and services, started without any order: services first, and what they need last."""
    started, _ = around
    for part in started.parts.values():
        if started.is_service(part.component.name):
            part.server.env_vars["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.address
    order = random.Random(SEED).sample(sorted(started.parts), len(started.parts))
    for name in sorted(order, key=lambda name: not started.is_service(name)):
        started.start(name)
    started.wait()
    return started


@pytest.fixture
def proxies(around: tuple[Platform, Proxies]) -> Proxies:
    """What lies between the services and what they need."""
    return around[1]


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ServersTogether:
    """Which test goes to which process."""
    return ServersTogether(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line for each reason why tests were not run, and the seed of what was drawn."""
    skipped = (report.longrepr[2] for report in terminalreporter.stats.get("skipped", ()))
    for reason, count in Counter(reason.partition(NOT_RUN)[2] for reason in skipped if NOT_RUN in reason).items():
        terminalreporter.write_line(f"NOT RUN: {count} tests; {reason}", yellow=True)
    ran = (report.nodeid for key in ("passed", "failed") for report in terminalreporter.stats.get(key, ()))
    if any(test.startswith("tests/fuzz/") for test in ran):
        terminalreporter.write_line(f"fuzz: to draw the same examples again: {again('tests/fuzz')}")
