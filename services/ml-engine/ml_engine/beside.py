"""A thread beside a block of code, which ends with it."""

import contextvars
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ml_engine.domain import Unavailable

Done = Callable[[float], bool]
"""Waits so many seconds; whether the block has ended."""


@contextmanager
def beside(name: str, work: Callable[[Done], None]) -> Iterator[None]:
    """Let the work run in a thread of that name, in the caller's trace, until the block has ended.

    Unavailable where the thread can't be started.
    """
    ended = threading.Event()
    run = contextvars.copy_context().run
    thread = threading.Thread(target=run, args=(work, ended.wait), name=name, daemon=True)
    try:
        thread.start()
    except RuntimeError as error:
        raise Unavailable(f"thread {name!r} can't be started: {error}") from error
    try:
        yield
    finally:
        ended.set()
        thread.join()
