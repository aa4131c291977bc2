"""Servers that the scripts are run against; each one lives as long as the session."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdb.local.postgres import PostgresServer, serve
from tests.unit.scripts.fake_kubernetes import FakeKubernetes, make_service_account


@pytest.fixture(scope="session")
def service_account(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A service account's directory, made once."""
    directory = tmp_path_factory.mktemp("service-account")
    make_service_account(directory)
    return directory


@pytest.fixture
def kubernetes(service_account: Path) -> Iterator[FakeKubernetes]:
    """An empty cluster."""
    with FakeKubernetes(service_account) as fake:
        yield fake


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A real PostgreSQL server, one per test process."""
    with serve("the admin's") as server:
        yield server
