"""Dead letters: messages that could not be handled, on `<topic>.dlq`, as they were, with the reason and their place."""

from collections.abc import Mapping

from confluent_kafka import Message

from chatdb_common.publisher import Record

DEAD_LETTER_SUFFIX = ".dlq"
OWN_HEADERS = ("x-reason", "x-topic", "x-partition", "x-offset")
# Far below what a broker takes: a message can be as large as that, and with the reason be larger.
CUT_BYTES = 100_000


def letter(topic: str, message: Message, reason: str) -> Record:
    """The message of a topic, for its dead-letter topic."""
    key = message.key()
    return Record(
        topic=topic + DEAD_LETTER_SUFFIX,
        key=None if key is None else key.decode(errors="replace"),
        value=message.value() or b"",
        headers={
            **text_headers(message),
            "x-reason": reason,
            "x-topic": topic,
            "x-partition": str(message.partition()),
            "x-offset": str(message.offset()),
        },
    )


def cut(letter: Record) -> Record:
    """As much of the letter as is surely taken."""
    own = {name: value for name, value in letter.headers.items() if name in OWN_HEADERS}
    headers = {**own, "x-cut": f"from {len(letter.value)} bytes, without key and other headers"}
    return Record(letter.topic, None, letter.value[:CUT_BYTES], headers)


def text_headers(message: Message) -> Mapping[str, str]:
    """The message's headers; what is no text is left out."""
    texts: dict[str, str] = {}
    headers = message.headers() or []
    for name, value in headers.items() if isinstance(headers, dict) else headers:
        if isinstance(value, bytes):
            texts[name] = value.decode(errors="replace")
    return texts
