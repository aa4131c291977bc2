"""Contender: sends messages to Kafka by the services' own publisher; a turn ends when Kafka has them all."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

from turns import Turn
from worker import serve

from chatdb_common.ids import new_id
from chatdb_common.publisher import Publisher, Record


def contender(told: Mapping[str, Any]) -> Callable[[], Turn]:
    """`bootstrap`, `topic`, `messages` (key and value of each) and `count`; each gets a new message_id."""
    publisher, messages = Publisher(told["bootstrap"]), told["messages"]

    def take() -> Turn:
        begin = time.perf_counter()
        records = []
        for number in range(told["count"]):
            key, value = messages[number % len(messages)]
            text = json.dumps({**value, "message_id": str(new_id())})
            records.append(Record(told["topic"], key, text.encode()))
        publisher.publish(records)
        return Turn(done=len(records), seconds=time.perf_counter() - begin)

    return take


if __name__ == "__main__":
    serve(contender)
