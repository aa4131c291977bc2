"""An idle connection is the proxy's to close."""

import pytest
from fastapi import FastAPI

from chatdb_common import service
from chatdb_common.settings import ServiceSettings

PROXY_SECONDS = 60
"""Of ingress-nginx: upstream-keepalive-timeout, as its documentation has it."""


class Settings(ServiceSettings):
    """Those of any service."""

    service = "any"


def test_connection_outlives_the_proxys_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server that is started keeps it longer than the proxy does."""
    started: list[service.Server] = []
    monkeypatch.setattr(service.Server, "run", lambda self, _sockets: started.append(self))
    monkeypatch.setattr(service, "every_address", lambda _port: None)
    monkeypatch.setattr(service.logs, "configure", lambda _name: None)
    service.run(Settings(port=1), FastAPI)
    (server,) = started
    assert server.config.timeout_keep_alive > PROXY_SECONDS
