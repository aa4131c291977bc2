"""Outbox and inbox on a real PostgreSQL, with a publisher of a few lines."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import pytest

from chatdb_common import database, inbox, outbox
from chatdb_common.database import Pool
from chatdb_common.ids import new_id
from chatdb_common.messages import Query
from chatdb_common.outbox import OutboxRelay
from chatdb_common.publisher import PublishError, Record, record
from chatdb_common.settings import DatabaseSettings


class Settings(DatabaseSettings):
    """A service with tables."""

    service: ClassVar[str] = "demo"
    port: int = 0


class FakePublisher:
    """Keeps what it is given; takes only the first `room` of a batch where that is said."""

    def __init__(self, room: int | None = None) -> None:
        """Takes all."""
        self.sent: list[str] = []
        self.room = room
        self.open = threading.Event()
        self.open.set()

    def publish(self, records: Sequence[Record]) -> None:
        """In order, once the way is open."""
        assert self.open.wait(20)
        taken = records if self.room is None else records[: self.room]
        self.sent += [json.loads(one.value)["query"] for one in taken]
        if len(taken) < len(records):
            raise PublishError("down", len(taken))


@pytest.fixture
def pool(database_url: Callable[[str], str]) -> Iterator[Pool]:
    """The pool of a role with an outbox and an inbox."""
    with database.open_pool(Settings(database_url=database_url("orchestrator"))) as pool:
        yield pool


def question(text: str) -> Query:
    """A message."""
    return Query(query_id=new_id(), query=text)


def decide(pool: Pool, *texts: str) -> None:
    """Commit these messages to the outbox."""
    with pool.connection() as connection:
        for text in texts:
            outbox.add(connection, record("queries", question(text)))


def relay_of(pool: Pool, publisher: FakePublisher) -> OutboxRelay:
    """A relay on the fake."""
    return OutboxRelay(pool, publisher)  # type: ignore[arg-type]


def test_messages_are_sent_once_in_order(pool: Pool) -> None:
    """What was committed is sent in its order, and not again."""
    publisher = FakePublisher()
    decide(pool, "a", "b")
    decide(pool, "c")
    relay = relay_of(pool, publisher)
    assert [relay.send_batch(), relay.send_batch()] == [3, 0]
    assert publisher.sent == ["a", "b", "c"]


def test_message_of_an_undone_transaction_is_not_sent(pool: Pool) -> None:
    """The message and its reason are committed together, or not at all."""
    publisher = FakePublisher()
    with pool.connection() as connection, connection.transaction(force_rollback=True):
        outbox.add(connection, record("queries", question("a")))
    assert relay_of(pool, publisher).send_batch() == 0


def test_what_kafka_took_is_not_sent_again(pool: Pool) -> None:
    """Of a batch that breaks off, the first part is marked, and the next batch begins with the rest."""
    publisher = FakePublisher(room=2)
    decide(pool, "a", "b", "c")
    relay = relay_of(pool, publisher)
    with pytest.raises(PublishError):
        relay.send_batch()
    publisher.room = None
    relay.send_batch()
    assert publisher.sent == ["a", "b", "c"]


def test_two_relays_do_not_interleave(pool: Pool) -> None:
    """While one replica sends, the other finds nothing to do."""
    slow, other = FakePublisher(), FakePublisher()
    slow.open.clear()
    decide(pool, *"abcdef")
    with ThreadPoolExecutor(1) as threads:
        first = threads.submit(relay_of(pool, slow).send_batch)
        while not _locked(pool):
            assert not first.done()
            time.sleep(0.01)
        assert relay_of(pool, other).send_batch() == 0
        slow.open.set()
        assert first.result(timeout=20) == 6
    assert (slow.sent, other.sent) == (list("abcdef"), [])


def _locked(pool: Pool) -> bool:
    with pool.connection() as connection:
        row = connection.execute("SELECT count(*) AS n FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    return row is not None and row["n"] > 0


def test_relay_as_a_worker(pool: Pool) -> None:
    """It sends what comes, at once when it is woken, and ends when asked."""
    publisher = FakePublisher()
    relay = relay_of(pool, publisher)
    relay.start()
    decide(pool, "a")
    relay.wake()
    deadline = time.monotonic() + 20
    while not publisher.sent and time.monotonic() < deadline:
        time.sleep(0.01)
    relay.stop()
    assert relay.join(20)
    assert publisher.sent == ["a"]


def test_inbox_knows_what_it_has_seen(pool: Pool) -> None:
    """A message is new once, and again where its transaction was undone."""
    message = question("a")
    with pool.connection() as connection, connection.transaction(force_rollback=True):
        assert inbox.first_time(connection, "queries", message)
    for expected in (True, False):
        with pool.connection() as connection:
            assert inbox.first_time(connection, "queries", message) is expected


def test_missing_server_is_no_error_at_start() -> None:
    """A pool opens without a server; who asks it is told in time, with an error that passes."""
    settings = Settings(database_url="postgresql://u:p@127.0.0.1:1/none")
    with database.open_pool(settings, wait=0.3) as pool, pytest.raises(database.TRANSIENT):
        database.check(pool, "jobs")


def test_missing_table_is_named(pool: Pool) -> None:
    """A database without the migrations is not ready, and the reason is said."""
    with pytest.raises(LookupError, match="table nothing is missing"):
        database.check(pool, "jobs", "nothing")
