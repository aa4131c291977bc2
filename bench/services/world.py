"""The platform that is measured, as `chatdb local up` starts it, and what a driver asks of it outside the figures."""

import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogue.defaults import DATABASE
from chatdb.local.parts import postgres_server
from chatdb.local.platform import Platform
from chatdb.local.postgres import ADMIN
from chatdb.local.site import HOST

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 120


@dataclass(frozen=True, kw_only=True)
class World:
    """A running platform; `quick` asks for one short round of everything."""

    platform: Platform
    quick: bool = False

    def rounds(self, wanted: int) -> int:
        """How many rounds to take."""
        return 1 if self.quick else wanted

    def address(self, name: str) -> str:
        """Host and port of the service."""
        return self.platform.url(name).removeprefix("http://")

    def told(self, name: str) -> dict[str, str]:
        """The variables of a component."""
        return self.platform.site.told(self.platform.site.platform.component(name))

    def database(self, name: str = DATABASE) -> str:
        """The URL of a database for its administrator."""
        server = postgres_server(self.platform.site)
        return f"postgresql://{ADMIN}:{server.password}@{HOST}:{server.port}/{name}"

    def sql(self, text: str) -> str:
        """What the administrator's statements print."""
        return postgres_server(self.platform.site).sql(text)

    def call(self, name: str, method: str, path: str, body: object = None) -> Any:
        """The JSON that a service answers; HTTPError where it refuses."""
        return call(f"{self.platform.url(name)}{path}", method, body)


def call(url: str, method: str, body: object = None, headers: Mapping[str, str] | None = None) -> Any:
    """The JSON of an answer, None where it has none; bytes are sent as they are."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    request = urllib.request.Request(url, data, {"Content-Type": kind, **(headers or {})}, method=method)  # noqa: S310
    with urllib.request.urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - always http
        return json.loads(response.read() or b"null")
