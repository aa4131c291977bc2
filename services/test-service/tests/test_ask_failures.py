"""The page of questions while query-parser is away, silent or slow, answers nonsense, or is asked by many."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from asking import NOWHERE, SQL, Quiet, page_before, page_with, parser, serving
from silence import FAULTS, way_to

from chatdb.local.fault_proxy import Fault
from chatdb_common.problems import ProblemDetails
from chatdb_common.timeouts import ANSWER_SECONDS
from test_service.questions import MOST_AT_ONCE, Asker
from test_service.service_layer import Answer, StepFailed

NONSENSE = [
    b"",
    b"<html>",
    b"[]",
    b"null",
    b'{"sql": ' + b"[" * 100_000,
    b'{"sql": "SELECT \xff"}',
    b"{}",
    b'{"sql": null, "error": null}',
    b'{"sql": "", "error": ""}',
    b'{"sql": 1}',
    b'{"sql": "SELECT 1", "parameters": {"a": 1}}',
    b'{"sql": "SELECT 1", "parameters": [[1]]}',
    b'{"sql": "SELECT 1", "parameters": [' + b"9" * 5000 + b"]}",
    b'{"sql": "SELECT 1", "confidence": NaN}',
    b'{"sql": "SELECT 1", "confidence": 2}',
    b'{"sql": "SELECT 1", "confidence": "1"}',
    b'{"sql": "SELECT 1", "tables": "jobs"}',
    b'{"error": "no", "suggestions": [null]}',
    b'{"sql": "' + b"x" * 2_000_000 + b'"}',
]


@pytest.mark.parametrize("content", NONSENSE, ids=range(len(NONSENSE)))
def test_nonsense_is_a_sentence(content: bytes) -> None:
    """And a 503, as it may be better in some seconds; what was typed is still there."""
    with page_with(content) as client:
        response = client.get("/ask", params={"question": "all jobs"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert "Ask again in a few seconds." in response.text
    assert 'value="all jobs"' in response.text


@pytest.mark.parametrize("status", [204, 302, 400, 404, 422, 429, 500, 503])
def test_other_status_is_a_sentence(status: int) -> None:
    """Whatever comes with it."""
    with page_with(b"" if status == 204 else json.dumps(SQL).encode(), status) as client:
        response = client.get("/ask", params={"question": "all jobs"})
    assert (response.status_code, "Ask again in a few seconds." in response.text) == (503, True)


@pytest.mark.parametrize("retry_after", ["9" * 5000, "-1", "Sun, 29 Nov 2026 18:00:00 GMT", ""])
def test_other_time_to_wait_is_a_sentence(retry_after: str) -> None:
    """What is no number of seconds that anybody waits is left out."""
    with parser(lambda _: b"{}", 503, retry_after) as url, page_before(url) as client:
        response = client.get("/ask", params={"question": "all jobs"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")


def test_parser_that_is_away() -> None:
    """A sentence, and the reason for those who run the service is in the log only."""
    with page_before(NOWHERE) as client:
        response = client.get("/ask", params={"question": "all jobs"})
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert "query-parser does not answer at the moment. Ask again in a few seconds." in response.text
    assert "refused" not in response.text


@pytest.mark.parametrize("fault", FAULTS)
def test_parser_that_is_silent(fault: Fault) -> None:
    """Answered in time, also on a connection that was good before; and well again afterwards."""
    with ExitStack() as stack:
        url = stack.enter_context(parser(lambda _: json.dumps(SQL).encode()))
        way = stack.enter_context(way_to(int(url.rpartition(":")[2])))
        client = stack.enter_context(page_before(f"http://127.0.0.1:{way.port}"))
        for kept in (False, True):
            if kept:
                assert client.get("/ask", params={"question": "a"}).status_code == 200
            way.set(fault)
            begin = time.monotonic()
            response = client.get("/ask", params={"question": "a"})
            assert response.status_code == 503
            assert time.monotonic() - begin < 2 * ANSWER_SECONDS
            way.set(None)
        assert client.get("/ask", params={"question": "a"}).status_code == 200


def test_answer_that_comes_byte_by_byte() -> None:
    """Each byte comes in time, and the whole does not: it is given up."""

    class Dripping(Quiet, BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            """Until the other side hangs up."""
            self.send_response(200)
            self.end_headers()
            for _ in range(600):
                try:
                    self.wfile.write(b" ")
                except OSError:
                    return
                time.sleep(0.1)

    with serving(Dripping) as url:
        begin = time.monotonic()
        with page_before(url) as client:
            assert client.get("/ask", params={"question": "a"}).status_code == 503
        assert time.monotonic() - begin < 3 * ANSWER_SECONDS


class Waiting:
    """Services that answer once they may; the first few fail."""

    def __init__(self, failures: int) -> None:
        """Nobody waits."""
        self.open = threading.Event()
        self.waiting = threading.Semaphore(0)
        self._failures = failures

    def call(self, *_: Any, **__: Any) -> Answer:
        """An answer, or a failure."""
        self.waiting.release()
        assert self.open.wait(60)
        self._failures -= 1
        if self._failures >= 0:
            raise StepFailed("gone")
        return Answer(200, SQL)


def test_too_many_questions_at_once() -> None:
    """One more than there are places is refused at once; each place is free again, also after a failure."""
    services = Waiting(failures=3)
    asker = Asker(services)
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        asked = [threads.submit(asker.ask, "a") for _ in range(MOST_AT_ONCE)]
        for _ in asked:
            assert services.waiting.acquire(timeout=60)
        with pytest.raises(ProblemDetails, match="Too many") as refused:
            asker.ask("a")
        services.open.set()
        failed = [one.exception() for one in asked]
    assert (refused.value.status, refused.value.headers) == (429, {"Retry-After": "5"})
    assert len([one for one in failed if one]) == 3
    with ThreadPoolExecutor(MOST_AT_ONCE) as threads:
        assert all(one.sql for one in threads.map(asker.ask, "a" * MOST_AT_ONCE))
