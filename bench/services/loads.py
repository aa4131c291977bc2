"""Load on the services that no comparison has put under any, and the most memory that each has held."""

from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass

import yaml
from peaks import peak
from workers import worker
from world import ROOT, World

from chatdb.local.processes import wait_for
from constructs_lib.quantity import MIB, in_bytes

CORPUS = ROOT / "services/query-parser/tests/corpus"
CLIENTS, QUESTIONS, PAGES = 4, 1000, 200
QUICK = 20
RUN_SECONDS = 180


@dataclass(frozen=True, kw_only=True, slots=True)
class Memory:
    """MiB: the most that a service has held, and what its manifest lets it have."""

    peak: float
    limit: float


def load_query_parser(world: World) -> None:
    """The questions of its corpus, from several clients."""
    files = sorted(path for part in ("tuned", "held-out") for path in (CORPUS / part).glob("*/chatdb.yaml"))
    entries = [entry for path in files for entry in yaml.safe_load(path.read_text(encoding="utf-8"))]
    _ask(world, "query-parser", [("POST", "/parse", {"query": entry["ask"]}) for entry in entries], QUESTIONS)


def load_test_service(world: World) -> None:
    """Its page, and a smoke run to its end."""
    run = world.call("test-service", "POST", "/runs")

    def over() -> bool:
        return bool(world.call("test-service", "GET", f"/runs/{run['id']}")["status"] in ("passed", "failed"))

    _ask(world, "test-service", [("GET", "/", None)], PAGES)
    wait_for("the smoke run has ended", RUN_SECONDS, over)


def _ask(world: World, name: str, asks: list[tuple[str, str, object]], count: int) -> None:
    told = {"address": world.address(name), "asks": asks, "clients": CLIENTS}
    with ExitStack() as stack:
        stack.enter_context(worker("ask_http.py", {**told, "count": QUICK if world.quick else count}))()


def memory(world: World) -> Mapping[str, Memory]:
    """By service, of those that run."""
    by_service = {}
    for name, part in world.platform.parts.items():
        if world.platform.is_service(name) and part.server.alive():
            limit = part.component.resources.memory_limit
            by_service[name] = Memory(peak=peak(part.server.pid), limit=in_bytes(limit) / MIB)
    return by_service
