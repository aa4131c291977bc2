"""An idle connection is the proxy's to close."""

from fastapi import FastAPI

from chatdb_common.service import server_config
from chatdb_common.settings import ServiceSettings

PROXY_SECONDS = 60
"""Of ingress-nginx: upstream-keepalive-timeout, as its documentation has it."""


class Settings(ServiceSettings):
    """Those of any service."""

    service = "any"


def test_connection_outlives_the_proxys_patience() -> None:
    """A service keeps it longer than the proxy does."""
    assert server_config(Settings(port=1), FastAPI()).timeout_keep_alive > PROXY_SECONDS
