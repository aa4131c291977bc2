"""Group commit: requests that come while a transaction is under way share the next one."""

import asyncio
import contextvars
from collections.abc import Callable, Sequence
from contextvars import Context
from dataclasses import dataclass
from typing import Generic, TypeVar

from anyio import to_thread

In = TypeVar("In")
Out = TypeVar("Out")


@dataclass(frozen=True)
class Entry(Generic[In]):
    """One request, and the context (trace, log) that it came in."""

    request: In
    context: Context


Act = Callable[[Sequence[Entry[In]]], Sequence[Out | Exception]]


class GroupCommit(Generic[In, Out]):
    """One group at a time, in a thread; for one event loop."""

    def __init__(self, act: Act[In, Out], *, shared: tuple[type[Exception], ...]) -> None:
        """`act` says in their order what became of the requests.

        An error that it raises is everybody's where it is of a `shared` kind, also of those who came meanwhile: they
        have waited as long as what is down was waited for. After another one each is tried alone, until one of a
        `shared` kind comes.
        """
        self._act = act
        self._shared = shared
        self._waiting: list[tuple[Entry[In], asyncio.Future[Out]]] = []
        self._working: asyncio.Task[None] | None = None

    async def take(self, request: In) -> Out:
        """What became of the request."""
        future: asyncio.Future[Out] = asyncio.get_running_loop().create_future()
        self._waiting.append((Entry(request, contextvars.copy_context()), future))
        if self._working is None:
            self._working = asyncio.create_task(self._work())
        return await future

    async def _work(self) -> None:
        while self._waiting:
            group, self._waiting = self._waiting, []
            outcomes = await to_thread.run_sync(self._outcomes, [entry for entry, _ in group])
            for (_, future), outcome in zip(group, outcomes, strict=True):
                _settle(future, outcome)
            if isinstance(outcomes[-1], self._shared):
                late, self._waiting = self._waiting, []
                for _, future in late:
                    _settle(future, outcomes[-1])
        self._working = None

    def _outcomes(self, group: Sequence[Entry[In]]) -> Sequence[Out | Exception]:
        try:
            return self._act(group)
        except Exception as error:  # noqa: BLE001 - whoever waits gets it
            if len(group) == 1 or isinstance(error, self._shared):
                return [error] * len(group)
        outcomes: list[Out | Exception] = []
        for entry in group:
            down = bool(outcomes) and isinstance(outcomes[-1], self._shared)
            outcomes += outcomes[-1:] if down else self._outcomes([entry])
        return outcomes


def _settle(future: asyncio.Future[Out], outcome: Out | Exception) -> None:
    if future.cancelled():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)
