"""Contender: members of one consumer group, each the services' own consumer, whose handler only waits.

What a handler does costs no CPU here, so that what bounds the group is seen: a partition is read by one member, and
a member does one message at a time.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic
from turns import Turn
from worker import serve

from chatdb_common.consumer import ConsumerWorker
from chatdb_common.messages import Message
from chatdb_common.publisher import Publisher
from chatdb_common.settings import KafkaSettings

SETTLE_SECONDS, MOST_SECONDS = 4.0, 120.0


class Settings(KafkaSettings):
    """Of no service of the platform."""

    service: ClassVar[str] = "bench"
    port: int = 0


class Handled:
    """Counts what the members have handled."""

    def __init__(self, seconds: float) -> None:
        """Each message takes so long."""
        self._seconds = seconds
        self._left = threading.Semaphore(0)

    def handle(self, _message: Message) -> None:
        """As a handler does that waits for something else."""
        time.sleep(self._seconds)
        self._left.release()

    def wait(self, count: int) -> None:
        """Until so many more are handled; TimeoutError where they are not."""
        for _ in range(count):
            if not self._left.acquire(timeout=MOST_SECONDS):
                raise TimeoutError("the messages are not handled")


def contender(told: Mapping[str, Any]) -> Callable[[], Turn]:
    """`bootstrap`, `partitions`, `members`, `count` of messages, and the `seconds` that each takes."""
    partitions, members, count = told["partitions"], told["members"], told["count"]
    topic = f"bench-{partitions}-{members}"
    bootstrap = {"bootstrap.servers": told["bootstrap"]}
    admin, producer, publisher = AdminClient(bootstrap), Producer(bootstrap), Publisher(told["bootstrap"])
    admin.create_topics([NewTopic(topic, partitions, 1)])[topic].result()
    handled = Handled(told["seconds"])
    settings = type("Settings", (Settings,), {"service": topic})(kafka_bootstrap_servers=told["bootstrap"])
    for _ in range(members):
        consumer = ConsumerWorker(
            settings=settings, topic=topic, model=Message, handle=handled.handle, publisher=publisher
        )
        consumer.start()
    # The group shares its partitions out, in several steps.
    time.sleep(SETTLE_SECONDS)

    def take() -> Turn:
        begin = time.perf_counter()
        for number in range(count):
            producer.produce(topic, value=Message().model_dump_json().encode(), partition=number % partitions)
        producer.flush()
        handled.wait(count)
        return Turn(done=count, seconds=time.perf_counter() - begin)

    return take


if __name__ == "__main__":
    serve(contender)
