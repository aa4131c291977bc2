"""The page and the runs answer as their document says."""

import contract
from test_page import service


def test_answers_are_as_documented() -> None:
    """Whatever is sent: no error of the service, and the types that are declared."""
    with service() as client:
        run = client.post("/runs").json()["id"]
        seen = contract.check(client, {"run_id": run}, examples=10)
    assert seen["POST /runs"] >= {202, 422}
    assert seen["GET /runs/{run_id}"] >= {200, 404, 422}
