"""Reads data sets in a process of its own, and says of each what became of it and the most memory so far."""

import json
import resource
import sys

from memory import peak
from object_store_server import StoreSettings

from chatdb_common import object_store
from ml_engine import datasets
from ml_engine.domain import BadData
from ml_engine.limits import Limits

MEBIBYTE = 1024 * 1024
# A data set that gets through its limits shall hurt this process only.
resource.setrlimit(resource.RLIMIT_AS, (6 * 1024 * MEBIBYTE,) * 2)


def outcome(location: str) -> str:
    """Why it is refused, or that it is not."""
    try:
        datasets.read(client, location, Limits(room=6 * 1024 * MEBIBYTE))
    except BadData as error:
        return str(error)
    except MemoryError:
        return "no memory was left"
    return "it was read"


client = object_store.connect(StoreSettings.model_validate_json(sys.stdin.read()))
start = peak()
for each in sys.argv[1:]:
    print(json.dumps([outcome(each), (peak() - start) / MEBIBYTE]), flush=True)
