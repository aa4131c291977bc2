"""Named places where a test lets the process die, as in a crash; nobody but a test sets CHATDB_FAILPOINT."""

import itertools
import os
import signal

_name, _, _nth = os.environ.get("CHATDB_FAILPOINT", "").partition(":")
_times = itertools.count(1)


def failpoint(name: str) -> None:
    """SIGKILL of this process where CHATDB_FAILPOINT is `<name>:<n>` and the place is reached for the n-th time."""
    if name == _name and next(_times) == int(_nth):
        os.kill(os.getpid(), signal.SIGKILL)
