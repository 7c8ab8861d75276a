"""Imports point one way, and each part may import only what is listed here."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# Part → what it may import: other parts, and third-party packages. The longest matching part counts.
ALLOWED: dict[str, set[str]] = {
    "sinkworker": set(),
    "sinkworker.__main__": {"sinkworker.cli"},
    "sinkworker.api": {"sinkworker.api", "pydantic"},
    "sinkworker.runtime": {"sinkworker.runtime", "sinkworker.api"},
    "sinkworker.converters": {
        "sinkworker.converters", "sinkworker.api", "pydantic", "pydantic_core",
    },
    # the only users of what comes with extras
    "sinkworker.converters.registry": {"sinkworker.api", "pydantic", "confluent_kafka"},
    "sinkworker.converters.protobuf_files": {
        "sinkworker.converters", "sinkworker.api", "google", "grpc_tools",
    },
    "sinkworker.converters.protobuf_schema": {
        "sinkworker.converters", "sinkworker.api", "google", "confluent_kafka",
    },
    "sinkworker.converters.protobuf": {
        "sinkworker.converters", "sinkworker.api", "google",
    },
    "sinkworker.transforms": {
        "sinkworker.transforms", "sinkworker.converters", "sinkworker.api", "pydantic",
    },
    "sinkworker.plugins": {"sinkworker.plugins", "sinkworker.api"},
    "sinkworker.kafka": {
        "sinkworker.kafka", "sinkworker.runtime", "sinkworker.api", "kafka",
    },
    "sinkworker.kafka.confluent": {
        "sinkworker.kafka", "sinkworker.runtime", "sinkworker.api", "confluent_kafka",
    },
    "sinkworker.kafka.security": {"sinkworker.kafka.security", "sinkworker.api", "cryptography"},
    "sinkworker.testing": {
        "sinkworker.testing", "sinkworker.runtime", "sinkworker.api", "pytest", "pydantic",
    },
    # configuration and composition
    "sinkworker.providers": {"javaproperties"},
    "sinkworker.properties": {"sinkworker.providers", "sinkworker.api", "javaproperties"},
    "sinkworker.settings": {"sinkworker.runtime", "sinkworker.api", "pydantic"},
    "sinkworker.validation": {"sinkworker.properties", "sinkworker.api", "pydantic"},
    "sinkworker.documentation": {
        "sinkworker.validation", "sinkworker.api", "pydantic", "pydantic_core",
    },
    "sinkworker.worker_settings": {"sinkworker.providers", "sinkworker.api", "pydantic"},
    "sinkworker.configuration": {
        "sinkworker.configuration", "sinkworker.worker_settings",
        "sinkworker.settings", "sinkworker.properties", "sinkworker.validation",
        "sinkworker.plugins", "sinkworker.kafka", "sinkworker.runtime", "sinkworker.api",
    },
    "sinkworker.app": {
        "sinkworker.administration", "sinkworker.rest", "sinkworker.worker_settings",
        "sinkworker.configuration", "sinkworker.properties", "sinkworker.plugins",
        "sinkworker.kafka", "sinkworker.runtime", "sinkworker.api",
    },
    # operations
    "sinkworker.administration": {
        "sinkworker", "sinkworker.administration", "sinkworker.rest.port",
        "sinkworker.configuration", "sinkworker.documentation", "sinkworker.plugins",
        "sinkworker.properties", "sinkworker.providers", "sinkworker.settings",
        "sinkworker.validation", "sinkworker.runtime", "sinkworker.api",
    },
    "sinkworker.rest": {
        "sinkworker.rest", "sinkworker.worker_settings", "sinkworker.runtime", "sinkworker.api",
    },
    "sinkworker.rest.server": {
        "sinkworker.rest", "starlette", "uvicorn", "sinkworker.runtime", "sinkworker.api",
    },
    "sinkworker.rest.connection": {"sinkworker.rest", "uvicorn", "h11"},
    "sinkworker.rest.quiet_server": {"sinkworker.rest", "uvicorn"},
    "sinkworker.rest.prometheus": {
        "sinkworker.rest", "prometheus_client", "sinkworker.runtime", "sinkworker.api",
    },
    "sinkworker.failpoints": {"sinkworker.api"},
    "sinkworker.plugin_project": {"sinkworker.plugins"},
    "sinkworker.templates": {
        "my_sink", "sinkworker", "sinkworker.api", "sinkworker.testing", "pytest",
    },
    "sinkworker.cli": {
        "sinkworker", "sinkworker.cli", "sinkworker.app", "sinkworker.settings",
        "sinkworker.documentation", "sinkworker.plugins", "sinkworker.plugin_project",
        "sinkworker.testing", "sinkworker.configuration", "sinkworker.runtime", "sinkworker.api",
        "sinkworker.demo", "sinkworker.top", "sinkworker.report", "sinkworker.failpoints",
        "sinkworker.properties", "sinkworker.rest",
        "sinkworker.administration.verification", "sinkworker.administration.replaying",
        "sinkworker.administration.tapping",
        "click",
    },
    # what a worker's REST says, read from outside
    "sinkworker.report": {"sinkworker.report"},
    "sinkworker.top": {"sinkworker.top", "prometheus_client"},
    "sinkworker.top.screen": {"sinkworker.top", "rich"},
    "sinkworker.top.terminal": {"sinkworker.top", "rich"},
    # a user of the command line, and nothing else of it
    "sinkworker.demo": {
        "sinkworker", "sinkworker.demo", "confluent_kafka", "psycopg", "boto3", "botocore", "rich",
    },
    # plugins: the public API only
    "connectors": set(),
    "connectors.file": {"connectors.file", "sinkworker.api", "pydantic"},
    "connectors.postgres": {"connectors.postgres", "sinkworker.api", "psycopg", "pydantic"},
    "connectors.s3": {
        "connectors.s3", "sinkworker.api", "pydantic", "orjson", "zstandard",
        "fastavro", "pyarrow", "zlib_ng",
    },
    "connectors.s3.bucket": {"connectors.s3", "sinkworker.api", "boto3", "botocore"},
    "connectors.s3.failures": {"connectors.s3", "sinkworker.api", "botocore"},
    "connectors.s3.commands": {"connectors.s3", "sinkworker.api", "click"},
}  # fmt: skip

MODULES = sorted(
    path for top in ("sinkworker", "connectors") for path in (ROOT / top).rglob("*.py")
)


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_part_may(path: Path) -> None:
    module = _module_name(path)
    part = _part_of(module)
    for line, imported in _imports(path):
        if imported.split(".")[0] in sys.stdlib_module_names:
            continue
        assert _is_allowed(imported, ALLOWED[part]), (
            f"{path.relative_to(ROOT)}:{line} imports {imported}; {part} may import "
            f"{', '.join(sorted(ALLOWED[part])) or 'nothing but the standard library'}"
        )


def test_nothing_imports_the_connectors() -> None:
    for path in (ROOT / "sinkworker").rglob("*.py"):
        assert not [name for _, name in _imports(path) if name.startswith("connectors")], path


def test_kafka_clients_are_imported_in_one_place_only() -> None:
    for path in MODULES:
        clients = [name for _, name in _imports(path) if name.split(".")[0] == "kafka"]
        assert not clients or _module_name(path).startswith("sinkworker.kafka."), path


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_module_says_what_it_is(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text())), f"{path} has no docstring"


def _module_name(path: Path) -> str:
    name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
    return name.removesuffix(".__init__")


def _part_of(module: str) -> str:
    parts = [part for part in ALLOWED if module == part or module.startswith(part + ".")]
    return max(parts, key=len)


def _is_allowed(imported: str, allowed: set[str]) -> bool:
    return any(
        imported == each or (imported.startswith(each + ".") and each != "sinkworker")
        for each in allowed
    )


def _imports(path: Path) -> Iterator[tuple[int, str]]:
    """Every imported module with its line, also those within functions and type-checking blocks."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno} has a relative import"
            yield node.lineno, node.module or ""
