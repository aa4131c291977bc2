"""Sends numbered messages to Kafka and reads them, by the services' own client, until it is told to end.

Usage: messenger.py BOOTSTRAP FOLDER, in the services' env_vars. Each number that Kafka has acknowledged is a line of
FOLDER/sent, with the time (seconds, monotonic), and each one that was handled a line of FOLDER/handled. At the end all
that was acknowledged has been handled, or half a minute has passed.
"""

import signal
import sys
import threading
import time
from pathlib import Path

from chatdb_common.consumer import ConsumerWorker
from chatdb_common.ids import new_id
from chatdb_common.messages import Query
from chatdb_common.publisher import Publisher, PublishError, record
from chatdb_common.settings import KafkaSettings

TOPIC = "queries"
CATCH_UP_SECONDS = 30
# All go to one partition: a message that was sent is the leader's.
KEY = new_id()


class Settings(KafkaSettings):
    """The group that reads."""

    service = "messenger"


bootstrap, folder = sys.argv[1], Path(sys.argv[2])
over = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: over.set())
publisher = Publisher(bootstrap)
handled = {-1}


def handle(query: Query) -> None:
    """One number was read."""
    with (folder / "handled").open("a") as file:
        file.write(f"{query.query}\n")
    handled.add(int(query.query))


reader = ConsumerWorker(
    settings=Settings(kafka_bootstrap_servers=bootstrap, port=0),
    topic=TOPIC,
    model=Query,
    handle=handle,
    publisher=publisher,
)
reader.start()
number = 0
with (folder / "sent").open("a", buffering=1) as sent:
    while not over.is_set():
        message = record(TOPIC, Query(query_id=KEY, query=str(number)))
        try:
            publisher.publish([message])
        except PublishError as error:
            # As the outbox does: the same again.
            print(f"{number}: {error}", flush=True)
            continue
        sent.write(f"{number} {time.monotonic()}\n")
        number += 1
        # Reading commits each message, and so is slower.
        over.wait(0.01)
deadline = time.monotonic() + CATCH_UP_SECONDS
while max(handled) < number - 1 and time.monotonic() < deadline:
    time.sleep(0.1)
reader.stop()
reader.join(CATCH_UP_SECONDS)
