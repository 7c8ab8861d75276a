"""Bad messages of every format among good ones: each good one lands once, each bad one is one letter.

Through the engine, the converters as they are configured and a Postgres with `errors.tolerance=all` and
`errors.deadletterqueue.table`. `GENERATED_RECORDS=20000` generates so many bad ones; without it, as many
as continuous integration has time for.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sinkworker.api import Stage
from tests.corpus import Format, causes, formats
from tests.corpus.bad import Bad
from tests.integration.postgres.corpus_landing import GOOD, LEFT_OUT, Batch, Landing, Letter
from tests.services.database import Database
from tests.services.registry import RegistryServer, running

KINDS = ("JSON", "Avro", "Protobuf")
IN_A_BATCH = 8
GENERATED = int(os.environ.get("GENERATED_RECORDS", "3000"))
EXAMPLES = -(-GENERATED // len(KINDS) // IN_A_BATCH)
CLASSES = {
    "JSON": "sinkworker.converters.json.JsonConverter",
    "Avro": "sinkworker.converters.avro.AvroConverter",
    "Protobuf": "sinkworker.converters.protobuf.ProtobufConverter",
}
TASK = "connectors.postgres.task.PostgresSinkTask"
pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300 + GENERATED // 10)]


@pytest.fixture
def registry() -> Iterator[RegistryServer]:
    with running() as server:
        yield server


@pytest.fixture(params=KINDS)
def kind(request: pytest.FixtureRequest, registry: RegistryServer) -> Format:
    (found,) = (each for each in formats(registry) if each.name == request.param)
    return found


def letters(batch: Batch, start: int, kind: str) -> list[Letter]:
    """What they have to be, but for their causes."""
    return [
        Letter(
            offset, bad.stage.value,
            CLASSES[kind] if bad.stage is Stage.VALUE_CONVERTER else TASK,
            bad.data, "",
        )
        for offset, bad in enumerate(batch, start)
        if isinstance(bad, Bad)
    ]  # fmt: skip


def without_causes(written: Sequence[Letter]) -> list[Letter]:
    return [letter._replace(cause="") for letter in written]


def test_each_message_with_a_name_is_one_letter_with_its_stage_and_cause(
    schema: Database, kind: Format, registry: RegistryServer, tmp_path: Path
) -> None:
    """Each in a batch of its own, among good ones."""
    landing, found = Landing(schema, kind, tmp_path, filters=True), {}
    for bad in kind.bad:
        start, batch = landing.next, [GOOD, LEFT_OUT, GOOD, bad, GOOD]
        written = landing.write(batch)
        assert without_causes(written) == letters(batch, start, kind.name)
        found[bad.name] = written[0].cause.replace(registry.url, "REGISTRY")
    landing.sink.stop()
    assert found == {name: cause for (of, name), cause in causes().items() if of == kind.name}


def test_all_of_them_at_once_harm_none_of_the_good_ones_between_them(
    schema: Database, kind: Format, tmp_path: Path
) -> None:
    landing = Landing(schema, kind, tmp_path, filters=True)
    batch: list[Bad | str | None] = [*kind.bad, *[GOOD] * 200, *[LEFT_OUT] * 20]
    Random(kind.name).shuffle(batch)
    assert without_causes(landing.write(batch)) == letters(batch, 0, kind.name)
    landing.sink.stop()


def test_each_generated_message_is_one_letter_with_its_stage_and_cause(
    schema: Database, kind: Format, tmp_path: Path
) -> None:
    landing = Landing(schema, kind, tmp_path, filters=False)

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(
        bad=st.lists(kind.generated, min_size=IN_A_BATCH, max_size=IN_A_BATCH),
        random=st.integers(0, 2**32).map(Random),
    )
    def write(bad: list[Bad], random: Random) -> None:
        start, good = landing.next, random.randrange(1, 40)
        batch = [*bad, *[GOOD] * good, *[LEFT_OUT] * random.randrange(3)]
        random.shuffle(batch)
        written = landing.write(batch)
        assert without_causes(written) == letters(batch, start, kind.name)
        told = zip((each for each in batch if isinstance(each, Bad)), written, strict=True)
        assert [bad for bad, letter in told if not re.fullmatch(bad.cause, letter.cause)] == []

    write()
    landing.sink.stop()
    assert landing.totals.errant == EXAMPLES * IN_A_BATCH
    assert landing.totals.filtered > 0
