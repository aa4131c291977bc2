"""The end of a run, as PostgreSQL and Kafka have it."""

import hashlib
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from chatdb.local.parts import postgres_server
from chatdb.local.platform import Platform
from chatdb.local.postgres import PostgresServer
from chatdb.local.processes import wait_for
from constructs_lib.resolve.topics import DEAD_LETTER_SUFFIX
from tests.local.kill_history import Row, World
from tests.repository import PLATFORM, ROOT

SECONDS = 90
JOBS, EVENTS = "training_jobs", "training_events"
JOBS_LEFT = (
    "(SELECT * FROM orchestrator.jobs WHERE status <> 'SUCCEEDED' OR model_name IN (SELECT name FROM registry.models))"
)
"""Without those whose model a user has deleted since."""
INBOX = f"SELECT coalesce(json_agg(message_id), '[]') FROM orchestrator.inbox WHERE topic = '{EVENTS}'"
UNSENT = "SELECT count(*) FROM orchestrator.outbox WHERE published_at IS NULL"
# Prints all that is on the topics; with a client that knows where each partition ends.
READ = """
import json, sys
from confluent_kafka import Consumer, TopicPartition
client = Consumer({"bootstrap.servers": sys.argv[1], "group.id": "reader", "enable.auto.commit": False})
messages = {}
for topic in sys.argv[2:]:
    values = messages[topic] = []
    for number in client.list_topics(topic, timeout=20).topics[topic].partitions:
        low, high = client.get_watermark_offsets(TopicPartition(topic, number), timeout=20)
        client.assign([TopicPartition(topic, number, low)])
        while client.position([TopicPartition(topic, number)])[0].offset < high and low < high:
            message = client.poll(1)
            if message is not None and message.error() is None:
                values.append(message.value().decode())
print(json.dumps(messages))
"""


def database(running: Platform) -> PostgresServer:
    """The platform's server, to ask as its administrator."""
    return postgres_server(running.site)


def rows(server: PostgresServer, table: str) -> list[dict[str, Any]]:
    """All of a table."""
    return list(json.loads(server.sql(f"SELECT coalesce(json_agg(t), '[]') FROM {table} t")))


def topics(running: Platform, *names: str) -> dict[str, list[str]]:
    """The values on the topics."""
    address = running.site.told(PLATFORM.component("kafka-topics"))["KAFKA_BOOTSTRAP_SERVERS"]
    line = [str(ROOT / ".tools/services/bin/python"), "-c", READ, address, *names]
    return dict(json.loads(subprocess.run(line, capture_output=True, text=True, timeout=SECONDS, check=True).stdout))


def artifacts(running: Platform, versions: Sequence[Row]) -> dict[tuple[str, int], str]:
    """The digest of each READY version's bytes."""
    digests = {}
    for one in versions:
        name, number = one["model_name"], one["version"]
        if one["state"] == "READY":
            url = f"{running.url('model-registry')}/models/{name}/versions/{number}/artifact"
            # Without an answer it is lost, which the checker says.
            with suppress(urllib.error.HTTPError), urllib.request.urlopen(url, timeout=SECONDS) as answer:
                digests[name, number] = hashlib.sha256(answer.read()).hexdigest()
    return digests


def world(running: Platform, patience: float = SECONDS) -> World:
    """What is stored, once outbox and inbox are at rest, or have not come to rest in `patience` seconds each."""
    server = database(running)

    def inbox() -> frozenset[str]:
        return frozenset(json.loads(server.sql(INBOX)))

    patiently("the outbox is empty", lambda: server.sql(UNSENT) == "0", patience)
    before = inbox()
    letters = (JOBS + DEAD_LETTER_SUFFIX, EVENTS + DEAD_LETTER_SUFFIX)
    sent = topics(running, EVENTS, *letters)
    events = frozenset(str(json.loads(value)["message_id"]) for value in sent[EVENTS])
    patiently("the inbox has all events", lambda: events <= inbox(), patience)
    versions = rows(server, "registry.versions")
    return World(
        jobs=rows(server, JOBS_LEFT),
        transitions=rows(server, "orchestrator.transitions"),
        idempotency_keys=rows(server, "orchestrator.idempotency_keys"),
        unsent=int(server.sql(UNSENT)),
        inbox_before=before,
        inbox=inbox(),
        versions=versions,
        artifacts=artifacts(running, versions),
        aliases=rows(server, "registry.aliases"),
        events=events,
        dead_letters=[letter for name in letters for letter in sent[name]],
    )


def patiently(condition: str, ready: Callable[[], object], seconds: float = SECONDS) -> None:
    """Wait; when it does not come, the checker is who says so."""
    try:
        wait_for(condition, seconds, ready)
    except TimeoutError as late:
        print(late)
