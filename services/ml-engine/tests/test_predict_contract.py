"""Predictions answer as their document says, with a model that is trained."""

import contract
import pytest
from test_jobs import Running


def test_answers_are_as_documented(engine: Running) -> None:
    """Whatever is sent: no error of the service, and the types that are declared."""
    engine.train()
    seen = contract.check(engine.http, {}, examples=25)
    assert seen["POST /ml/predict"] >= {404, 422}


@pytest.mark.parametrize("size", ["9" * 400, "1e300", "-3.5e38", "9" * 4000])
def test_number_that_no_model_calculates_with_is_refused(engine: Running, size: str) -> None:
    """With its field, and without a prediction that JSON can't spell."""
    engine.train()
    content = f'{{"model_name": "house", "instances": [{{"town": "north", "size": {size}}}]}}'
    answer = engine.http.post("/ml/predict", content=content, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["instances.0.size"]
    assert engine.predictions == []


def test_prediction_that_is_no_number_is_refused(engine: Running) -> None:
    """Large numbers that are multiplied by larger ones."""
    engine.train(b"size,price\n" + b"".join(b"%d,%d.5\n" % (n, n * 10**9) for n in range(80)))
    answer = engine.http.post("/ml/predict", json={"model_name": "house", "instances": [{"size": 3e38}]})
    assert answer.status_code == 422
    assert engine.predictions == []
