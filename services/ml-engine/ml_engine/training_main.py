"""The training process, `python -m ml_engine.training_main <file descriptor>`: reads and trains, no more.

It is a process of its own so that its memory has a bound of its own. It ends with its parent, however that one ends.
"""

import ctypes
import signal
import sys
import traceback
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from chatdb_common import logs, object_store
from chatdb_common.settings import ObjectStoreSettings
from ml_engine import datasets, memory, preparation, training
from ml_engine.domain import BadData
from ml_engine.limits import Limits
from ml_engine.training_process import READ, Command, Kind, Report

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PR_SET_PDEATHSIG = 1


class Settings(ObjectStoreSettings):
    """The part of ml-engine's that says where data sets are."""

    service: ClassVar[str] = "ml-engine"

    port: int = 0


def end_with_parent() -> None:
    """Let the kernel kill this process when its parent ends; a parent that has ended by now does not hear `READY`."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def be_first_victim() -> None:
    """Where the kernel has to kill a process of the container in spite of all, it shall be this one."""
    # Refused in some sandboxes, which then choose themselves.
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="utf-8")


def do(client: "S3Client", command: Command, channel: Connection) -> None:
    """One job: its steps as they begin, and then the model; BadData where there is none."""
    send(channel, Report(kind=Kind.STEP, text=READ))
    limits, assignment = Limits(command.available_bytes - memory.anonymous("self")), command.assignment
    frame = datasets.read(client, assignment.location, limits)
    examples = preparation.prepare(frame, assignment.target, assignment.task)
    # It would be missing in training.
    del frame
    send(channel, Report(kind=Kind.STEP, text="train", rows=len(examples.target)))
    trained = training.train(examples, assignment.hyperparameters)
    send(channel, Report(kind=Kind.TRAINED, signature=trained.signature, metrics=dict(trained.metrics)))
    channel.send_bytes(trained.onnx)


def report(client: "S3Client", command: Command, channel: Connection) -> None:
    """One job, whatever becomes of it."""
    try:
        do(client, command, channel)
    except BadData as problem:
        send(channel, Report(kind=Kind.BAD_DATA, text=str(problem)))
    except MemoryError:
        text = memory.shortage(command.available_bytes, command.available_bytes)
        send(channel, Report(kind=Kind.BAD_DATA, text=text))
    except object_store.TRANSIENT as error:
        send(channel, Report(kind=Kind.UNAVAILABLE, text=str(error)))
    except Exception as error:  # noqa: BLE001 - the parent logs it
        send(channel, Report(kind=Kind.FAILED, text=type(error).__name__, detail=traceback.format_exc()))


def send(channel: Connection, message: Report) -> None:
    """To the parent."""
    channel.send_bytes(message.model_dump_json().encode())


def main(descriptor: int) -> None:
    """Do one job after another until the parent is gone."""
    end_with_parent()
    be_first_victim()
    # Ctrl-C is for the parent, which ends this process.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    settings = Settings.read()
    logs.configure(settings.service)
    client = object_store.connect(settings)
    channel = Connection(descriptor)
    send(channel, Report(kind=Kind.READY))
    while True:
        command = Command.model_validate_json(channel.recv_bytes())
        report(client, command, channel)


if __name__ == "__main__":
    main(int(sys.argv[1]))
