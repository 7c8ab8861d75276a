"""The bugs that the fault suite is tried with still have their places in the source."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.faults.catalogue import SHORT
from tests.faults.letter_mutants import LETTER_MUTANTS
from tests.faults.mutants import MUTANTS, Mutant, sow
from tests.faults.order_mutants import ORDER_MUTANTS
from tests.faults.registry_mutants import REGISTRY_MUTANTS
from tests.faults.s3_mutants import S3_MUTANTS

ALL = [*MUTANTS, *S3_MUTANTS, *LETTER_MUTANTS, *REGISTRY_MUTANTS, *ORDER_MUTANTS]


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_a_mutant_can_be_sown_and_is_python(mutant: Mutant, tmp_path: Path) -> None:
    source = sow(mutant, tmp_path)
    for edit in mutant.edits:
        if edit.file.endswith(".py"):
            compile((source / edit.file).read_text(), edit.file, "exec")


@pytest.mark.parametrize("mutant", ALL, ids=lambda mutant: mutant.name)
def test_some_round_of_the_catalogue_is_able_to_catch_it(mutant: Mutant) -> None:
    assert [r for r in SHORT if any(fnmatch(r.name, pattern) for pattern in mutant.rounds)]
