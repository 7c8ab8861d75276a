"""The document says what is answered, and nothing else."""

from __future__ import annotations

from sinkworker.rest.openapi import OPERATIONS
from sinkworker.rest.routes import ROUTES
from tests.unit.rest.scene import Scene


def test_every_route_is_in_the_document_and_nothing_else() -> None:
    assert [(route.method, route.path) for route in ROUTES] == list(OPERATIONS)


def test_it_is_served(scene: Scene) -> None:
    reply = scene.ask("GET", "/openapi.json")
    assert (reply.status, reply.content["openapi"]) == (200, "3.1.0")
    assert reply.content["info"]["version"] == scene.ask("GET", "/").content["version"]
    one = reply.content["paths"]["/connectors/{name}/restart"]["post"]
    assert [each["name"] for each in one["parameters"]] == ["name", "includeTasks", "onlyFailed"]
    assert list(one["responses"]) == ["202", "204", "default"]
    assert reply.content["paths"]["/connectors"]["post"]["requestBody"]["content"] == {
        "application/json": {"schema": {"$ref": "#/components/schemas/Creation"}}
    }
