"""Loaded models, by their digest; those that were not used for longest go when there are too many bytes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnxruntime

from ml_engine.domain import MOST_ARTIFACT_BYTES, Registered, inputs
from ml_engine.instances import BadInstance, arrays
from ml_engine.registry import Down, Refused
from ml_engine.signature import Signature


@dataclass(frozen=True)
class Loaded:
    """A model that is ready to predict."""

    version: Registered
    signature: Signature
    session: Any

    def predict(self, instances: Sequence[Mapping[str, Any]]) -> list[Any]:
        """One prediction for each instance; BadInstance where one is not what the model takes."""
        numbers, words = arrays(self.signature, instances)
        # Not _refusing: to enter a context takes as long as to read a row.
        try:
            made = self.session.run(None, inputs(self.session, numbers, words))[0].ravel()
            said: list[Any] = made.tolist()
            if self.signature.whole:
                return [int(value) for value in said]
        except Exception as error:
            raise _refusal(self.version, "can't predict", error) from error
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
        raise _refusal(version, problem, error) from error


def _refusal(version: Registered, problem: str, error: Exception) -> Refused:
    return Refused(f"version {version.version} of {version.model_name} {problem}: {str(error)[:300]}")


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
        with self._lock:
            known = self._loaded.get(version.sha256)
        if known is not None and known.version == version:
            signature, session = known.signature, known.session
        else:
            with _refusing(version, "has no signature to predict by"):
                signature = Signature.from_json(version.signature)
            session = self._session(version.sha256) or self._load(version, fetch)
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
