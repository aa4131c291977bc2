"""The setup Jobs' own scripts have made what the catalogue declares, on real servers."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from catalogue.buckets import BUCKETS
from catalogue.components import CATALOGUE
from catalogue.topics import TOPICS
from chatdb.local.platform import Platform
from constructs_lib.resolve.topics import DEAD_LETTER_SUFFIX
from tests.local.clients import kafka
from tests.repository import PLATFORM

Sql = Callable[[str, str], str]


@pytest.fixture(scope="session")
def sql(running: Platform) -> Sql:
    """What a statement prints, with the credentials of that component."""
    job = running.parts["postgres-schema"].server

    def answer(statement: str, name: str) -> str:
        url = running.site.told(PLATFORM.component(name))["DATABASE_URL"]
        line = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", url, "-c", statement]
        done = subprocess.run(line, env=job.env_vars, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout.strip() if done.returncode == 0 else done.stderr.strip()

    return answer


def test_topics(running: Platform) -> None:
    """Each topic with its partitions, and a dead-letter topic for each one that is consumed."""
    described = kafka(running, "kafka-topics", "--describe")
    partitions = dict(re.findall(r"^Topic: (\S+)\t.*PartitionCount: (\d+)", described, re.MULTILINE))
    consumed = {topic for component in CATALOGUE.components for topic in component.consumes.values()}
    wanted = {topic.name: str(topic.partitions) for topic in TOPICS}
    wanted |= {topic + DEAD_LETTER_SUFFIX: "1" for topic in consumed}
    assert {name: count for name, count in partitions.items() if not name.startswith("__")} == wanted


@pytest.mark.parametrize("owner", [owner.name for owner in CATALOGUE.schema_owners])
def test_schemas(sql: Sql, owner: str) -> None:
    """Each service reads its own tables with its own password, and makes none."""
    component = PLATFORM.component(owner)
    assert component.schema
    tables = sql("SELECT string_agg(schemaname, ' ') FROM pg_tables WHERE schemaname = current_schema()", owner)
    assert set(tables.split()) == {component.schema.name}
    assert "permission denied" in sql("CREATE TABLE mine (id int)", owner)


def test_buckets(running: Platform) -> None:
    """They are there with the samples; who has no key is refused."""
    folder = running.site.place(PLATFORM.component("minio")) / "data"
    assert {path.name for path in folder.iterdir()} >= {bucket.name for bucket in BUCKETS}
    (samples,) = [bucket for bucket in BUCKETS if bucket.samples]
    assert {path.name for path in (folder / samples.name).iterdir()} >= set(samples.samples)
    url = running.site.told(PLATFORM.component("object-store-buckets"))["S3_ENDPOINT"]
    line = ["curl", "--silent", "--max-time", "30", f"{url}/{samples.name}/{samples.samples[0]}"]
    assert "AccessDenied" in subprocess.run(line, capture_output=True, text=True, check=True).stdout


def test_all_listens_on_loopback_only(running: Platform) -> None:
    """The address that each server is bound to is 127.0.0.1."""
    ports = {f"{number:04X}" for number in running.site.ports.values()}
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()]
    listening = [local.split(":") for _, local, _, state, *_ in lines if state == "0A"]
    addresses = {port: address for address, port in listening if port in ports}
    assert addresses.keys() == ports
    assert {address[-8:] for address in addresses.values()} == {"0100007F"}
