"""Orders that nobody means well with: refused as problems, and nothing is left of them."""

import json
from base64 import urlsafe_b64encode

import pytest
from test_http import ORDER, Running

JSON = {"Content-Type": "application/json"}
SQL = "x'); DROP TABLE jobs; --"


def order_with(hyperparameters: str) -> str:
    """An order whose hyperparameters are this JSON."""
    return json.dumps(ORDER)[:-1] + f', "hyperparameters": {{"a": {hyperparameters}}}}}'


def cursor_of(text: str) -> str:
    """A cursor that nobody was given."""
    return urlsafe_b64encode(text.encode()).decode()


@pytest.mark.parametrize("depth", [50, 300, 900, 10_000])
@pytest.mark.parametrize(("start", "end"), [("[", "]"), ('{"a":', "}")])
def test_deep_json_is_refused(service: Running, depth: int, start: str, end: str) -> None:
    """Whichever part of the way down it is that gives up."""
    response = service.client.post("/jobs", content=order_with(start * depth + "1" + end * depth), headers=JSON)
    assert response.status_code in (400, 422, 413)
    assert response.headers["content-type"] == "application/problem+json"
    assert service.rows("SELECT id FROM jobs") == []


@pytest.mark.parametrize("content", [b'{"model_name": "\xff\xfe"}', b"\x00", b"", b"{", b"[" * 60_000])
def test_what_is_no_json_is_refused(service: Running, content: bytes) -> None:
    """A problem, and not an error of the service."""
    response = service.client.post("/jobs", content=content, headers=JSON)
    assert response.status_code in (400, 422)
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "application/x-yaml", ""])
def test_other_content_types_are_refused(service: Running, kind: str) -> None:
    """Also where the bytes would be JSON: a form of another site could send them."""
    response = service.client.post("/jobs", content=json.dumps(ORDER), headers={"Content-Type": kind})
    assert response.status_code == 422
    assert service.rows("SELECT id FROM jobs") == []


def test_of_doubled_keys_the_last_one_counts(service: Running) -> None:
    """In the job, and in what its Idempotency-Key stands for."""
    doubled = '{"model_name": "first", ' + json.dumps({**ORDER, "model_name": "last"})[1:]
    headers = {**JSON, "Idempotency-Key": "k"}
    job = service.client.post("/jobs", content=doubled, headers=headers).json()
    assert job["model_name"] == "last"
    again = service.client.post("/jobs", json={**ORDER, "model_name": "last"}, headers={"Idempotency-Key": "k"})
    assert again.json() == job


def test_sql_in_names_is_text(service: Running) -> None:
    """It is stored, compared, and not run."""
    order = {**ORDER, "target_column": SQL, "hyperparameters": {SQL: SQL}, "dataset_location": f"s3://test/{SQL}"}
    job = service.client.post("/jobs", json=order, headers={"Idempotency-Key": SQL}).json()
    assert (job["target_column"], job["hyperparameters"]) == (SQL, {SQL: SQL})
    assert service.client.get("/jobs", params={"model_name": SQL}).json()["items"] == []
    assert len(service.client.get("/jobs").json()["items"]) == 1


@pytest.mark.parametrize(
    "cursor", ["-1", "9" * 190, "\0", "é", cursor_of("[-1]"), cursor_of('["-1"]'), cursor_of('["\\u0000"]')]
)
def test_cursors_that_nobody_was_given(service: Running, cursor: str) -> None:
    """Negative, huge, and what no database holds."""
    assert service.client.get("/jobs", params={"cursor": cursor}).status_code == 422


def test_number_of_four_thousand_digits_is_kept_or_refused(service: Running) -> None:
    """It is JSON, and no error."""
    response = service.client.post("/jobs", content=order_with("9" * 4000), headers=JSON)
    assert response.status_code in (201, 422)
    assert service.client.get("/jobs").status_code == 200


def test_key_that_no_database_holds(service: Running) -> None:
    """A NUL, which most servers stop before."""
    assert service.client.post("/jobs", json=ORDER, headers={"Idempotency-Key": "a\0b"}).status_code == 422
