"""The inbox: which messages have had their effect, told by a row that is committed together with it."""

from chatdb_common.database import Connection
from chatdb_common.messages import Message


def first_time(connection: Connection, topic: str, message: Message) -> bool:
    """Note the message in this transaction; whether it was not there.

    A second delivery that runs at the same time waits here for the first one's end.
    """
    done = connection.execute(
        "INSERT INTO inbox (message_id, topic) VALUES (%s, %s) ON CONFLICT DO NOTHING",
        (str(message.message_id), topic),
    )
    return done.rowcount == 1
