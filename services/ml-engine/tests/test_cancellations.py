"""Which attempts are over, as a second reader of the topic finds out."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from confluent_kafka import Consumer, KafkaException
from kafka_broker import serve_kafka

from catalogue.components import CATALOGUE
from chatdb_common.ids import new_id
from chatdb_common.messages import JobMessage, JobMessageType
from chatdb_common.publisher import Publisher, record
from chatdb_common.service import HTTP_DRAIN_SECONDS
from constructs_lib.defaults import DRAIN_SECONDS
from ml_engine.cancellations import Cancellations
from ml_engine.entrypoints import CATCH_UP_SECONDS, WORKER_SECONDS
from ml_engine.settings import Settings

TOPIC = "training_jobs"


@pytest.fixture
def settings() -> Iterator[Settings]:
    """With a broker."""
    with serve_kafka() as address:
        yield Settings(
            kafka_bootstrap_servers=address,
            s3_endpoint="http://127.0.0.1:1",
            aws_access_key_id="a",
            aws_secret_access_key="b",
            model_registry_url="http://127.0.0.1:1",
            training_topic=TOPIC,
            events_topic="training_events",
            prediction_topic="predictions",
        )


def send(settings: Settings, kind: JobMessageType, *attempts: int) -> UUID:
    """Messages of one job."""
    publisher = Publisher(settings.kafka_bootstrap_servers)
    job_id = new_id()
    told = [
        JobMessage(type=kind, job_id=job_id, attempt=attempt, model_name="m", dataset_location="s3://test/data.csv")
        for attempt in attempts
    ]
    publisher.publish([record(TOPIC, one) for one in told])
    publisher.close()
    return job_id


class Clumsy:
    """A consumer that has nothing at its first look, and reports an error in the middle of a batch."""

    def __init__(self, config: dict[str, Any]) -> None:
        """A real one behind it."""
        self._client = Consumer(config)
        self._looks = 0

    def consume(self, most: int, timeout: float) -> list[Any]:
        """Nothing, an error with what comes after it, and then as it is."""
        self._looks += 1
        if self._looks == 1:
            return []
        messages = self._client.consume(most, timeout)
        return [Failed(), *messages] if self._looks == 2 else messages

    def __getattr__(self, name: str) -> Any:
        """All else."""
        return getattr(self._client, name)


class Failed:
    """What a consumer gives where a partition failed."""

    def error(self) -> Any:
        """A code, as Kafka's are."""
        return self

    def code(self) -> int:
        """None that is known."""
        return -1


def caught_up(cancellations: Cancellations) -> int:
    """How many errors there were until all was read."""
    errors = 0
    for _ in range(60):
        try:
            cancellations.step()
        except KafkaException:
            errors += 1
        if cancellations.caught_up.is_set():
            return errors
    raise TimeoutError("it never caught up")


def test_attempts_are_over(settings: Settings) -> None:
    """Those before the newest, and all of a job that is cancelled."""
    running = send(settings, JobMessageType.REQUESTED, 1)
    tried = send(settings, JobMessageType.REQUESTED, 1, 2, 3)
    cancelled = send(settings, JobMessageType.CANCELLED, 1)
    cancellations = Cancellations(settings, TOPIC)
    caught_up(cancellations)
    cancellations.close()
    assert not cancellations.over(running, 1)
    assert [cancellations.over(tried, attempt) for attempt in (1, 2, 3)] == [True, True, False]
    assert [cancellations.over(cancelled, attempt) for attempt in (1, 2)] == [True, True]
    assert not cancellations.over(new_id(), 1)


def test_is_not_caught_up_before_all_was_read(settings: Settings) -> None:
    """A look that found nothing is no end, and an error takes nothing of its batch away."""
    jobs = [send(settings, JobMessageType.CANCELLED, 1) for _ in range(20)]
    cancellations = Cancellations(settings, TOPIC, connect=Clumsy)  # type: ignore[arg-type]
    cancellations.step()
    assert not cancellations.caught_up.is_set()
    assert caught_up(cancellations) == 1
    cancellations.close()
    assert all(cancellations.over(job, 1) for job in jobs)


def test_worker_has_the_time_that_the_catalogue_gives() -> None:
    """A job may take long to hand back; all that comes before is within the grace period, too."""
    (component,) = [one for one in CATALOGUE.components if one.name == Settings.service]
    assert component.grace_period > DRAIN_SECONDS + HTTP_DRAIN_SECONDS + WORKER_SECONDS
    assert WORKER_SECONDS > CATCH_UP_SECONDS
