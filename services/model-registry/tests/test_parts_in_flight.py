"""Parts of an artifact that are on their way at once, held and spoilt between the service and the store."""

import asyncio
import http.client
import os
import re
import threading
import time
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import pytest
from serving import serving
from test_hostile_models import SECONDS, uploads
from test_registry import BODY, Running

from chatdb.local.processes import wait_for
from chatdb_common.object_store import ClientError, StoreDown
from model_registry import artifacts
from model_registry.uploads import IN_FLIGHT, PART_BYTES

CHUNK = 64 * 1024
FIRST = list(range(1, IN_FLIGHT + 1))
"""The parts that are in flight while none of them lands."""
MOMENT = 0.5
"""Seconds within which what must not come would have come."""


class Road:
    """The way to the store, where parts are held, or fail once some others are held."""

    def __init__(self, client: Any, *, held: tuple[int, ...] = (), failing: int | None = None) -> None:
        """Numbers of parts, from 1."""
        self.reached: list[int] = []
        self.done: list[str] = []
        self.free = {number: threading.Event() for number in held}
        self._failing = failing
        client.meta.events.register("before-send.s3.UploadPart", self._part)
        client.meta.events.register("after-call.s3.UploadPart", partial(self._note, "part"))
        for call, name in (("CompleteMultipartUpload", "complete"), ("AbortMultipartUpload", "abort")):
            client.meta.events.register(f"before-send.s3.{call}", partial(self._note, name))

    def held(self) -> bool:
        """Whether all that are to be held are."""
        return set(self.free) <= set(self.reached)

    def wait(self) -> None:
        """Until they are."""
        wait_for("parts are held", SECONDS, self.held)

    def _note(self, name: str, **_more: Any) -> None:
        self.done.append(name)

    def _part(self, request: Any, **_more: Any) -> None:
        match = re.search(r"partNumber=(\d+)", request.url)
        assert match
        number = int(match[1])
        self.reached.append(number)
        if number == self._failing:
            self.wait()
            raise StoreDown(status=503)
        if number in self.free:
            assert self.free[number].wait(30)


@contextmanager
def uploading(registry: Running, body: bytes) -> Iterator[tuple[int, Any]]:
    """A version, and what will become of an upload to it."""
    registry.model()
    number = registry.pending()
    with ThreadPoolExecutor(1) as pool:
        yield number, pool.submit(registry.upload, number, body)


def test_few_parts_are_in_flight_and_come_back_in_order(registry: Running) -> None:
    """Some of five at once, no more; the second lands before the first, and the artifact is as it was."""
    body = os.urandom(4 * PART_BYTES + 1000)
    road = Road(registry.store, held=(1, 2, 3, 4, 5))
    with uploading(registry, body) as (number, answer):
        wait_for("all that may be are in flight", SECONDS, lambda: len(road.reached) == IN_FLIGHT)
        time.sleep(MOMENT)
        assert sorted(road.reached) == FIRST
        road.free[2].set()
        wait_for("the second lands", SECONDS, lambda: road.done == ["part"])
        for event in road.free.values():
            event.set()
        assert answer.result(30).status_code == 200
    assert registry.client.get(f"/models/iris/versions/{number}/artifact").content == body


@pytest.mark.parametrize(("failing", "held"), [(1, 2), (2, 1)])
def test_part_that_fails_waits_for_the_one_in_flight(registry: Running, failing: int, held: int) -> None:
    """It is answered as an outage; the abort comes behind the other part, so that nothing of it stays."""
    road = Road(registry.store, held=(held,), failing=failing)
    with uploading(registry, bytes(2 * PART_BYTES)) as (number, answer):
        road.wait()
        time.sleep(MOMENT)
        assert (road.done, answer.done()) == ([], False)
        road.free[held].set()
        assert answer.result(30).status_code == 503
    assert road.done[-1] == "abort"
    assert (registry.keys(), uploads(registry)) == ([], [])
    assert registry.upload(number).status_code == 200


@pytest.mark.parametrize("more", [True, False])
def test_cancelled_upload_waits_for_its_parts(registry: Running, more: bool) -> None:
    """The server ends what takes too long when it stops: the abort is behind the parts, and nothing is made whole."""
    road = Road(registry.store, held=(1,))

    async def chunks() -> AsyncIterator[bytes]:
        yield bytes(PART_BYTES)
        if more:
            await asyncio.Event().wait()

    async def cancelled() -> None:
        storing = asyncio.create_task(registry.artifacts.store("iris/1", chunks(), None))
        await asyncio.to_thread(road.wait)
        await asyncio.sleep(MOMENT)
        storing.cancel()
        await asyncio.sleep(MOMENT)
        assert road.done == []
        road.free[1].set()
        with pytest.raises(asyncio.CancelledError):
            await storing

    asyncio.run(cancelled())
    assert road.done == ["part", "abort"]
    assert (registry.keys(), uploads(registry)) == ([], [])


def test_memory_of_an_upload_is_of_few_parts(registry: Running) -> None:
    """A store that takes nothing keeps the client waiting: the parts in flight are held, and the one behind them."""
    road = Road(registry.store, held=tuple(FIRST))

    async def chunks() -> AsyncIterator[bytes]:
        while True:
            yield bytes(CHUNK)
            await asyncio.sleep(0)

    async def held() -> int:
        storing = asyncio.create_task(registry.artifacts.store("iris/1", chunks(), None))
        await asyncio.to_thread(road.wait)
        await asyncio.sleep(MOMENT)
        taken = tracemalloc.get_traced_memory()[0]
        storing.cancel()
        for event in road.free.values():
            event.set()
        await asyncio.gather(storing, return_exceptions=True)
        return taken

    tracemalloc.start()
    try:
        taken = asyncio.run(held())
    finally:
        tracemalloc.stop()
    assert IN_FLIGHT * PART_BYTES < taken < (IN_FLIGHT + 1.5) * PART_BYTES


@pytest.mark.parametrize("size", [1000, PART_BYTES + 1000])
def test_store_refuses_what_was_spoilt_on_the_way(registry: Running, size: int) -> None:
    """A bit that turns behind the service's own digest is found, in a small artifact and in a part."""

    def spoil(request: Any, **_more: Any) -> None:
        with request.body.getbuffer() as view:
            view[500] ^= 1

    registry.store.meta.events.register("before-send.s3.PutObject", spoil)
    registry.store.meta.events.register("before-send.s3.UploadPart", spoil)
    registry.model()
    number = registry.pending()
    with pytest.raises(ClientError, match="CRC32"):
        registry.upload(number, bytes(size))
    assert (registry.keys(), uploads(registry)) == ([], [])
    assert registry.client.get(f"/models/iris/versions/{number}").status_code == 404


def test_uploads_at_once_are_few(registry: Running) -> None:
    """Who comes when all places are taken waits until somebody is done, or gone."""
    registry.model()
    numbers = [registry.pending() for _ in range(artifacts.UPLOADS + 1)]
    with serving(registry.client.app, lifespan="off") as url, ThreadPoolExecutor(1) as pool:
        slow = [begun(url, number) for number in numbers[1:]]
        wait_for("all places are taken", SECONDS, lambda: len(uploads(registry)) == len(slow))
        late = pool.submit(sent, url, numbers[0])
        time.sleep(MOMENT)
        assert not late.done()
        slow[0].close()
        assert late.result(30) == 200
        for connection in slow:
            connection.close()
        wait_for("nothing of them is left", SECONDS, lambda: not uploads(registry))


def test_upload_that_stands_still_is_ended(registry: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is gone without a word has no place for ever; what it sent is removed."""
    monkeypatch.setattr(artifacts, "STALL_SECONDS", MOMENT)
    registry.model()
    with serving(registry.client.app, lifespan="off") as url:
        connection = begun(url, registry.pending())
        assert connection.getresponse().status == 408
        connection.close()
    assert (registry.keys(), uploads(registry)) == ([], [])


def begun(url: str, number: int) -> http.client.HTTPConnection:
    """A connection over which half an artifact went, more than a part."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.putrequest("PUT", f"/models/iris/versions/{number}/artifact")
    connection.putheader("Content-Length", str(2 * PART_BYTES))
    connection.endheaders()
    connection.send(bytes(PART_BYTES + 1))
    return connection


def sent(url: str, number: int) -> int:
    """The answer to a small artifact over a connection of its own."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.request("PUT", f"/models/iris/versions/{number}/artifact", BODY)
    status = connection.getresponse().status
    connection.close()
    return status
