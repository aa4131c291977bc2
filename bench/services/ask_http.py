"""Contender: clients of one HTTP server, each with a connection for the whole turn."""

import http.client
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from turns import Turn
from worker import serve, timed

SECONDS = 60
TYPE = {"Content-Type": "application/json"}
Request = tuple[str, str, bytes | None]


def client(address: str, asks: Sequence[Request], wanted: int | None) -> Callable[[int], None]:
    """One connection; a piece of work is one request, of which `wanted` is the status, or any that is a success."""
    connection = http.client.HTTPConnection(address, timeout=SECONDS)

    def send(method: str, path: str, body: bytes | None) -> http.client.HTTPResponse:
        connection.request(method, path, body, TYPE if body else {})
        return connection.getresponse()

    def act(number: int) -> None:
        method, path, body = asks[number % len(asks)]
        try:
            answer = send(method, path, body)
        except (http.client.RemoteDisconnected, ConnectionError):
            # A server may end a worker, or a connection that it waited for too long; reads may be asked again.
            if method != "GET":
                raise
            connection.close()
            answer = send(method, path, body)
        content = answer.read()
        if answer.status not in ({200, 201} if wanted is None else {wanted}):
            raise RuntimeError(f"{method} {path}: {answer.status} {content[:500].decode(errors='replace')}")

    return act


def contender(told: Mapping[str, Any]) -> Callable[[], Turn]:
    """`address`, `asks` (method, path and body of each), `clients`, `count`, and `wanted` where a refusal is."""
    address, wanted = told["address"], told.get("wanted")
    asks = [(method, path, None if body is None else json.dumps(body).encode()) for method, path, body in told["asks"]]
    # New connections for each turn: servers close those that nothing came over for some seconds.
    return lambda: timed([client(address, asks, wanted) for _ in range(told["clients"])], told["count"])


if __name__ == "__main__":
    serve(contender)
