"""Which jobs nobody waits for, told by a second look at the topic: the first one is busy while a job is done."""

import sys
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any
from uuid import UUID

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, TopicPartition
from pydantic import ValidationError

from chatdb_common.messages import JobMessage, JobMessageType
from chatdb_common.settings import KafkaSettings
from chatdb_common.workers import Worker

BATCH = 500
REMEMBERED = 20_000
# No attempt of a job that is cancelled is wanted.
NONE = sys.maxsize


class Cancellations(Worker):
    """Reads all of `training_jobs`, as no member of a group, and remembers which attempts are over."""

    def __init__(
        self, settings: KafkaSettings, topic: str, *, connect: Callable[[dict[str, Any]], Consumer] = Consumer
    ) -> None:
        """Connects in its own thread."""
        super().__init__(f"cancellations of {topic}")
        self._topic = topic
        self._connect = connect
        self._config: dict[str, Any] = {
            "bootstrap.servers": settings.kafka_bootstrap_servers,
            # The client wants a name, though nothing is committed.
            "group.id": f"{settings.service}-cancellations",
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "enable.partition.eof": True,
        }
        self._client: Consumer | None = None
        self._wanted: OrderedDict[UUID, int] = OrderedDict()
        self._unread: set[int | None] = set()
        self.caught_up = threading.Event()

    def over(self, job_id: UUID, attempt: int) -> bool:
        """Whether the job's end, or a newer attempt, was seen."""
        return attempt < self._wanted.get(job_id, 0)

    def step(self) -> None:
        """A batch of messages."""
        failure: KafkaError | None = None
        for message in self._connected().consume(BATCH, timeout=1.0):
            error = message.error()
            if error is None:
                self._note(message.value() or b"")
            elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - its only name
                self._unread.discard(message.partition())
            else:
                failure = error
        if not self._unread:
            self.caught_up.set()
        if failure is not None:
            raise KafkaException(failure)

    def close(self) -> None:
        """Let go of the connection."""
        if self._client is not None:
            self._client.close()

    def _connected(self) -> Consumer:
        if self._client is None:
            client = self._connect(self._config)
            try:
                partitions = client.list_topics(self._topic, timeout=5.0).topics[self._topic].partitions
                if not partitions:
                    raise LookupError(f"topic {self._topic} is missing")
            except Exception:
                client.close()
                raise
            client.assign([TopicPartition(self._topic, number, OFFSET_BEGINNING) for number in partitions])
            self._client, self._unread = client, set(partitions)
        return self._client

    def _note(self, value: bytes) -> None:
        try:
            message = JobMessage.model_validate_json(value)
        except ValidationError:
            return
        wanted = NONE if message.type is JobMessageType.CANCELLED else message.attempt
        if wanted > 1:
            self._wanted[message.job_id] = max(wanted, self._wanted.get(message.job_id, 0))
        if len(self._wanted) > REMEMBERED:
            self._wanted.popitem(last=False)
