"""A worker of ml-engine that model `deadly` kills in the middle of the job, as the kernel does when memory is short."""

import os
import signal
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from confluent_kafka import Consumer

from chatdb_common.consumer import ConsumerWorker
from chatdb_common.messages import JobMessage, TrainingEvent
from chatdb_common.publisher import Publisher, record
from ml_engine.cancellations import Cancellations
from ml_engine.domain import Assignment, BadData, Trained
from ml_engine.service_layer import Trainer
from ml_engine.settings import Settings


def learn(assignment: Assignment, *_calls: Callable[..., None]) -> Trained:
    """In the middle of the job: it has started, and has no result."""
    if "deadly" in assignment.location:
        os.kill(os.getpid(), signal.SIGKILL)
    raise BadData("this one only fails")


def impatient(config: dict[str, Any]) -> Consumer:
    """A member whose death is noticed soon."""
    return Consumer(config | {"session.timeout.ms": 4000, "heartbeat.interval.ms": 500})


settings = Settings.read()
publisher = Publisher(settings.kafka_bootstrap_servers)
cancellations = Cancellations(settings, settings.training_topic)


def tell(event: TrainingEvent) -> None:
    """Let the orchestrator know."""
    publisher.publish([record(settings.events_topic, event)])


def over(*attempt: Any) -> bool:
    """Once all was read."""
    assert cancellations.caught_up.wait(30)
    return cancellations.over(*attempt)


registry: Any = None
trainer = Trainer(learn=learn, registry=registry, publish=tell, over=over, ending=partial(bool, 0))
consumer = ConsumerWorker(
    settings=settings,
    topic=settings.training_topic,
    model=JobMessage,
    handle=trainer.handle,
    publisher=publisher,
    connect=impatient,
)
cancellations.start()
consumer.start()
while True:
    time.sleep(1)
