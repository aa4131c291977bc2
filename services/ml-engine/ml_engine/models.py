"""Loaded models, by their digest; those that were not used for longest go when there are too many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime

from ml_engine.domain import LARGEST, MOST_ARTIFACT_BYTES, Numbers, Signature, Words, inputs
from ml_engine.registry import Down, Refused, Registered

# What a cell may be; null is a number or a word that is missing, and True and False are words.
NUMBERS = frozenset({int, float, type(None)})
WORDS = frozenset({str, int, float, bool, type(None)})


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
        numbers, words = arrays(self.signature, instances)
        with _refusing(self.version, "can't predict"):
            made = self.session.run(None, inputs(self.session, numbers, words))[0].ravel()
            said: list[Any] = made.tolist()
            if self.signature.whole:
                return [int(value) for value in said]
        if made.dtype.kind == "f" and not (finite := np.isfinite(made)).all():
            raise BadInstance(f"instances.{finite.argmin()}", "its numbers are too large for this model")
        return said


@contextmanager
def _refusing(version: Registered, problem: str) -> Iterator[None]:
    """A version may be made by anybody, of anything: what goes wrong with it is its own fault."""
    try:
        yield
    except Exception as error:
        # The runtime's errors have no class in common.
        raise Refused(f"version {version.version} of {version.model_name} {problem}: {str(error)[:300]}") from error


class Models:
    """The models that are loaded."""

    def __init__(self, most_bytes: int = MOST_ARTIFACT_BYTES) -> None:
        """None yet."""
        self._most = most_bytes
        self._loaded: OrderedDict[str, Loaded] = OrderedDict()
        self._lock = threading.Lock()
        self._loading = threading.Lock()
        self._failures = 0

    def get(self, version: Registered, fetch: Callable[[Registered], bytes]) -> Loaded:
        """The version with the model of its digest, which is fetched where it is not loaded; one at a time.

        Refused where it is too large, or none that can be loaded. Down where the artifact does not come, also another
        one's that was waited for: each would be waited for as long.
        """
        if version.size_bytes > self._most:
            raise Refused(f"the model has {version.size_bytes} bytes, and {self._most} are the most that is loaded")
        with _refusing(version, "has no signature to predict by"):
            signature = Signature.from_json(version.signature)
        session = self._session(version.sha256)
        if session is None:
            session = self._load(version, fetch)
        # Columns' names are not in the artifact: versions that share one may take other columns.
        loaded = Loaded(version, signature, session)
        with self._lock:
            self._loaded[version.sha256] = loaded
            self._loaded.move_to_end(version.sha256)
            self._shrink()
        return loaded

    def list(self) -> list[Loaded]:
        """What is loaded, the one that was used last first."""
        with self._lock:
            return list(reversed(self._loaded.values()))

    def _load(self, version: Registered, fetch: Callable[[Registered], bytes]) -> Any:
        failures = self._failures
        with self._loading:
            # Who had to wait may find it loaded.
            session = self._session(version.sha256)
            if session is not None:
                return session
            if failures != self._failures:
                raise Down("an artifact that was to be loaded first did not come")
            try:
                artifact = fetch(version)
            except Down:
                self._failures += 1
                raise
            return _load(version, artifact)

    def _session(self, sha256: str) -> Any:
        with self._lock:
            loaded = self._loaded.get(sha256)
            return None if loaded is None else loaded.session

    def _shrink(self) -> None:
        while sum(one.version.size_bytes for one in self._loaded.values()) > self._most:
            self._loaded.popitem(last=False)


def _load(version: Registered, artifact: bytes) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    with _refusing(version, "can't be loaded"):
        return onnxruntime.InferenceSession(artifact, options, providers=["CPUExecutionProvider"])


def arrays(signature: Signature, instances: Sequence[Mapping[str, Any]]) -> tuple[Numbers, Words]:
    """The instances as a model takes them; BadInstance where one has other columns or values."""
    # Cell by cell takes several times as long as a model.
    made = at_once(signature, instances)
    return cell_by_cell(signature, instances) if made is None else made


def at_once(signature: Signature, instances: Sequence[Mapping[str, Any]]) -> tuple[Numbers, Words] | None:
    """What `cell_by_cell` gives; None where something may be wrong, for that to find and name it."""
    try:
        numbers = [row[name] for row in instances for name in signature.numbers]
        words = [row[name] for row in instances for name in signature.words]
    except KeyError:
        return None
    if set(map(len, instances)) != {len({*signature.numbers, *signature.words})}:
        return None
    if not (NUMBERS.issuperset(map(type, numbers)) and WORDS.issuperset(kinds := set(map(type, words)))):
        return None
    try:
        # float64 can tell what is too large for float32; None is NaN.
        table = np.array(numbers, dtype=np.float64)
    except OverflowError:
        return None
    # Nor the largest itself: a whole number that is larger may have become it.
    if (np.abs(table) >= LARGEST).any():
        return None
    texts = np.array(list(map(str.strip if kinds == {str} else _text, words)), dtype=object)
    rows = len(instances)
    return table.astype(np.float32).reshape(rows, len(signature.numbers)), texts.reshape(rows, len(signature.words))


def cell_by_cell(signature: Signature, instances: Sequence[Mapping[str, Any]]) -> tuple[Numbers, Words]:
    """The same slowly; BadInstance with the first cell that is wrong."""
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
    if type(value) not in NUMBERS:
        raise BadInstance(f"instances.{place}.{name}", "has to be a number or null")
    if abs(value) > LARGEST:
        raise BadInstance(f"instances.{place}.{name}", f"is too large: {LARGEST:.1e} is the largest number")
    return float(value)


def _word(place: int, name: str, value: Any) -> str:
    if type(value) not in WORDS:
        raise BadInstance(f"instances.{place}.{name}", "has to be a word or null")
    return _text(value)


def _text(value: str | float | None) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value).strip()
