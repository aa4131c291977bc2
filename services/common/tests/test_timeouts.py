"""A dependency that does not answer is given up in time: on connections that are open, and on new ones."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from typing import Any, ClassVar, cast
from urllib.parse import urlsplit

import pytest
from confluent_kafka import Producer
from object_store_server import StoreSettings
from psycopg_pool import ConnectionPool
from silence import FAULTS, NEVER_SECONDS, Way, error_in_time, way_to

from chatdb.local.fault_proxy import Fault
from chatdb_common import database, object_store
from chatdb_common.database import Pool
from chatdb_common.publisher import Publisher, PublishError, Record
from chatdb_common.settings import DatabaseSettings
from chatdb_common.timeouts import ANSWER_SECONDS, WAIT_SECONDS

CONNECTIONS = 8


class Settings(DatabaseSettings):
    """A service with tables."""

    service: ClassVar[str] = "demo"
    port: int = 0


@pytest.fixture
def pool(database_url: Callable[[str], str]) -> Iterator[tuple[Pool, Way]]:
    """All connections of it are open and at rest, over a way of their own."""
    url = database_url("orchestrator")
    port = urlsplit(url).port
    assert port
    with way_to(port) as way:
        settings = Settings(database_url=url.replace(f":{port}/", f":{way.port}/"))
        with database.open_pool(settings, size=CONNECTIONS) as made:
            barrier = threading.Barrier(CONNECTIONS)

            def hold() -> None:
                with made.connection(20) as connection:
                    connection.execute("SELECT 1")
                    barrier.wait(20)

            threads = [threading.Thread(target=hold) for _ in range(CONNECTIONS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            yield made, way
            way.set(Fault.CUT)


@pytest.mark.parametrize("fault", FAULTS)
def test_database_gives_no_connection(pool: tuple[Pool, Way], fault: Fault) -> None:
    """Also where all of the pool are silent, one after the other; when it answers again, so does the pool."""
    made, way = pool

    def ask() -> None:
        with made.connection() as connection:
            connection.execute("SELECT 1")

    way.set(fault)
    # At first those that are open are tried, and then new ones are waited for.
    for _ in range(2):
        assert isinstance(error_in_time(ask), database.TRANSIENT)
    way.set(None)
    with made.connection(20) as connection:
        connection.execute("SELECT 1")


def test_connection_is_tried_for_a_moment(pool: tuple[Pool, Way], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who has waited for it has not much time left."""
    seen: list[float] = []
    monkeypatch.setattr(ConnectionPool, "check_connection", lambda connection: seen.append(connection.seconds))
    with pool[0].connection():
        assert seen == [database.CHECK_SECONDS]


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("together", [False, True])
def test_database_falls_silent_in_a_transaction(pool: tuple[Pool, Way], fault: Fault, together: bool) -> None:
    """The statement is given up, and so is its connection: what comes late is not taken for another answer."""
    made, way = pool
    with made.connection() as connection:
        connection.execute("SELECT 1")
        way.set(fault)

        def act() -> None:
            with connection.pipeline() if together else nullcontext():
                connection.execute("SELECT 2").fetchone()

        error, closed = error_in_time(act), connection.closed
        way.set(Fault.CUT)
    assert isinstance(error, database.TRANSIENT)
    assert closed


def test_work_beside_requests_has_more_time(pool: tuple[Pool, Way]) -> None:
    """A statement that is slow ends within the time that it is given, and not within a request's."""
    made, _ = pool
    with made.connection() as connection:
        with connection.within(WAIT_SECONDS + 20):
            connection.execute("SELECT pg_sleep(%s)", (WAIT_SECONDS + 0.5,))
        assert connection.seconds == WAIT_SECONDS


def test_kafka_takes_no_message() -> None:
    """The message is given up before its sender hears of it."""
    told: dict[str, Any] = {}

    def connect(config: dict[str, Any]) -> Producer:
        told.update(config)
        return Producer(config)

    with way_to(1) as way:
        way.set(Fault.DROP)
        publisher = Publisher(f"127.0.0.1:{way.port}", seconds=WAIT_SECONDS, connect=connect)
        assert isinstance(error_in_time(lambda: publisher.publish([Record("t", None, b"{}")])), PublishError)
    assert told["delivery.timeout.ms"] < 1000 * WAIT_SECONDS


class Mute:
    """A producer that does not say what becomes of messages, or has no room for more."""

    def __init__(self, full: bool) -> None:
        """For ever."""
        self._full = full

    def produce(self, *_arguments: object, **_more: object) -> None:
        """Keep it."""
        if self._full:
            raise BufferError

    def poll(self, seconds: float) -> None:
        """Nothing comes."""
        time.sleep(seconds)


@pytest.mark.parametrize("full", [False, True])
def test_client_of_kafka_says_nothing(full: bool) -> None:
    """It looks only once a second what has timed out: its word is not waited for."""
    publisher = Publisher("nobody", seconds=0.2, connect=lambda _: cast("Producer", Mute(full)))
    assert isinstance(error_in_time(lambda: publisher.publish([Record("t", None, b"{}")])), PublishError)


@pytest.mark.parametrize("fault", FAULTS)
def test_object_store_gives_no_answer(object_store_settings: StoreSettings, fault: Fault) -> None:
    """Each call is given up, on a connection that was open and on a new one."""
    port = urlsplit(object_store_settings.s3_endpoint).port
    assert port
    with way_to(port) as way:
        here = object_store_settings.model_copy(update={"s3_endpoint": f"http://127.0.0.1:{way.port}"})
        client = object_store.connect_for_requests(here)
        # A second try would take as long again.
        assert client.meta.config.retries["total_max_attempts"] == 1
        object_store.check(client, "datasets")
        way.set(fault)
        for _ in range(2):
            assert isinstance(error_in_time(lambda: object_store.check(client, "datasets")), object_store.TRANSIENT)
        way.set(None)
        object_store.check(client, "datasets")


def test_one_wait_is_within_an_answer() -> None:
    """A request waits for one thing that does not answer, and has time left for all that does."""
    assert WAIT_SECONDS + database.CHECK_SECONDS < ANSWER_SECONDS < NEVER_SECONDS
