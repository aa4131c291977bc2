"""Group commit: who shares a transaction, and what each hears of it."""

import asyncio
import threading
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field

import pytest

from chatdb_common.group_commit import Entry, GroupCommit

WHO: ContextVar[str] = ContextVar("WHO")
SECONDS = 20


class Down(Exception):
    """Everybody's error."""


@dataclass
class Ledger:
    """Groups as they came; the first one waits for `go_on`."""

    answer: Callable[[str], str | Exception] = str.upper
    groups: list[list[str]] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def keep(self, group: Sequence[Entry[str]]) -> list[str | Exception]:
        """What `answer` says of each."""
        self.groups.append([entry.request for entry in group])
        self.begun.set()
        assert self.go_on.wait(SECONDS)
        return [entry.context.run(self.answer, entry.request) for entry in group]


async def take(commit: GroupCommit[str, str], ledger: Ledger, *requests: str) -> list[str | BaseException]:
    """What became of the requests: the first one is under way before the others come."""

    async def one(request: str) -> str:
        WHO.set(request)
        said = await commit.take(request)
        assert isinstance(said, str)
        return said

    first = asyncio.create_task(one(requests[0]))
    await asyncio.to_thread(ledger.begun.wait, SECONDS)
    others = [asyncio.create_task(one(request)) for request in requests[1:]]
    # They begin before the group ends.
    await asyncio.sleep(0)
    ledger.go_on.set()
    return await asyncio.wait_for(asyncio.gather(first, *others, return_exceptions=True), SECONDS)


def outcomes(ledger: Ledger, *requests: str) -> list[str | BaseException]:
    """The same, on a loop of its own."""
    return asyncio.run(take(GroupCommit(ledger.keep, shared=(Down,)), ledger, *requests))


def test_who_comes_meanwhile_goes_together() -> None:
    """The first one goes alone, the others with each other, and each gets its own answer."""
    ledger = Ledger()
    assert outcomes(ledger, "a", "b", "c") == ["A", "B", "C"]
    assert ledger.groups == [["a"], ["b", "c"]]


def test_each_is_kept_in_its_own_context() -> None:
    """A trace is that of the request, not of whoever began the group."""
    assert outcomes(Ledger(answer=lambda _: WHO.get()), "a", "b", "c") == ["a", "b", "c"]


def test_refusal_is_its_own() -> None:
    """An outcome that is an error is raised for that request."""
    refused = ValueError("b")
    results = outcomes(Ledger(answer=lambda one: refused if one == "b" else one), "a", "b", "c")
    assert results == ["a", refused, "c"]


def test_poison_takes_nobody_with_it() -> None:
    """After an error that not all share each is tried alone."""

    def answer(request: str) -> str:
        if request == "b":
            raise LookupError(request)
        return request

    ledger = Ledger(answer=answer)
    results = outcomes(ledger, "a", "b", "c")
    assert isinstance(results[1], LookupError)
    assert (results[0], results[2]) == ("a", "c")
    assert ledger.groups == [["a"], ["b", "c"], ["b"], ["c"]]


def test_outage_is_everybodys() -> None:
    """Nobody waits for the same outage once for each of a group."""

    def down(request: str) -> str:
        if request == "b":
            raise Down
        return request

    ledger = Ledger(answer=down)
    assert [type(one) for one in outcomes(ledger, "a", "b", "c")] == [str, Down, Down]
    assert ledger.groups == [["a"], ["b", "c"]]


def test_outage_is_theirs_who_came_meanwhile() -> None:
    """They have waited as long as it took to be noticed, and do not wait once more."""

    def down(_request: str) -> str:
        raise Down

    ledger = Ledger(answer=down)
    assert [type(one) for one in outcomes(ledger, "a", "b", "c")] == [Down] * 3
    assert ledger.groups == [["a"]]


def test_outage_after_poison_is_everybodys() -> None:
    """Where each is tried alone, nobody behind an outage waits for it once more, nor does who came meanwhile."""

    async def run(ledger: Ledger) -> list[str | BaseException]:
        loop, late = asyncio.get_running_loop(), []

        async def arrive() -> None:
            late.append(asyncio.create_task(commit.take("late")))
            await asyncio.sleep(0)

        def answer(request: str) -> str:
            if ledger.groups[-1] == ["b", "c", "d"]:
                raise LookupError
            if request == "c":
                asyncio.run_coroutine_threadsafe(arrive(), loop).result(SECONDS)
                raise Down
            return request

        ledger.answer = answer
        commit = GroupCommit(ledger.keep, shared=(Down,))
        heard = await take(commit, ledger, "a", "b", "c", "d")
        return [*heard, *await asyncio.gather(*late, return_exceptions=True)]

    ledger = Ledger()
    a, b, *others = asyncio.run(run(ledger))
    assert (a, b, [type(one) for one in others]) == ("a", "b", [Down] * 3)
    assert ledger.groups == [["a"], ["b", "c", "d"], ["b"], ["c"]]


def test_who_has_gone_is_not_missed() -> None:
    """Others of its group get their answers, and so do later ones."""

    async def run(ledger: Ledger) -> str:
        commit = GroupCommit(ledger.keep, shared=())
        gone = asyncio.create_task(commit.take("gone"))
        await asyncio.to_thread(ledger.begun.wait, SECONDS)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
        ledger.go_on.set()
        return await asyncio.wait_for(commit.take("later"), SECONDS)

    assert asyncio.run(run(Ledger())) == "LATER"
