"""One connection to the platform's PostgreSQL that stays open."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from world import World

from chatdb.local.parts import postgres_server

END = "-- end --"
Ask = Callable[[str], str]


@contextmanager
def session(world: World) -> Iterator[Ask]:
    """What a query prints, asked by its administrator; RuntimeError where it fails.

    A connection for each query, as `World.sql` makes it, takes more CPU time than most of what is watched by one.
    """
    server = postgres_server(world.platform.site)
    line = [str(server.binaries / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"]
    pipe = subprocess.PIPE
    with subprocess.Popen(line, env=server.env(), stdin=pipe, stdout=pipe, text=True) as psql:
        assert psql.stdin is not None  # noqa: S101 - for the type checker
        assert psql.stdout is not None  # noqa: S101 - for the type checker
        asking, saying = psql.stdin, psql.stdout

        def ask(query: str) -> str:
            asking.write(f"{query};\n\\echo '{END}'\n")
            asking.flush()
            lines = []
            while (answer := saying.readline().rstrip("\n")) != END:
                if psql.poll() is not None and not answer:
                    raise RuntimeError(f"psql has ended: {query}")
                lines.append(answer)
            return "\n".join(lines)

        yield ask
