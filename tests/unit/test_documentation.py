"""Every key that a user may write is documented, from the models themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field, ValidationError

from sinkworker.api import ConfigModel, CsvList, Password
from sinkworker.documentation import KeyDoc, keys
from sinkworker.plugins import Catalog, Kind
from sinkworker.settings import SinkSettings
from sinkworker.validation import aliases
from sinkworker.worker_settings import WorkerSettings


def bundled_models() -> dict[str, type[ConfigModel]]:
    catalog = Catalog()
    plugins = [
        plugin
        for kind in Kind
        for plugin in catalog.list(kind)
        if plugin.distribution == "sinkworker"
    ]
    loaded = {each.name: catalog.load(each.kind, each.name).config_class for each in plugins}
    return {"every connector": SinkSettings, "the worker": WorkerSettings, **loaded}


MODELS = bundled_models()
KEYS = [
    pytest.param(model, key, id=f"{owner}: {key.name}")
    for owner, model in MODELS.items()
    for key in keys(model)
]


class Colour(ConfigModel):
    """A model with one key of each type."""

    name: str
    """What it is called."""
    is_warm: bool = True
    """Two lines
    become one."""
    red: int = Field(default=0, alias="red.part")
    """How much red."""
    file: Path | None = None
    """A file."""
    mixed_with: CsvList = ()
    """Other colours."""
    key: Password | None = None
    """A secret."""
    kind: Literal["light", "pigment"] | None = "light"
    """What it is made of."""
    silent: str = ""


class Shade(Colour):
    """A model that inherits keys, and changes one."""

    red: int = Field(default=9, alias="red.part")
    """How much red is left."""


def test_the_plugins_and_the_engine_are_among_the_models() -> None:
    assert {"every connector", "PostgresSink", "FileStreamSink", "JsonConverter"} <= set(MODELS)


@pytest.mark.parametrize(("model", "key"), KEYS)
def test_every_key_of_every_bundled_model_has_a_text(model: type[ConfigModel], key: KeyDoc) -> None:
    del model
    assert len(key.text) > 10
    assert key.text.endswith((".", "…", ")"))


@pytest.mark.parametrize(("model", "key"), KEYS)
def test_every_default_can_be_written_as_it_is_shown(model: type[ConfigModel], key: KeyDoc) -> None:
    if key.default is None or aliases(model)[key.name].default is None:  # none: it is left out
        return
    try:
        model.model_validate({key.name: key.default})
    except ValidationError as error:
        assert key.name not in [each["loc"][0] for each in error.errors() if each["loc"]]


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_keys_are_spelled_as_in_connect(model: type[ConfigModel]) -> None:
    for name in aliases(model):
        assert name == name.lower()
        assert "_" not in name


def test_a_key_is_shown_with_its_type_default_and_choices() -> None:
    assert keys(Colour) == [
        KeyDoc("name", "STRING", None, (), "What it is called."),
        KeyDoc("is.warm", "BOOLEAN", "true", (), "Two lines become one."),
        KeyDoc("red.part", "INT", "0", (), "How much red."),
        KeyDoc("file", "STRING", "", (), "A file."),
        KeyDoc("mixed.with", "LIST", "", (), "Other colours."),
        KeyDoc("key", "PASSWORD", "", (), "A secret."),
        KeyDoc("kind", "STRING", "light", ("light", "pigment"), "What it is made of."),
        KeyDoc("silent", "STRING", "", (), ""),
    ]


def test_inherited_keys_keep_their_texts_unless_they_are_described_again() -> None:
    documented = {key.name: key for key in keys(Shade)}
    assert documented["red.part"] == KeyDoc("red.part", "INT", "9", (), "How much red is left.")
    assert documented["file"].text == "A file."
