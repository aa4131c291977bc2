"""Predictions of one model: POST /ml/predict, the same without HTTP, and what others would call by themselves.

The model is trained by a job, as any is. ONNX Runtime gets arrays that are ready; scikit-learn's is the pipeline that
the service trains before it stores it as ONNX. One client asks at a time: what is measured is how long an answer takes.
"""

from contextlib import ExitStack
from typing import Any

from turns import Results, alternate
from workers import worker
from world import World

from chatdb.local.processes import wait_for

HTTP, HANDLER, ONNX, SCIKIT = "POST /ml/predict", "the same without HTTP", "ONNX Runtime alone", "scikit-learn alone"
WAYS = {HANDLER: ("handler", 10), ONNX: ("onnx", 10), SCIKIT: ("scikit", 1)}
"""Of what takes well below a millisecond ten times as many: one interruption is no hundredth of them."""
ORCHESTRATOR, ENGINE = "training-orchestrator", "ml-engine"
MODEL = "predictions"
SIZES = (1, 100, 1000)
"""Instances of a request."""
COUNT, QUICK_COUNT, ROUNDS = 100, 5, 7
TRAIN_SECONDS = 180
DATA = "s3://test/data.csv"
"""The platform's sample data; every store begins with it."""
KIND = "forest"


def predictions(world: World) -> dict[int, Results]:
    """The turns by the number of instances."""
    _train(world)
    return {size: _measured(world, size) for size in SIZES}


def _train(world: World) -> None:
    order = {"model_name": MODEL, "dataset_location": DATA, "hyperparameters": {"model": KIND}}
    job = world.call(ORCHESTRATOR, "POST", "/jobs", order)

    def over() -> bool:
        current = world.call(ORCHESTRATOR, "GET", f"/jobs/{job['id']}")
        if current["status"] in ("FAILED", "CANCELLED"):
            raise RuntimeError(f"the job has ended: {current}")
        return bool(current["status"] == "SUCCEEDED")

    wait_for("the model is trained", TRAIN_SECONDS, over)


def _measured(world: World, size: int) -> Results:
    request = {"model_name": MODEL, "instances": instances(size)}
    count = QUICK_COUNT if world.quick else COUNT
    asks = {"address": world.address(ENGINE), "asks": [("POST", "/ml/predict", request)], "clients": 1}
    settings = {name.lower(): value for name, value in world.told(ENGINE).items()}
    alone = {**request, "settings": settings, "data": DATA, "kind": KIND}
    with ExitStack() as stack:
        contenders = {HTTP: stack.enter_context(worker("ask_http.py", {**asks, "count": count}))}
        for name, (way, times) in WAYS.items():
            told = {**alone, "way": way, "count": count * times}
            contenders[name] = stack.enter_context(worker("predict_alone.py", told))
        return alternate(contenders, world.rounds(ROUNDS))


def instances(count: int) -> list[dict[str, Any]]:
    """Rows as the sample data has them, each a little different."""
    tables = ("users", "orders", "events")
    return [
        {
            "rows_scanned": 100 + 37 * number,
            "joins": number % 4,
            "indexed": ("yes", "no")[number % 2],
            "hour": number % 24,
            "table": tables[number % len(tables)],
        }
        for number in range(count)
    ]
