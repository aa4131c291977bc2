"""Training in a process of its own, on real memory: it has a bound, ends at once, and takes nothing with it."""

import errno
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import replace
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from object_store_server import StoreSettings
from test_jobs import GOOD, INSTANCE, QUICK, Running, environment, job

from chatdb.local.processes import wait_for
from ml_engine import memory, training_main, training_process
from ml_engine.domain import Assignment, BadData, Died, Hyperparameters, Interrupted, TrainingFailed
from ml_engine.service_layer import TRANSIENT
from ml_engine.training_process import Command, Kind, Report, TrainingProcess

MEBIBYTE = memory.MEBIBYTE
SECONDS = 120
ROOM = 100 * MEBIBYTE
SMALL = memory.SERVING_BYTES + memory.IDLE_BYTES + ROOM
"""The limit of a container in which a job may take 100 MiB."""
ASSIGNMENT = Assignment(
    location="s3://datasets/job.csv", target=None, task=None, hyperparameters=Hyperparameters.model_validate(QUICK)
)


def words(rows: int, columns: int = 100) -> bytes:
    """A data set of which training takes more than the least that a cell takes."""
    seeded = np.random.default_rng(1)
    lines = [b",".join(row) for row in np.array([b"a", b"bb", b"ccc"])[seeded.integers(0, 3, (rows, columns))]]
    return b"\n".join([b",".join(b"c%d" % n for n in range(columns)), *lines])


def noise(rows: int) -> bytes:
    """A data set that is small, and follows from nothing: each tree that learns it has a leaf for nearly each row."""
    return b"\n".join([b"a,b", *(b"%.9f,%.9f" % tuple(pair) for pair in np.random.default_rng(1).random((rows, 2)))])


@pytest.fixture
def bounded(object_store_settings: StoreSettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrainingProcess]:
    """In a small container, of which the tests' own process takes no more than a service does."""
    monkeypatch.setattr(memory, "available", lambda most: most - memory.SERVING_BYTES)
    with closing(TrainingProcess(environment(object_store_settings), limit=lambda: SMALL)) as process:
        yield process


def learn(process: TrainingProcess, check: Callable[[], None] = lambda: None) -> None:
    """A job with what lies in the store."""
    process.learn(ASSIGNMENT, check, lambda *_: None)


def pid(process: TrainingProcess) -> int:
    """Of the process, which is there."""
    assert process._child
    return process._child.process.pid


def test_too_large_job_fails_and_predictions_go_on(engine: Running, bounded: TrainingProcess) -> None:
    """The job is told what it needs and what there is, at once and for good; each request meanwhile is answered."""
    engine.train()
    engine.events.clear()
    # Trees are kept until the last one, so that memory grows for seconds: a peak may come and go between two looks.
    engine.put(noise(20_000))
    large = job(hyperparameters={"model": "forest", "folds": 2, "trees": 500, "max_depth": 32})
    done = threading.Event()

    def predict() -> set[int]:
        statuses = set()
        while not done.is_set():
            answer = engine.http.post("/ml/predict", json={"model_name": "house", "instances": [INSTANCE]})
            statuses.add(answer.status_code)
        return statuses

    with ThreadPoolExecutor(1) as pool:
        statuses = pool.submit(predict)
        try:
            replace(engine.trainer, learn=bounded.learn).handle(large)
        finally:
            done.set()
    assert statuses.result() == {200}
    assert engine.told() == ["started", "failed"]
    reason = engine.events[-1].error or ""
    # How far the process has grown when its memory is read depends on the machine's speed.
    needed = re.match(r"training needs more than (\d+) MiB of memory, and 260 MiB are available", reason)
    assert needed, reason
    assert int(needed[1]) >= 260
    assert bounded._child is None


def test_data_set_that_cannot_fit_is_refused_early(engine: Running, bounded: TrainingProcess) -> None:
    """While it is read, by its cells: the process lives, and does the next job."""
    engine.put(words(60_000))
    with pytest.raises(BadData, match=r"100 columns in \d+ rows or more need at least \d+ MiB of memory, and \d+ MiB"):
        learn(bounded)
    first = pid(bounded)
    engine.train()
    learn(bounded)
    assert pid(bounded) == first


def test_allocation_that_the_kernel_refuses_is_a_shortage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an error that nobody foresaw."""

    def fail(*_: object) -> None:
        raise MemoryError

    ours, its = Pipe()
    monkeypatch.setattr(training_main, "do", fail)
    client: Any = None
    training_main.report(client, Command(assignment=ASSIGNMENT, available_bytes=7 * MEBIBYTE), its)
    answer = Report.model_validate_json(ours.recv_bytes())
    assert (answer.kind, answer.text) == (Kind.BAD_DATA, memory.shortage(7 * MEBIBYTE, 7 * MEBIBYTE))


def test_container_without_room_for_training(bounded: TrainingProcess) -> None:
    """Each job fails with the sentence, before the process is ready."""
    with pytest.raises(BadData, match="and 0 MiB are available"):
        learn(replace(bounded, limit=lambda: memory.SERVING_BYTES))


def test_store_that_is_down_is_no_failure_of_the_job(engine: Running, object_store_settings: StoreSettings) -> None:
    """It raises what is tried again."""
    away = object_store_settings.model_copy(update={"s3_endpoint": "http://127.0.0.1:1"})
    process = TrainingProcess(environment(away))
    with closing(process), pytest.raises(TRANSIENT):
        replace(engine.trainer, learn=process.learn).handle(job())
    assert engine.told() == ["started"]


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.ENOMEM, errno.EMFILE])
def test_process_that_can_not_be_started(
    engine: Running, training: TrainingProcess, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    """A machine that is short of something for a moment fails no job: it is tried again."""
    training.close()

    def refuse(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    with monkeypatch.context() as patched:
        patched.setattr(subprocess, "Popen", refuse)
        with pytest.raises(TRANSIENT, match="can't be started"):
            engine.trainer.handle(job())
    assert engine.told() == ["started"]
    engine.train()
    assert engine.told() == ["started", "started", "succeeded"]


@pytest.mark.parametrize("name", ["heartbeat", "memory of training"])
def test_thread_that_can_not_be_started(engine: Running, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """The kernel counts threads as it counts processes."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == name:
            raise RuntimeError("can't start new thread")
        start(thread)

    engine.put(GOOD)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        with pytest.raises(TRANSIENT, match=f"{name}.* can't be started"):
            engine.trainer.handle(job())
    assert engine.told() == ["started"]
    engine.train()
    assert engine.told() == ["started", "started", "succeeded"]


def test_process_that_is_killed_is_a_dead_worker(engine: Running, training: TrainingProcess) -> None:
    """Nobody says anything of the attempt, so that its lease ends; the next job finds a new process."""
    engine.train()
    engine.events.clear()
    killed = pid(training)
    os.kill(killed, signal.SIGSTOP)
    with ThreadPoolExecutor(1) as pool:
        handled = pool.submit(engine.trainer.handle, job())
        wait_for("the job has started", SECONDS, lambda: engine.told() == ["started"])
        os.kill(killed, signal.SIGKILL)
        handled.result(SECONDS)
    assert engine.told() == ["started"]
    engine.train()
    assert engine.told() == ["started", "started", "succeeded"]
    assert pid(training) != killed


def test_process_that_dies_idle_is_replaced(engine: Running, training: TrainingProcess) -> None:
    """Before the next job, which does not notice."""
    engine.train()
    killed = pid(training)
    os.kill(killed, signal.SIGKILL)
    # It stays to be waited for.
    os.waitid(os.P_PID, killed, os.WEXITED | os.WNOWAIT)
    engine.train()
    assert engine.told() == ["started", "succeeded"] * 2


def test_job_that_is_not_wanted_ends_at_once(engine: Running, training: TrainingProcess) -> None:
    """Whatever the process is at, here it does not even run: it is killed."""
    engine.train()
    stopped = pid(training)
    os.kill(stopped, signal.SIGSTOP)

    def check() -> None:
        raise Interrupted

    with pytest.raises(Interrupted):
        learn(training, check)
    assert not Path(f"/proc/{stopped}").exists()


def test_process_serves_threads_that_come_and_go(engine: Running, training: TrainingProcess) -> None:
    """The kernel signals a process when the thread that has started it ends: that is none of a job's threads."""
    engine.put(GOOD)
    training.close()
    pids = []
    for _ in range(2):
        thread = threading.Thread(target=learn, args=(training,))
        thread.start()
        thread.join()
        pids.append(pid(training))
    assert pids[0] == pids[1]
    time.sleep(0.1)
    assert Path(f"/proc/{pids[0]}").exists()


def test_process_that_has_grown_is_replaced(
    engine: Running, training: TrainingProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would have less for the next job than a new one."""
    monkeypatch.setattr(training_process, "GROWN_BYTES", -(2**40))
    engine.train()
    assert training._child is None


PARENT = """
import os, sys, time
from ml_engine.training_process import TrainingProcess
process = TrainingProcess(os.environ)
child = process._starter.submit(process._start).result()
if sys.argv[1] == "ready":
    child.channel.recv_bytes()
print(child.process.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("moment", ["ready", "starting"])
def test_nothing_outlives_the_service(object_store_settings: StoreSettings, moment: str) -> None:
    """SIGKILL of the service, which can do nothing any more, ends the process, too, whatever that is at."""
    command = [sys.executable, "-c", PARENT, moment]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment(object_store_settings)) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        if moment == "ready":
            # It can't notice anything by itself.
            os.kill(child, signal.SIGSTOP)
        parent.kill()
    wait_for("the training process is gone", SECONDS, lambda: not alive(child))


def alive(number: int) -> bool:
    """Whether the process runs; what nobody has waited for has no memory."""
    with suppress(FileNotFoundError):
        return memory.anonymous(number) > 0
    return False


SCRIPTED = """
import os, sys
from multiprocessing.connection import Connection
from ml_engine.training_process import Kind, Report
channel = Connection(int(sys.argv[1]))
def send(**report): channel.send_bytes(Report(**report).model_dump_json().encode())
send(kind=Kind.READY)
while True:
    channel.recv_bytes()
    {}
"""


def scripted(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Let this be the training process, once it has its job."""
    monkeypatch.setattr(training_process, "PROGRAM", (sys.executable, "-c", SCRIPTED.format(text)))


def test_error_that_nobody_foresaw_is_named(engine: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """The job says its class, and the log has the traceback of the process."""
    scripted(monkeypatch, 'send(kind=Kind.FAILED, text="ZeroDivisionError", detail="line 7")')
    process = TrainingProcess(os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    with closing(process):
        with pytest.raises(TrainingFailed, match="line 7"):
            learn(process)
        replace(engine.trainer, learn=process.learn).handle(job())
    assert engine.events[-1].error == "training failed: ZeroDivisionError"


@pytest.mark.parametrize(("step", "refused"), [("read data set", True), ("train", False)])
def test_crash_while_a_data_set_is_read(monkeypatch: pytest.MonkeyPatch, step: str, refused: bool) -> None:
    """It is the data that did it, and would do it again; a crash in training counts as a dead worker."""
    scripted(monkeypatch, f"send(kind=Kind.STEP, text={step!r}); os.kill(os.getpid(), 11)")
    process = TrainingProcess(os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    with closing(process), pytest.raises(BadData if refused else Died) as caught:
        learn(process)
    reason = "s3://datasets/job.csv can't be read as a table: the process that reads it crashes (SIGSEGV)"
    assert str(caught.value) == (reason if refused else "the training process ended with status -11")


def test_process_that_is_killed_while_it_reads_is_a_dead_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIGKILL comes from outside, and says nothing of the data."""
    scripted(monkeypatch, "send(kind=Kind.STEP, text='read data set'); os.kill(os.getpid(), 9)")
    process = TrainingProcess(os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    with closing(process), pytest.raises(Died, match="status -9"):
        learn(process)


@pytest.mark.parametrize("last_words", ["pass", "send(kind=Kind.TRAINED, signature=None)"])
def test_process_that_ends_amid_a_job(monkeypatch: pytest.MonkeyPatch, last_words: str) -> None:
    """Also where its answer breaks off."""
    scripted(monkeypatch, f"{last_words}; os._exit(7)")
    process = TrainingProcess(os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)})
    with closing(process), pytest.raises(Died, match="status 7"):
        learn(process)
