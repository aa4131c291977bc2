"""The outbox: messages that are decided in the transaction of their reason, and sent after it, at least once."""

import threading
import time
from typing import Any

from prometheus_client import Gauge
from psycopg.types.json import Jsonb

from chatdb_common.database import Connection, Pool
from chatdb_common.failpoints import failpoint
from chatdb_common.publisher import Publisher, PublishError, Record
from chatdb_common.workers import Worker

BATCH = 100
IDLE_SECONDS = 0.5
GATHER_SECONDS = 0.02
# Any number will do, as long as all replicas use the same one.
LOCK = 20261125
MEASURE_SECONDS = 5.0
WAITING = Gauge("outbox_messages", "Messages that are decided and not sent, as the last look found")
OLDEST = Gauge("outbox_oldest_message_timestamp_seconds", "When the oldest of them was decided; 0 without any")


def add(connection: Connection, record: Record) -> None:
    """Decide that the message is sent, if this transaction commits."""
    connection.execute(
        "INSERT INTO outbox (topic, key, payload, headers) VALUES (%s, %s, %s, %s)",
        (record.topic, record.key or "", record.value.decode(), Jsonb(dict(record.headers))),
    )


class OutboxRelay(Worker):
    """Sends what the outbox holds, in its order; of several replicas one at a time, so that they do not interleave.

    Messages of one key keep their order because who writes them holds the lock of what the key names.
    """

    def __init__(self, pool: Pool, publisher: Publisher) -> None:
        """Looks twice a second, and at once after `wake`."""
        super().__init__("outbox relay")
        self._pool = pool
        self._publisher = publisher
        self._awake = threading.Event()
        self._measure_at = 0.0

    def wake(self) -> None:
        """There is something to send: to be called after the commit."""
        self._awake.set()

    def stop(self) -> None:
        """Do not wait for the next look."""
        super().stop()
        self._awake.set()

    def step(self) -> None:
        """One batch; waits where that was not a full one."""
        self._awake.clear()
        # First: what can't be sent waits, and is to be seen.
        self._measure()
        if self.send_batch() < BATCH and self._awake.wait(IDLE_SECONDS):
            # Who wakes it is seldom alone: what comes meanwhile goes together.
            self.stopping.wait(GATHER_SECONDS)

    def send_batch(self) -> int:
        """How many messages were sent; PublishError where Kafka did not take all, with those it took marked."""
        failure: PublishError | None = None
        with self._pool.connection() as connection:
            rows = _claim(connection)
            try:
                if rows:
                    self._publisher.publish([_record(row) for row in rows])
                    failpoint("outbox-published")
                sent = len(rows)
            except PublishError as error:
                failure, sent = error, error.delivered
            connection.execute(
                "UPDATE outbox SET published_at = now() WHERE id = ANY(%s)", ([row["id"] for row in rows[:sent]],)
            )
        if failure is not None:
            raise failure
        return sent

    def _measure(self) -> None:
        if time.monotonic() < self._measure_at:
            return
        with self._pool.connection() as connection:
            row = connection.execute(
                "SELECT count(*) AS waiting, extract(epoch FROM min(created_at))::float8 AS oldest"
                " FROM outbox WHERE published_at IS NULL"
            ).fetchone()
        if row is not None:
            WAITING.set(row["waiting"])
            OLDEST.set(row["oldest"] or 0)
        self._measure_at = time.monotonic() + MEASURE_SECONDS


def _claim(connection: Connection) -> list[dict[str, Any]]:
    """The oldest messages, for this transaction only; none where another replica is at it."""
    lock = connection.execute("SELECT pg_try_advisory_xact_lock(%s) AS mine", (LOCK,)).fetchone()
    if lock is None or not lock["mine"]:
        return []
    return connection.execute(
        "SELECT id, topic, key, payload::text, headers FROM outbox WHERE published_at IS NULL ORDER BY id LIMIT %s",
        (BATCH,),
    ).fetchall()


def _record(row: dict[str, Any]) -> Record:
    return Record(row["topic"], row["key"], row["payload"].encode(), row["headers"])
