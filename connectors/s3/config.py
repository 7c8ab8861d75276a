"""The keys of the S3 sink, spelled as Confluent's S3 sink spells them.

Owns what is left of that sink's keys: other names, and those without effect here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar

from pydantic import AfterValidator, model_validator

from connectors.s3.layout import FileConfig
from connectors.s3.manifest import ROOT
from connectors.s3.naming import DEFAULT_TEMPLATE, checked_template
from connectors.s3.store_config import StoreConfig
from sinkworker.api import ConnectorConfig

RETRIES = "failures are waited out; see errors.retry.timeout"
NAMES = "names of files are given by file.name.template"
SCHEMAS = "each schema has files of its own"
ENVELOPE = "files hold values; a transform can put keys and headers into them"


class S3SinkConfig(StoreConfig, FileConfig, ConnectorConfig):
    file_name_template: Annotated[str, AfterValidator(checked_template)] = DEFAULT_TEMPLATE
    """How names of files begin; they end in the epoch, a random part and the extension."""

    errors_deadletterqueue_path: str = ""
    """Where records go that cannot be written, with the data: a folder; empty: nowhere."""

    @model_validator(mode="after")
    def _letters_are_no_data(self) -> S3SinkConfig:
        path = self.errors_deadletterqueue_path.strip("/") + "/"
        if path == "/":
            return self
        for taken, what in ((self.topics_dir, "topics.dir"), (ROOT, "the entries' folder")):
            folder = taken.strip("/") + "/"
            if path.startswith(folder) or folder.startswith(path):
                raise ValueError(
                    f"errors.deadletterqueue.path={self.errors_deadletterqueue_path} and {what} "
                    f"({taken.strip('/')}) must be folders of their own"
                )
        return self

    @property
    def letters_dir(self) -> str:
        return self.errors_deadletterqueue_path.strip("/")

    also_read_as: ClassVar[Mapping[str, str]] = {
        "aws.s3.bucket.name": "s3.bucket.name",
        "aws.s3.region": "s3.region",
        "aws.s3.endpoint": "store.url",
        "aws.s3.part.size.bytes": "s3.part.size",
        "aws.s3.sse.algorithm": "s3.ssea.name",
        "file.compression.type": "s3.compression.type",
        "file.max.records": "flush.size",
    }
    not_honoured: ClassVar[Mapping[str, str]] = {
        "connect.meta.data": "schemas are written as they are",
        "directory.delim": "folders are divided by /",
        "enable.conditional.writes": "every commit is a conditional write",
        "enhanced.avro.schema.support": "schemas are written as they are",
        "file.delim": NAMES,
        "filename.offset.zero.pad.width": "offsets in names have 20 digits",
        "headers.format.class": ENVELOPE,
        "keys.format.class": ENVELOPE,
        "max.write.duration.ms": "the time of a flush is bound by max.poll.interval.ms",
        "partitioner.max.open.files": "open files are bound by buffer.memory",
        "retry.backoff.ms": RETRIES,
        "rotate.file.on.partition.change": "one commit may hold files of several folders",
        "s3.credentials.provider.class": "credentials are found as boto3 finds them",
        "s3.http.send.expect.continue": "there is nothing to gain by it",
        "s3.object.tagging": "offsets and counts are in a file's metadata",
        "s3.retry.backoff.ms": RETRIES,
        "s3.wan.mode": "there is no other mode",
        "schema.cache.size": SCHEMAS,
        "schema.compatibility": SCHEMAS,
        "schema.generator.class": SCHEMAS,
        "shutdown.timeout.ms": "see sinkworker start --stop-within",
        "storage.class": "this sink writes to S3 only",
        "store.kafka.headers": ENVELOPE,
        "store.kafka.keys": ENVELOPE,
    }
