"""Servers and folders never outlive who made them, however that one ends."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from chatdb.local.postgres import PostgresServer
from chatdb.local.processes import Server, free_ports, scratch_folder, wait_for

SECONDS = 30
# A server that has a child of its own, and takes no notice of being asked to end.
STUBBORN = "trap '' TERM; sleep 600 & echo $! >child; wait"
# Who runs the tests in the background has SIGINT ignored, and Python leaves it so.
STARTER = f"""
import signal, time
from pathlib import Path
from chatdb.local.processes import Server, scratch_folder
signal.signal(signal.SIGINT, signal.default_int_handler)
with scratch_folder() as folder:
    command = ["sh", "-c", f"cd {{folder}}; {STUBBORN}"]
    server = Server("one", command, folder / "log", {{"PATH": {os.defpath!r}}})
    server.start()
    while not (folder / "child").exists() or not (folder / "child").read_text().strip():
        time.sleep(0.01)
    print(folder, server.pid, (folder / "child").read_text().strip(), flush=True)
    time.sleep(600)
"""


def runs(pid: int) -> bool:
    """Whether there is a process of that id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for logs."""
    with scratch_folder() as made:
        yield made


def server(folder: Path, script: str) -> Server:
    """A shell that runs the script."""
    return Server("one", ["sh", "-c", script], folder / "log", {"PATH": os.defpath})


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_all_goes_with_the_starter(number: int) -> None:
    """The server, its child and the folder are gone, also when nobody could clean up."""
    with subprocess.Popen([sys.executable, "-c", STARTER], stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout
        path, *pids = starter.stdout.readline().split()
        assert Path(path).is_dir() and all(runs(int(pid)) for pid in pids)
        starter.send_signal(number)
    wait_for("the processes are gone", SECONDS, lambda: not any(runs(int(pid)) for pid in pids))
    wait_for("the folder is gone", SECONDS, lambda: not Path(path).exists())


def test_alive_is_said_of_the_new_process(folder: Path) -> None:
    """Another thread that sees it alive again does not find the process id of its last life."""
    slow = folder / "sh"
    slow.write_text('#!/bin/sh\nsleep 0.3\nexec /bin/sh "$@"\n')
    slow.chmod(0o755)
    one = Server("one", ["sleep", "60"], folder / "log", {"PATH": f"{folder}:{os.defpath}"})
    one.start()
    before = one.pid
    one.kill()
    starter = threading.Thread(target=one.start)
    starter.start()
    while not one.alive():
        time.sleep(0.01)
    assert one.pid != before
    starter.join()
    one.stop()


def test_stop_is_bounded(folder: Path) -> None:
    """Who takes no notice of being asked is ended when the patience is over."""
    one = server(folder, f"cd {folder}; {STUBBORN}")
    one.start()
    wait_for("it has a child", SECONDS, (folder / "child").exists)
    one.ask()
    one.stop(patience=0.2)
    assert not one.alive()
    assert not runs(one.pid)


def test_who_is_asked_finishes(folder: Path) -> None:
    """There is time for a last word."""
    one = server(folder, "trap 'echo bye; exit' TERM; echo up; while :; do sleep 0.05; done")
    one.start()
    wait_for("it is up", SECONDS, lambda: one.last_lines(1) == "up")
    one.ask()
    one.stop(patience=SECONDS)
    assert one.last_lines(2) == "up\nbye"


def test_an_end_is_seen(folder: Path) -> None:
    """Its status is told, and it can be started again."""
    one = server(folder, "echo hello; exit 7")
    for _ in range(2):
        one.start()
        wait_for("it has ended", SECONDS, lambda: one.status() is not None)
        assert (one.status(), one.alive()) == (7, False)
        one.stop()
    assert one.last_lines(9) == "hello\nhello"


def test_a_crash_is_no_end(folder: Path) -> None:
    """What a test kills is started again."""
    one = server(folder, "echo up; exec sleep 600")
    one.start()
    first = one.pid
    one.restart()
    assert one.alive() and one.pid != first and not runs(first)
    one.stop()


def test_a_killed_database_has_all_commits(folder: Path) -> None:
    """What PostgreSQL has acknowledged is there after SIGKILL."""
    database = PostgresServer(folder=folder, port=free_ports(1)[0], password="of-nobody")
    process = database.process()
    process.start()
    wait_for("it takes connections", SECONDS, database.ready)
    database.sql("CREATE TABLE notes (number int)")
    for number in range(5):
        database.sql(f"INSERT INTO notes VALUES ({number})")
    process.kill()

    def back() -> bool:
        # It refuses to start while a backend of its last life is there.
        if not process.alive():
            process.restart()
        return database.ready()

    wait_for("it takes connections again", SECONDS, back)
    assert database.sql("SELECT count(*) FROM notes") == "5"
    process.stop()


def test_ports_are_different() -> None:
    """Each server gets its own."""
    assert len(set(free_ports(20))) == 20
