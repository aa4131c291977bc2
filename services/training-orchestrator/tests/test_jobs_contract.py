"""Jobs answer as their document says."""

import contract
from test_http import Running


def test_answers_are_as_documented(service: Running) -> None:
    """Whatever is sent: no error of the service, and the types that are declared."""
    job = service.submit()
    seen = contract.check(service.client, {"job_id": job["id"]}, examples=15)
    assert seen["POST /jobs"] >= {201, 422}
    assert seen["GET /jobs/{job_id}"] >= {200, 404, 422}
