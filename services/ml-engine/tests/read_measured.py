"""Reads data sets in a process of its own, and says of each what became of it and the most memory so far."""

import json
import resource
import sys
from pathlib import Path

from object_store_server import StoreSettings

from chatdb_common import object_store
from ml_engine import datasets
from ml_engine.domain import BadData

MEBIBYTE = 1024 * 1024
# A data set that gets through its limits shall hurt this process only.
resource.setrlimit(resource.RLIMIT_AS, (6 * 1024 * MEBIBYTE,) * 2)


def peak() -> float:
    """The most memory that this process had, in MiB; getrusage would count what its parent had before."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def outcome(location: str) -> str:
    """Why it is refused, or that it is not."""
    try:
        datasets.read(client, location, lambda: None)
    except BadData as error:
        return str(error)
    except MemoryError:
        return "no memory was left"
    return "it was read"


client = object_store.connect(StoreSettings.model_validate_json(sys.stdin.read()))
start = peak()
for each in sys.argv[1:]:
    print(json.dumps([outcome(each), peak() - start]), flush=True)
