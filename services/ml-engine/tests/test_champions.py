"""Which version is champion: never one that knows nothing, and no other data's metrics are compared."""

from dataclasses import replace
from typing import Any

import httpx
import pytest
from test_jobs import GOOD, WORSE, Running

from chatdb_common.columns import DataSet
from chatdb_common.messages import Promotion
from ml_engine.champions import judge
from ml_engine.domain import Registered
from ml_engine.signature import Signature, plain

# Neither small nor large sizes are large: one threshold finds out less than several.
HILL = b"size,town,large\n" + b"".join(
    b"%d,%s,%s\n" % (n, b"north" if n % 3 else b"south", b"yes" if 20 < n < 60 or n > 75 else b"no") for n in range(80)
)
WEAK, STRONG = ({"model": "forest", "folds": 2, "trees": 3, "max_depth": depth} for depth in (1, 12))
ONE_IN_200 = b"a,b,broken\n" + b"".join(
    b"%d,%d,%s\n" % (n * 7919 % 1000, n * 104729 % 997, b"yes" if n % 200 == 0 else b"no") for n in range(1000)
)


def promotion(engine: Running) -> tuple[bool, str]:
    """What the last job says of it."""
    result = engine.events[-1].result
    assert result is not None, engine.events[-1]
    assert result.promotion is not None
    return result.promotion.champion, result.promotion.why


def test_model_that_knows_one_class_is_no_champion(engine: Running) -> None:
    """Of 995 to 5 it is right in 99.5 %, as is who always says one class: a warning, and no champion, also no first."""
    engine.train(ONE_IN_200)
    result = engine.events[-1].result
    assert result is not None
    assert result.metrics["accuracy"] == result.metrics["baseline_accuracy"] == 0.995
    assert result.metrics["balanced_accuracy"] == result.metrics["baseline_balanced_accuracy"] == 0.5
    assert [warning.partition(":")[0] for warning in result.warnings] == ["the model does not beat its baseline"]
    assert promotion(engine) == (False, "it does not beat its baseline")
    answer = engine.http.post("/ml/predict", json={"model_name": "house", "instances": [{"a": 1, "b": 1}]})
    assert answer.status_code == 404


def test_first_model_that_knows_something_is_champion(engine: Running) -> None:
    """Its metrics are beside those of the baseline, and there is no warning."""
    engine.train(GOOD)
    result = engine.events[-1].result
    assert result is not None
    assert result.metrics["balanced_accuracy"] > 0.9
    assert result.metrics["baseline_balanced_accuracy"] == 0.5
    assert result.warnings == []
    assert promotion(engine) == (True, "the model had no champion")


def test_better_model_of_the_same_data_is_champion(engine: Running) -> None:
    """Its file, byte by byte, and its target; one that is not better stays a challenger."""
    engine.train(HILL, hyperparameters=WEAK)
    engine.train(HILL, hyperparameters=STRONG)
    champion, why = promotion(engine)
    assert (champion, engine.registry.resolve("house", None, None).version) == (True, 2)
    assert why.startswith("its balanced_accuracy on the same data is ")
    engine.train(HILL, hyperparameters=WEAK)
    champion, why = promotion(engine)
    assert (champion, engine.registry.resolve("house", None, None).version) == (False, 2)
    assert why.startswith("version 2 stays champion: the new one's balanced_accuracy on the same data is ")


def test_model_of_other_data_is_not_compared(engine: Running) -> None:
    """Whatever it measures: the champion stays, and the job says how to replace it."""
    engine.train(HILL, hyperparameters=WEAK)
    engine.train(HILL + b"90,north,yes\n", hyperparameters=STRONG)
    champion, why = promotion(engine)
    assert not champion
    assert why.startswith("version 1 stays champion, as the two can't be compared: version 1 was trained on other data")
    assert why.endswith("to replace it, let the alias champion name version 2")
    assert engine.registry.resolve("house", None, None).version == 1


def test_model_below_its_baseline_replaces_nobody(engine: Running) -> None:
    """Also on the same data."""
    engine.train(GOOD)
    engine.train(WORSE)
    assert promotion(engine) == (False, "it does not beat its baseline")
    assert engine.registry.resolve("house", None, None).version == 1


def test_champion_that_changes_meanwhile_is_compared(engine: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds the alias changed between reading and writing judges again."""
    engine.train(HILL, hyperparameters=WEAK)
    engine.train(HILL, hyperparameters=WEAK)
    judged: list[int | None] = []

    def hasty(challenger: Registered, champion: Registered | None) -> Promotion:
        judged.append(champion and champion.version)
        if len(judged) == 1:
            path, headers = f"{engine.url}/models/house/aliases/champion", {"If-Match": '"1"'}
            httpx.put(path, json={"version": 2}, headers=headers).raise_for_status()
        return judge(challenger, champion)

    monkeypatch.setattr("ml_engine.registry.judge", hasty)
    engine.train(HILL, hyperparameters=STRONG)
    assert judged == [1, 2]
    assert promotion(engine)[0]
    assert engine.registry.resolve("house", None, None).version == 3


SIGNATURE = Signature(list(plain(["size"], [])), "price", "regression", source=DataSet(sha256="0", read_as="Parquet"))
OTHER = DataSet(sha256="1", read_as="Parquet")
VERSION = Registered("m", 1, "0" * 64, 1, "onnx", "regression", {"r2": 0.5}, {})


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, "it is not known what version 1 was trained on"),
        ({"signature": {"inputs": {"numbers": ["a"], "words": []}}}, "it is not known what version 1 was trained on"),
        ({"task": "classification"}, "version 1 is of another task, or has other metrics"),
        ({"task": None, "metrics": {}}, "version 1 is of another task, or has other metrics"),
        ({"metrics": {"mae": 1.0}}, "version 1 is of another task, or has other metrics"),
        ({"signature": replace(SIGNATURE, target="rent").as_json()}, "version 1 predicts another column"),
        ({"signature": replace(SIGNATURE, source=OTHER).as_json()}, "version 1 was trained on other data"),
    ],
)
def test_champion_that_anybody_may_have_made(changes: dict[str, Any], why: str) -> None:
    """Versions of before, and of others, say less of themselves: they are not compared."""
    metrics = {"r2": 0.9, "baseline_r2": 0.0}
    challenger = replace(VERSION, version=2, metrics=metrics, signature=SIGNATURE.as_json())
    found = judge(challenger, replace(VERSION, **changes))
    assert (found.champion, why in found.why) == (False, True), found


def test_version_of_before_is_no_challenger() -> None:
    """Its metrics have no baseline beside them."""
    assert judge(VERSION, None) == Promotion(champion=False, why="it is not known how good its baseline is")
