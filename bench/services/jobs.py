"""Jobs that are acknowledged in a second: POST /jobs against PostgreSQL alone, and what HTTP alone would let through.

Every turn begins with an empty queue and an empty outbox: more than a hundred jobs do not wait, and what the relay
sends to Kafka after a turn is in no other figures. ml-engine is stopped: intake is measured, and no training.
"""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any

from turns import Contender, Results, Turn, alternate
from workers import worker
from world import ROOT, World

from chatdb.local.processes import wait_for

HTTP, REFUSED = "POST /jobs", "POST /jobs, refused for its body"
SERVICE, INSERT = "POST /jobs, without HTTP", "bare inserts"
ORCHESTRATOR = "training-orchestrator"
MIGRATIONS = ROOT / "services/training-orchestrator/migrations"
SCHEMA = "bare"
"""A second set of the service's tables, with all indexes and constraints, that no relay looks at."""
CLIENTS = (8, 16, 24)
"""At once; PostgreSQL takes no more connections beside those of the platform."""
COUNT, ROUNDS = 96, 15
QUIET_SECONDS = 60
ORDER = {"model_name": "bench", "dataset_location": "s3://datasets/bench.csv"}
MESSAGE = {
    "message_id": "0199d0c0-0000-7000-8000-000000000000",
    "type": "requested",
    "attempt": 1,
    **ORDER,
    "target_column": None,
    "task": None,
    "cpu_request": None,
    "hyperparameters": {},
}
EMPTY = (
    "UPDATE orchestrator.jobs SET status = 'CANCELLED', version = version + 1, finished_at = now()"
    " WHERE status = 'QUEUED'"
)
WAITING = "SELECT count(*) FROM orchestrator.outbox WHERE published_at IS NULL"


def jobs(world: World) -> dict[int, Results]:
    """The turns of each way to keep jobs, by the number of clients."""
    world.platform.parts["ml-engine"].server.stop()
    _make_schema(world)
    return {clients: _measured(world, clients) for clients in CLIENTS}


def _measured(world: World, clients: int) -> Results:
    told: dict[str, Mapping[str, Any]] = {
        SERVICE: {"way": "service", "settings": _settings(world)},
        INSERT: {"way": "insert", "database": world.database(), "schema": SCHEMA, "message": MESSAGE},
    }
    many = {"clients": clients, "count": COUNT}
    asks = {"address": world.address(ORCHESTRATOR), "asks": [("POST", "/jobs", ORDER)]}
    with ExitStack() as stack:
        refused = {"asks": [("POST", "/jobs", {**ORDER, "model_name": "no name"})], "wanted": 422}
        workers = {
            HTTP: stack.enter_context(worker("ask_http.py", {**asks, **many})),
            REFUSED: stack.enter_context(worker("ask_http.py", {**asks, **many, **refused})),
        }
        for name, one in told.items():
            workers[name] = stack.enter_context(worker("jobs_direct.py", {**one, **many, "order": ORDER}))
        return alternate({name: _emptied(world, take) for name, take in workers.items()}, world.rounds(ROUNDS))


def _emptied(world: World, take: Contender) -> Contender:
    def act() -> Turn:
        world.sql(EMPTY)
        wait_for("the outbox is empty", QUIET_SECONDS, lambda: world.sql(WAITING) == "0")
        return take()

    return act


def _make_schema(world: World) -> None:
    files = "\n".join(path.read_text(encoding="utf-8") for path in sorted(MIGRATIONS.glob("*.sql")))
    world.sql(f"CREATE SCHEMA {SCHEMA}; SET search_path TO {SCHEMA};\n{files}")


def _settings(world: World) -> dict[str, str]:
    return {name.lower(): value for name, value in world.told(ORCHESTRATOR).items()}
