"""The page and the runs over HTTP, with real servers behind that answer as services do."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from html.parser import HTMLParser
from http.server import BaseHTTPRequestHandler
from typing import Any

import pytest
from asking import NOWHERE, Quiet, serving
from fastapi.testclient import TestClient

from chatdb_common.ids import new_id
from test_service.domain import Run
from test_service.entrypoints import build
from test_service.pages import TEMPLATES
from test_service.settings import Settings

METRICS = {"rows": 60.0, "accuracy": 0.8666666666666668, "baseline_accuracy": 0.5166666666666667}
RESULT = {"version": 1, "sha256": "a" * 64, "metrics": METRICS}
JOB = {"id": "j1", "status": "SUCCEEDED", "result": RESULT, "error": None}
ANSWERS = {
    "/jobs": (201, JOB),
    "/models/smoke-test/versions/1": (200, {"sha256": "a" * 64}),
    "/ml/predict": (200, {"predictions": ["no", "yes"]}),
    "/parse": (200, {"sql": "SELECT 1"}),
}


@contextmanager
def serve(checks: dict[str, Any]) -> Iterator[str]:
    """A service on loopback that finds `checks`; its URL."""
    ok = all(check["ok"] for check in checks.values())

    class Handler(Quiet, BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Answer from the table."""
            self.rfile.read(int(self.headers.get("content-length", 0)))
            ready = (200 if ok else 503, {"status": "ready" if ok else "not ready", "checks": checks})
            status, body = ready if self.path == "/ready" else ANSWERS[self.path]
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_POST = do_GET

    with serving(Handler) as url:
        yield url


@contextmanager
def service(*checks: dict[str, Any]) -> Iterator[TestClient]:
    """The service, with one fake for each entry; the others are nowhere."""
    names = ["training_orchestrator_url", "model_registry_url", "ml_engine_url", "query_parser_url"]
    with ExitStack() as stack:
        urls = dict.fromkeys(names, NOWHERE)
        urls.update({name: stack.enter_context(serve(check)) for name, check in zip(names, checks, strict=False)})
        yield stack.enter_context(TestClient(build(Settings(**urls))))


def page_with(client: TestClient, text: str) -> str:
    """The page, once it holds the text."""
    deadline = time.monotonic() + 30
    while text not in (page := client.get("/").text):
        assert time.monotonic() < deadline, page
        time.sleep(0.05)
    return page


class Tags(HTMLParser):
    """The page's elements, as a browser would read them."""

    def __init__(self, page: str) -> None:
        """All of them."""
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """One more."""
        self.found.append((tag, dict(attrs)))


def test_page_shows_services_and_what_they_need() -> None:
    """Each service is there with its dependencies, and what is down has its reason, escaped."""
    bad = {"kafka": {"ok": True, "detail": ""}, "postgres": {"ok": False, "detail": "<script>alert(1)</script>"}}
    with service(bad, {"minio": {"ok": True, "detail": ""}}) as client:
        page = page_with(client, "postgres: down")
    assert "kafka: up" in page
    assert "minio: up" in page
    assert "&lt;script&gt;alert(1)" in page
    assert "Not all services are ready." in page
    assert "no answer" in page


def test_page_needs_no_script_and_nothing_from_elsewhere() -> None:
    """It is one document: no script, no address, and its links are relative, so that they work behind an ingress."""
    with service() as client:
        response = client.get("/")
    tags = Tags(response.text).found
    assert "script" not in [tag for tag, _ in tags]
    links = [value for _, attributes in tags for name, value in attributes.items() if name in ("href", "src", "action")]
    assert links == [".", "ask", "runs", "ask"]
    assert "default-src 'none'" in response.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("prefix", "base"),
    [
        ("/test", "/test/"),
        ("/a/b-c", "/a/b-c/"),
        ("", ""),
        ("//elsewhere.test", ""),
        ("https://elsewhere.test", ""),
        ("/test/", ""),
        ('/"><script>', ""),
    ],
)
def test_links_of_the_pages_behind_an_ingress(prefix: str, base: str) -> None:
    """They are right with and without a final slash of the page's address, and lead to no other host."""
    with service() as client:
        run = client.post("/runs").json()["id"]
        pages = [client.get(path, headers={"X-Forwarded-Prefix": prefix}).text for path in ("/", "/ask")]
    status, ask = ([a.get("action") or a.get("href") for _, a in Tags(page).found] for page in pages)
    status, ask = ([link for link in links if link] for links in (status, ask))
    both = [base or ".", f"{base}ask"]
    assert status[:4] == [*both, f"{base}runs/{run}", f"{base}runs"]
    assert (ask[:3], {link.partition("=")[0] for link in ask[3:]}) == ([*both, f"{base}ask"], {f"{base}ask?question"})


def test_run_passes_and_is_shown() -> None:
    """A run is answered at once with a relative Location, and ends with every step seen."""
    with service({}, {}, {}, {}) as client:
        page_with(client, "All services are ready.")
        response = client.post("/runs")
        assert response.status_code == 202
        assert response.headers["location"] == f"runs/{response.json()['id']}"
        page = page_with(client, "passed</span>")
        run = client.get("/" + response.headers["location"]).json()
    assert [step["status"] for step in run["steps"]] == ["passed"] * 5
    assert [step["metrics"] for step in run["steps"]] == [{}, METRICS, {}, {}, {}]
    assert "SELECT 1" in page
    assert cells(page, "Metrics of the trained model") == [
        ["Metric", "Value", "Baseline"],
        ["rows", "60", ""],
        ["accuracy", "0.867", "0.517"],
    ]


def cells(page: str, caption: str) -> list[list[str]]:
    """The texts of a table, row by row."""
    table = page.partition(f"<caption>{caption}</caption>")[2].partition("</table>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)
    return [[re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd].*?</t[hd]>", row)] for row in rows]


def test_page_that_reloads_has_nothing_to_type() -> None:
    """What is typed would be lost: while a run goes on, there is a link to the page of questions."""
    with service() as client:
        assert 'id="question"' in client.get("/").text
    running = Run(id=new_id(), started_at=datetime.now(UTC), steps=())
    text = TEMPLATES.get_template("status.html").render(states=[], ready=False, run=running, base="")
    assert '<meta http-equiv="refresh"' in text
    assert 'id="question"' not in text
    assert '<a href="ask">ask on a page of its own</a>' in text


def test_same_key_is_one_run() -> None:
    """A request that is sent again starts nothing."""
    with service() as client:
        ids = {client.post("/runs", headers={"Idempotency-Key": "k"}).json()["id"] for _ in range(3)}
    assert len(ids) == 1


def test_browser_is_sent_back() -> None:
    """The form's button leads to the page again, by a relative way."""
    with service() as client:
        response = client.post("/runs", headers={"Accept": "text/html"}, follow_redirects=False)
    assert (response.status_code, response.headers["location"]) == (303, ".")


@pytest.mark.parametrize("path", ["/health", "/ready", "/"])
def test_is_up_while_others_are_down(path: str) -> None:
    """The status page is for the time when others are down: it needs none of them."""
    with service() as client:
        assert client.get(path).status_code == 200


def test_unknown_run() -> None:
    """A run that is not there is a problem, and not an empty answer."""
    with service() as client:
        assert client.get("/runs/0199c0de-0000-7000-8000-000000000000").status_code == 404
