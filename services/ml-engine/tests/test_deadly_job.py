"""A job that kills its workers: the real orchestrator's part on a real PostgreSQL, and workers as processes."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import UUID

import pytest
from confluent_kafka import Consumer, TopicPartition
from kafka_broker import serve_kafka

from chatdb.local.processes import Server, wait_for
from chatdb_common import database as db
from chatdb_common.consumer import ConsumerWorker
from chatdb_common.database import Pool
from chatdb_common.messages import TrainingEvent
from chatdb_common.outbox import OutboxRelay
from chatdb_common.publisher import Publisher
from training_orchestrator.adapters import begin
from training_orchestrator.domain import MOST_ATTEMPTS, Job, Status
from training_orchestrator.entrypoints import Begin
from training_orchestrator.service_layer import Intake, Order, note_event, return_expired
from training_orchestrator.settings import Settings

SCRIPT = Path(__file__).with_name("deadly_worker.py")
TOPIC = "training_jobs"
SECONDS = 60
KILLED = 128 + 9


@dataclass
class Orchestrator:
    """What training-orchestrator does, one step at a time."""

    begin: Begin
    pool: Pool
    relay: OutboxRelay
    events: ConsumerWorker[TrainingEvent]

    def submit(self, name: str) -> UUID:
        """A job that is sent."""
        with self.begin() as work:
            job = Intake(work).submit(Order(model_name=name, dataset_location=f"s3://test/{name}.csv"))
        self.relay.send_batch()
        return job.id

    def job(self, job_id: UUID) -> Job:
        """As the events that came say."""
        self.events.step()
        with self.begin() as work:
            return work.get(job_id)

    def wait_for(self, job_id: UUID, status: Status, attempts: int) -> Job:
        """The job, when it is there."""

        def there() -> bool:
            job = self.job(job_id)
            return (job.status, job.attempts) == (status, attempts)

        wait_for(f"{status} in attempt {attempts}", SECONDS, there)
        return self.job(job_id)

    def give_up(self) -> None:
        """What the reaper does when the lease of a dead worker is over."""
        with self.pool.connection() as connection:
            connection.execute("UPDATE jobs SET lease_expires_at = now() - interval '1 second'")
        with self.begin() as work:
            assert return_expired(work) == 1
        self.relay.send_batch()


@pytest.fixture
def kafka() -> Iterator[str]:
    """A broker for this test."""
    with serve_kafka() as address:
        yield address


@pytest.fixture
def orchestrator(database_url: Callable[[str], str], kafka: str) -> Iterator[Orchestrator]:
    """On an empty database."""
    settings = Settings(
        database_url=database_url("orchestrator"),
        kafka_bootstrap_servers=kafka,
        training_topic=TOPIC,
        events_topic="training_events",
    )
    pool, publisher = db.open_pool(settings), Publisher(kafka)
    begin_work = partial(begin, pool, settings)

    def handle(event: TrainingEvent) -> None:
        with begin_work() as work:
            note_event(work, event)

    events = ConsumerWorker(
        settings=settings, topic="training_events", model=TrainingEvent, handle=handle, publisher=publisher
    )
    yield Orchestrator(begin_work, pool, OutboxRelay(pool, publisher), events)
    events.close()
    publisher.close()
    pool.close()


@pytest.fixture
def worker(kafka: str, tmp_path: Path) -> Iterator[Server]:
    """One worker, not yet started."""
    settings = {
        "KAFKA_BOOTSTRAP_SERVERS": kafka,
        "TRAINING_TOPIC": TOPIC,
        "EVENTS_TOPIC": "training_events",
        "PREDICTION_TOPIC": "predictions",
        "MODEL_REGISTRY_URL": "http://127.0.0.1:1",
        "S3_ENDPOINT": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "a",
        "AWS_SECRET_ACCESS_KEY": "b",
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    server = Server("worker", [sys.executable, str(SCRIPT)], tmp_path / "log", settings)
    yield server
    server.stop()


def unread(kafka: str) -> int:
    """How many messages no worker has acknowledged."""
    client = Consumer({"bootstrap.servers": kafka, "group.id": "ml-engine"})
    try:
        numbers = client.list_topics(TOPIC, timeout=5).topics[TOPIC].partitions
        committed = client.committed([TopicPartition(TOPIC, number) for number in numbers], timeout=5)
        return sum(client.get_watermark_offsets(at, timeout=5)[1] - max(0, at.offset) for at in committed)
    finally:
        client.close()


def test_job_fails_when_three_workers_died_of_it(orchestrator: Orchestrator, worker: Server, kafka: str) -> None:
    """Each attempt kills one worker, then the job is given up; the next worker skips it and does what waits behind."""
    deadly = orchestrator.submit("deadly")
    for attempt in range(1, MOST_ATTEMPTS + 1):
        worker.start()
        wait_for("the worker is killed", SECONDS, lambda: worker.status() == KILLED)
        worker.stop()
        orchestrator.wait_for(deadly, Status.RUNNING, attempt)
        orchestrator.give_up()
    job = orchestrator.wait_for(deadly, Status.FAILED, MOST_ATTEMPTS)
    assert job.error is not None
    assert job.error.startswith("3 workers died of this job")
    harmless = orchestrator.submit("harmless")
    worker.start()
    assert orchestrator.wait_for(harmless, Status.FAILED, 1).error == "this one only fails"
    wait_for("everything is acknowledged", SECONDS, lambda: unread(kafka) == 0)
    assert worker.alive()
