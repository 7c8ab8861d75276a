"""The models of configurations: pydantic, with keys spelled as in Kafka Connect.

Owns the base classes of all models and the types their fields use. A field `insert_mode` is the key
`insert.mode`. Must not know where configurations come from.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, TypeAlias

from pydantic import BaseModel, BeforeValidator, ConfigDict, SecretStr

Password: TypeAlias = SecretStr
"""A secret: masked in every repr, log, error and echo; `get_secret_value()` reads it."""


def _split(value: Any) -> Any:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


CsvList: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(_split)]
"""Kafka's LIST type: comma-separated, blanks around items ignored."""


def _dotted(field_name: str) -> str:
    return field_name.replace("_", ".")


class ConfigModel(BaseModel):
    """The keys of one plugin or of one part of the worker. Unknown keys are the reader's concern.

    not_honoured: keys of the twin plugin elsewhere that are read and have no effect here, with the
    reason; they are warnings instead of errors. A name that ends with a dot stands for all below it.
    """

    model_config = ConfigDict(
        alias_generator=_dotted,
        validate_by_name=True,
        validate_by_alias=True,
        frozen=True,
        extra="ignore",
    )
    not_honoured: ClassVar[Mapping[str, str]] = {}


class ConnectorConfig(ConfigModel):
    """The keys of a connector beside those that every connector has.

    also_read_as: other names of keys → the names they have here.
    """

    also_read_as: ClassVar[Mapping[str, str]] = {}
