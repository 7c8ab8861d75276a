"""The rules of the offset protocol, for stores that keep offsets as a whole."""

from __future__ import annotations

import pytest

from sinkworker.api import (
    Advance,
    Alteration,
    Claim,
    FencedError,
    Offset,
    StoredOffset,
    StoredOffsets,
    TopicPartition,
)

P0, P1 = TopicPartition("alerts", 0), TopicPartition("alerts", 1)
HERE, ELSEWHERE = (Offset(0, None, "topic", cluster) for cluster in ("here", "elsewhere"))


def stored(next_: int | None = 5, epoch: int = 3, owner: str | None = "one") -> StoredOffset:
    return StoredOffset(next_, 7, "topic", "here", epoch, owner)


def advance(to: int, expected: int = 5, epoch: int = 3) -> Advance:
    return Advance(epoch, expected, Offset(to, 8, "topic", "here"), to - expected)


@pytest.mark.parametrize(
    ("before", "claim", "after"),
    [
        (None, Claim(HERE, 1), StoredOffset(*HERE, 1, "two")),
        (stored(), Claim(Offset(5, 7, "topic", "here"), 4), stored(epoch=4, owner="two")),
        (StoredOffset(5, None, None, None, 0, None), Claim(HERE._replace(next=5), 1),
         StoredOffset(5, None, "topic", "here", 1, "two")),
        (StoredOffset(None, None, None, None, 8, None), Claim(HERE, 9),
         StoredOffset(*HERE, 9, "two")),
    ],
    ids=["nothing stored", "another's", "seeded", "reset"],
)  # fmt: skip
def test_a_claim_raises_the_epoch_and_names_the_owner(
    before: StoredOffset | None, claim: Claim, after: StoredOffset
) -> None:
    offsets = StoredOffsets({P0: before} if before else {})
    assert offsets.claim({P0: HERE}, "two") == {P0: claim}
    assert offsets == {P0: after}


def test_an_offset_of_another_cluster_is_not_claimed_and_not_changed() -> None:
    offsets = StoredOffsets({P0: stored()})
    assert offsets.claim({P0: ELSEWHERE, P1: HERE}, "two") == {P1: Claim(HERE, 1)}
    assert offsets[P0] == stored()


def test_an_advance_moves_the_offset_and_keeps_epoch_and_owner() -> None:
    offsets = StoredOffsets({P0: stored(), P1: stored()})
    offsets.advance({P0: advance(9)})
    assert offsets == {P0: StoredOffset(9, 8, "topic", "here", 3, "one"), P1: stored()}


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (stored(epoch=4, owner="two"), "alerts-1 was claimed by two"),
        (stored(next_=6), "alerts-1 was claimed by one"),
        (stored(epoch=4, owner=None), "alerts-1: its stored offset was changed from outside"),
        (None, "alerts-1: its stored offset was changed from outside"),
    ],
    ids=["another's epoch", "another offset", "altered", "nothing stored"],
)
def test_what_is_not_as_expected_fences_the_whole_flush(
    held: StoredOffset | None, message: str
) -> None:
    before = {P0: stored()} | ({P1: held} if held else {})
    offsets = StoredOffsets(before)
    with pytest.raises(FencedError) as fenced:
        offsets.advance({P0: advance(9), P1: advance(9)})
    assert str(fenced.value) == message
    assert offsets == before


def test_a_seed_has_no_owner_and_replaces_nothing() -> None:
    offsets = StoredOffsets({P0: stored()})
    offsets.seed({P0: HERE, P1: HERE._replace(next=2)})
    assert offsets == {P0: stored(), P1: StoredOffset(2, None, "topic", "here", 0, None)}


@pytest.mark.parametrize(
    ("change", "after"),
    [
        (Alteration(Offset(1)), StoredOffset(1, None, None, None, 4, None)),
        (Alteration(Offset(1), epoch=3), StoredOffset(1, None, None, None, 4, None)),
        (Alteration(None), StoredOffset(None, None, None, None, 4, None)),
    ],
    ids=["set", "set at this epoch", "reset"],
)
def test_an_alteration_raises_the_epoch_and_forgets_the_owner(
    change: Alteration, after: StoredOffset
) -> None:
    offsets = StoredOffsets({P0: stored()})
    assert offsets.alter({P0: change}) == {P0}
    assert offsets == {P0: after}


def test_an_alteration_for_another_epoch_changes_nothing() -> None:
    offsets = StoredOffsets({P0: stored()})
    assert offsets.alter({P0: Alteration(Offset(1), epoch=2), P1: Alteration(Offset(4))}) == {P1}
    assert offsets == {P0: stored(), P1: StoredOffset(4, None, None, None, 1, None)}
