"""Contenders: jobs that are kept without HTTP, by as many clients as HTTP has.

`service` does what the handler of POST /jobs does, with the service's own code and pool. `insert` is PostgreSQL alone:
each client has a connection, and a transaction is the three rows of a job (job, transition, message) and nothing else.
"""

from collections.abc import Callable, Mapping
from typing import Any

import psycopg
from psycopg.types.json import Jsonb
from turns import Turn
from worker import serve, timed

from chatdb_common import database
from chatdb_common.ids import new_id
from training_orchestrator.adapters import begin
from training_orchestrator.service_layer import Intake, Order
from training_orchestrator.settings import Settings

JOB = (
    "INSERT INTO jobs (id, model_name, dataset_location, target_column, task, cpu_request, hyperparameters,"
    " status, version, created_at, updated_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, now(), now())"
)
TRANSITION = (
    "INSERT INTO transitions (job_id, version, from_status, to_status, reason, at) VALUES (%s, %s, %s, %s, %s, now())"
)
MESSAGE = "INSERT INTO outbox (topic, key, payload, headers) VALUES (%s, %s, %s, %s)"


def service(told: Mapping[str, Any]) -> Callable[[int], None]:
    """Through the service's own code."""
    settings = Settings.model_validate(told["settings"])
    pool = database.open_pool(settings)

    def act(_number: int) -> None:
        with begin(pool, settings) as work, work.together():
            Intake(work).submit(Order(**told["order"]))

    return act


def insert(told: Mapping[str, Any]) -> Callable[[int], None]:
    """With a connection of its own, in the schema of that name."""
    options = f"-c search_path={told['schema']}"
    connection = psycopg.connect(told["database"], autocommit=True, options=options)
    order, message = told["order"], told["message"]

    def act(_number: int) -> None:
        job = new_id()
        with connection.transaction():
            row = (job, order["model_name"], order["dataset_location"], None, None, None, Jsonb({}), "QUEUED", 1)
            connection.execute(JOB, row)
            connection.execute(TRANSITION, (job, 1, None, "QUEUED", None))
            payload = Jsonb({**message, "job_id": str(job)})
            connection.execute(MESSAGE, ("training_jobs", str(job), payload, Jsonb({})))

    return act


def contender(told: Mapping[str, Any]) -> Callable[[], Turn]:
    """`way`, `clients`, `count`, `order` and what that way needs."""
    clients = told["clients"]
    if told["way"] == "service":
        shared = service(told)
        acts = [shared] * clients
    else:
        acts = [insert(told) for _ in range(clients)]
    return lambda: timed(acts, told["count"])


if __name__ == "__main__":
    serve(contender)
