"""Models, versions and aliases answer as their document says."""

import contract
from test_registry import Running


def test_answers_are_as_documented(registry: Running) -> None:
    """Whatever is sent: no error of the service, and the types that are declared."""
    registry.model()
    number = registry.ready()
    registry.client.put("/models/iris/aliases/champion", json={"version": number})
    seen = contract.check(registry.client, {"name": "iris", "version": number, "alias": "champion"}, examples=8)
    assert seen["GET /models/{name}/versions/{version}/artifact"] >= {200, 404, 422}
    assert seen["PUT /models/{name}/aliases/{alias}"] >= {404, 412, 422}
