"""The documentation of a service's API in a browser without internet: by its own port, and behind an ingress."""

import re
from urllib.parse import urljoin

import pytest
from fastapi.testclient import TestClient
from starlette.types import ASGIApp, Receive, Scope, Send
from test_shared_http import app_of

ORIGIN = "http://chatdb.test"


class Stripped:
    """The application behind an ingress that takes a prefix away and says nothing of it."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        """Other paths are nobody's."""
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the rest of the path on."""
        if scope["type"] == "http":
            assert scope["path"].startswith(f"{self._prefix}/"), scope["path"]
            scope = {**scope, "path": scope["path"].removeprefix(self._prefix), "raw_path": None}
        await self._app(scope, receive, send)


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
@pytest.mark.parametrize("path", ["/docs", "/docs/demo", "/docs/demo/"])
def test_page_needs_no_other_host(prefix: str, path: str) -> None:
    """What the page names is there, below the same prefix; the document leads to the operations."""
    with TestClient(Stripped(app_of(), prefix), base_url=ORIGIN) as client:
        page = client.get(prefix + path)
        assert str(page.url) == f"{ORIGIN}{prefix}/docs/demo/"
        assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+", page.text) == []
        policy = page.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; ")
        assert "//" not in policy
        links = re.findall(r"""(?:href|src|url)\s*[=:]\s*["']([^"']+)["']""", page.text)
        links.remove("data:,")
        assert links == ["swagger-ui.css", "swagger-ui-bundle.js", "openapi.json"]
        kinds = {}
        for link in links:
            answer = client.get(urljoin(str(page.url), link))
            assert answer.status_code == 200, link
            assert len(answer.content) > 1000, link
            kinds[link] = answer.headers["content-type"].partition(";")[0]
        assert kinds["swagger-ui.css"] == "text/css"
        assert kinds["swagger-ui-bundle.js"] in ("text/javascript", "application/javascript")
        document = answer.json()
        assert urljoin(str(answer.url), document["servers"][0]["url"]) == f"{ORIGIN}{prefix}/"
        assert "/things" in document["paths"]


def test_other_files_are_not_served() -> None:
    """The package has more than the page needs."""
    with TestClient(app_of()) as client:
        for path in ("LICENSE", "../fastapi/favicon.png", "%2e%2e/fastapi/favicon.png"):
            assert client.get(f"/docs/demo/{path}").status_code in (404, 422), path
        assert client.get("/openapi.json").status_code == 404
