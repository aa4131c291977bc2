"""Contenders: predictions without HTTP, one after the other; the model is the one that ml-engine has stored."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from turns import Turn
from worker import serve, timed

from chatdb_common import object_store
from ml_engine import datasets, instances, preparation, training
from ml_engine.domain import Hyperparameters
from ml_engine.limits import Limits
from ml_engine.models import Loaded, Models
from ml_engine.registry import Registry
from ml_engine.settings import Settings


def handler(loaded: Loaded, told: Mapping[str, Any]) -> Callable[[int], object]:
    """What the handler of POST /ml/predict does between reading the request and publishing: instances are checked."""
    return lambda _: loaded.predict(told["instances"])


def onnx(loaded: Loaded, told: Mapping[str, Any]) -> Callable[[int], object]:
    """One call of the runtime, on arrays that are ready."""
    numbers, words = instances.arrays(loaded.signature, told["instances"])
    given = training.inputs(loaded.session, numbers, words)
    return lambda _: loaded.session.run(None, given)


def scikit(_loaded: Loaded, told: Mapping[str, Any]) -> Callable[[int], object]:
    """The pipeline that was trained on the same data, before it is stored as ONNX; its rows are ready, too."""
    settings = Settings.model_validate(told["settings"])
    frame = datasets.read(object_store.connect(settings), told["data"], Limits(room=2**40))
    examples = preparation.prepare(frame, None, None)
    model = training.pipeline(told["kind"], examples, Hyperparameters()).fit(examples.features, examples.target)
    count = len(told["instances"])
    rows = np.resize(examples.features, (count, examples.features.shape[1]))
    return lambda _: model.predict(rows)


def contender(told: Mapping[str, Any]) -> Callable[[], Turn]:
    """`way`, `count`, `instances`, `model_name` and the service's `settings`."""
    registry = Registry(told["settings"]["model_registry_url"])
    loaded = Models().get(registry.resolve(told["model_name"], None, None), registry.artifact)
    act = {"handler": handler, "onnx": onnx, "scikit": scikit}[told["way"]](loaded, told)
    return lambda: timed([act], told["count"])


if __name__ == "__main__":
    serve(contender)
