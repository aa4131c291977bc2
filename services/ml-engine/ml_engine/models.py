"""Loaded models, by their digest; those that were not used for longest go when there are too many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime

from ml_engine.domain import Numbers, Signature, Words
from ml_engine.registry import Registered
from ml_engine.training import inputs

MEBIBYTE = 1024 * 1024
# Of artifacts; the runtime takes some times as much.
MOST_BYTES = 96 * MEBIBYTE
# Models calculate with 32 bits.
LARGEST = float(np.finfo(np.float32).max)


class BadInstance(ValueError):
    """An instance is not what the model takes; `field` says where."""

    def __init__(self, field: str, message: str) -> None:
        """`field` as in the request."""
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to predict."""

    version: Registered
    signature: Signature
    session: Any

    def predict(self, instances: Sequence[Mapping[str, Any]]) -> list[Any]:
        """One prediction for each instance; BadInstance where one is not what the model takes."""
        numbers, words = _arrays(self.signature, instances)
        found = self.session.run(None, inputs(self.session, numbers, words))[0].ravel()
        if found.dtype.kind == "f" and not np.isfinite(found).all():
            raise BadInstance("instances", "numbers are so large that no prediction can be calculated")
        said = found.tolist()
        return [int(value) for value in said] if self.signature.whole else said


class Models:
    """The models that are loaded."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """None yet."""
        self._most = most_bytes
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, version: Registered, fetch: Callable[[Registered], bytes]) -> Loaded:
        """The model of that digest; fetched where it is not loaded."""
        with self._lock:
            found = self._loaded.get(version.sha256)
            if found is not None:
                self._loaded.move_to_end(version.sha256)
                return found
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = onnxruntime.InferenceSession(fetch(version), options, providers=["CPUExecutionProvider"])
        loaded = Loaded(version, Signature.from_json(version.signature), session)
        with self._lock:
            self._loaded[version.sha256] = loaded
            self._shrink()
        return loaded

    def list(self) -> list[Loaded]:
        """What is loaded, the one that was used last first."""
        with self._lock:
            return list(reversed(self._loaded.values()))

    def _shrink(self) -> None:
        # The newest one stays, whatever its size: it is about to be used.
        while len(self._loaded) > 1 and sum(one.version.size_bytes for one in self._loaded.values()) > self._most:
            self._loaded.popitem(last=False)


def _arrays(signature: Signature, instances: Sequence[Mapping[str, Any]]) -> tuple[Numbers, Words]:
    known = {*signature.numbers, *signature.words}
    for place, instance in enumerate(instances):
        for name in sorted(set(instance) ^ known):
            problem = "is no column of this model" if name in instance else "is missing: null says that there is none"
            raise BadInstance(f"instances.{place}.{name}", problem)
    numbers = [[_number(i, n, row[n]) for n in signature.numbers] for i, row in enumerate(instances)]
    words = [[_word(i, n, row[n]) for n in signature.words] for i, row in enumerate(instances)]
    return np.asarray(numbers, dtype=np.float32), np.asarray(words, dtype=object)


def _number(place: int, name: str, value: Any) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise BadInstance(f"instances.{place}.{name}", "has to be a number or null")
    if abs(value) > LARGEST:
        raise BadInstance(f"instances.{place}.{name}", f"has to be at most {LARGEST:g}")
    return float(value)


def _word(place: int, name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, (str, int, float)):
        raise BadInstance(f"instances.{place}.{name}", "has to be a word or null")
    return str(value).strip()
