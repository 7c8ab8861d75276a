"""`.proto` texts → message types, by protoc in a process of its own.

Owns what Confluent's registry lets schemas import without a reference. What protoc prints, which shows
the text, goes nowhere; nor can a schema's name lead it to files of this machine.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path, PurePosixPath

from google.protobuf.descriptor import Descriptor, FileDescriptor
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool

from sinkworker.api import DataError, RetriableError

MAIN = "sinkworker_main.proto"
COMPILED_WITHIN_SECONDS = 30
EXTENDED = {"File": "file", "Message": "message", "Field": "field", "Enum": "enum",
            "EnumValue": "enum_value"}  # fmt: skip

BUILT_IN: Mapping[str, str] = {
    "google/type/date.proto": """
        syntax = "proto3"; package google.type;
        message Date { int32 year = 1; int32 month = 2; int32 day = 3; }
    """,
    "google/type/timeofday.proto": """
        syntax = "proto3"; package google.type;
        message TimeOfDay { int32 hours = 1; int32 minutes = 2; int32 seconds = 3; int32 nanos = 4; }
    """,
    "confluent/type/decimal.proto": """
        syntax = "proto3"; package confluent.type;
        message Decimal { bytes value = 1; uint32 precision = 2; int32 scale = 3; }
    """,
    "confluent/meta.proto": """
        syntax = "proto3"; package confluent; import "google/protobuf/descriptor.proto";
        message Rule { string name = 1; string doc = 2; string expr = 3; string sql = 4; }
        message Meta {
          string doc = 1; map<string, string> params = 2; repeated string tags = 3;
          repeated Rule rules = 4;
        }
    """
    + "".join(
        f"extend google.protobuf.{what}Options {{ Meta {name}_meta = 1088; }}\n"
        for what, name in EXTENDED.items()
    ),
}


def compiled(text: str, imports: Mapping[str, str]) -> FileDescriptor:
    """The file of that text. imports: name → text. DataError when they cannot be compiled."""
    with tempfile.TemporaryDirectory(prefix="sinkworker-") as folder:
        for name, each in {**BUILT_IN, **imports, MAIN: text}.items():
            _write(Path(folder), name, each)
        descriptors = _protoc(Path(folder))
    pool = DescriptorPool()
    for file in descriptors.file:
        pool.Add(file)
    return pool.FindFileByName(MAIN)


def message_at(file: FileDescriptor, index: Sequence[int]) -> Descriptor:
    """The message that this index of the wire format means. DataError when there is none."""
    messages = list(file.message_types_by_name.values())
    found = None
    for number in index:
        if not 0 <= number < len(messages):
            raise DataError("it has no message of that number")
        found = messages[number]
        # What protoc makes of maps is no message of the text.
        messages = [each for each in found.nested_types if not each.GetOptions().map_entry]
    assert found is not None
    return found


def _write(folder: Path, name: str, text: str) -> None:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\0" in name:
        raise DataError("it refers to a file outside its folder")
    target = folder / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def _protoc(folder: Path) -> FileDescriptorSet:
    output = folder / "descriptors"
    with as_file(files("grpc_tools") / "_proto") as well_known:
        command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{folder}", f"-I{well_known}",
                   "--include_imports", f"--descriptor_set_out={output}", MAIN]  # fmt: skip
        try:
            ended = subprocess.run(  # noqa: S603 - nothing in it is from outside
                command, capture_output=True, timeout=COMPILED_WITHIN_SECONDS, check=False
            )
        except subprocess.TimeoutExpired:
            raise RetriableError("protoc did not end in time") from None
    if ended.returncode != 0:
        raise DataError("protoc cannot compile it")
    return FileDescriptorSet.FromString(output.read_bytes())
