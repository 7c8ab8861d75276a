"""Column values → rows of a table.

Owns how records of one shape become rows, and what is said of fields that have no column. Must not
know connections or statements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import itemgetter
from typing import Any

from connectors.postgres.encoders import ENCODERS, NO_MOMENT, Encode, UnfitValueError, moment
from connectors.postgres.queries import LONGEST_NAME
from connectors.postgres.reader import Values
from connectors.postgres.tables import Table
from sinkworker.api import DataError

# https://www.postgresql.org/docs/current/limits.html
MOST_COLUMNS = 1600
# Of records that leave out what they do not know there may be as many as subsets of their fields.
MOST_SHAPES = 1000
SYSTEM_COLUMNS = frozenset({"tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"})

Columns = tuple[str, ...]
Row = Sequence[Any]
Pick = Callable[[Values], Row]


class Plan:
    """How records of one shape (the same fields in the same order) become rows."""

    __slots__ = ("columns", "defaulted", "pick")

    def __init__(self, names: Columns, table: Table) -> None:
        self.columns = names
        self.pick = picker(names, table, names)
        self.defaulted = frozenset(n for n in names if table.columns[n].has_default)


def picker(columns: Columns, table: Table, names: Columns) -> Pick:
    """A function from values with these names to a row of these columns; NULL where they have none."""
    pick: Pick
    if columns == names and len(columns) > 1:
        pick = itemgetter(*columns)
    else:
        pick = lambda values: [values.get(column) for column in columns]  # noqa: E731
    encoders = [
        (index, ENCODERS[table.columns[column].kind])
        for index, column in enumerate(columns)
        if table.columns[column].kind in ENCODERS
    ]
    if not encoders:
        return pick
    encode = _encoded(pick, encoders, columns)
    if {each for _, each in encoders} == {moment}:
        return _unless(NO_MOMENT, pick, [index for index, _ in encoders], encode)
    return encode


def _unless(refused: frozenset[type], pick: Pick, indexes: Sequence[int], otherwise: Pick) -> Pick:
    """For columns that refuse some types and change nothing: most rows have such a moment, and need
    no list and no call for it."""

    def pick_and_check(values: Values) -> Row:
        row = pick(values)
        for index in indexes:
            if type(row[index]) in refused:
                return otherwise(values)
        return row

    return pick_and_check


def _encoded(pick: Pick, encoders: Sequence[tuple[int, Encode]], columns: Columns) -> Pick:
    def pick_and_encode(values: Values) -> Row:
        row = list(pick(values))
        try:
            for index, encode in encoders:
                row[index] = encode(row[index])
        except UnfitValueError as unfit:
            raise unfit.in_column(columns[index]) from None
        return row

    return pick_and_encode


class UnknownFieldsError(DataError):
    """A record has fields for which its table has no columns, and could have them."""

    def __init__(self, message: str, values: Values) -> None:
        super().__init__(message)
        self.values = values


class Plans:
    """The shapes that were seen of one table, and not too many of them."""

    def __init__(self, table: Table, *, can_grow: bool = False) -> None:
        """can_grow: whether missing columns are added; for the words of an error only."""
        self.table = table
        self._can_grow = can_grow
        self._plans: dict[Columns, Plan] = {}

    def plan(self, values: Values) -> Plan:
        """UnknownFieldsError when a field has no column; DataError when it can have none."""
        names = tuple(values)
        plan = self._plans.get(names)
        if plan is None:
            self._check(names, values)
            if len(self._plans) >= MOST_SHAPES:
                self._plans = {}
            plan = self._plans[names] = Plan(names, self.table)
        return plan

    def _check(self, names: Columns, values: Values) -> None:
        unknown = [name for name in names if name not in self.table.columns]
        if not unknown:
            return
        impossible = _impossible(self.table, unknown)
        if impossible is not None:
            raise DataError(impossible)
        raise UnknownFieldsError(_unknown_fields(self.table, unknown, self._can_grow), values)

    def of_all(self, values: Sequence[Values]) -> list[Plan] | None:
        """The plans of many records at once; None when a shape was never seen before."""
        shapes, plan_of = list(map(tuple, values)), self._plans.get
        if shapes and shapes.count(shapes[0]) == len(shapes):  # looked up once: 2 % of a flush
            found = [plan_of(shapes[0])] * len(shapes)
        else:
            found = list(map(plan_of, shapes))
        return None if None in found else found  # type: ignore[return-value]

    def runs(
        self, plans: Sequence[Plan], values: Sequence[Values]
    ) -> Iterator[tuple[Columns, Pick, Sequence[Values]]]:
        """What rows are made of, in order, in as few stretches as possible.

        A field that a record lacks is NULL. Where its column has a default, leaving it out is not
        the same: then a new stretch begins, with other columns.
        """
        if not plans:
            return
        if plans.count(plans[0]) == len(plans):
            yield plans[0].columns, plans[0].pick, values
            return
        start = 0
        for end in range(1, len(plans) + 1):
            if end == len(plans) or plans[end].defaulted != plans[start].defaulted:
                yield *self._mixed(plans[start:end]), values[start:end]
                start = end

    def _mixed(self, plans: Sequence[Plan]) -> tuple[Columns, Pick]:
        columns = tuple(
            dict.fromkeys(name for plan in dict.fromkeys(plans) for name in plan.columns)
        )
        return columns, picker(columns, self.table, ())


def _impossible(table: Table, names: Sequence[str]) -> str | None:
    """Why there can be no columns of these names."""
    generated = [name for name in names if name in table.generated]
    if generated:
        return (
            f"only Postgres itself fills {', '.join(generated)} of table {table.name}: leave it out "
            "with fields.include"
        )
    if len(names) + len(table.columns) > MOST_COLUMNS:
        return (
            f"with its {len(names)} further fields table {table.name} would have more than the "
            f"{MOST_COLUMNS} columns that a table can have"
        )
    return next(filter(None, map(_impossible_name, names)), None)


def _impossible_name(name: str) -> str | None:
    if not name or "\0" in name or not _is_unicode(name):
        return "a field's name is empty, or no text that Postgres can hold"
    if name in SYSTEM_COLUMNS:
        return f"a field's name is {name}, which is a system column's"
    if len(name.encode()) > LONGEST_NAME:
        return f"a field's name is longer than the {LONGEST_NAME} bytes of a column's"
    return None


def _is_unicode(name: str) -> bool:
    """Whether it has no lone surrogate, which JSON can spell."""
    return not any("\ud800" <= character <= "\udfff" for character in name)


def _unknown_fields(table: Table, names: Sequence[str], can_grow: bool) -> str:
    missing = f"table {table.name} is missing fields ({', '.join(names)})"
    if can_grow:
        return (
            f"{missing} and could not grow: add the columns, or choose fields with fields.include"
        )
    return (
        f"{missing} and auto-evolution is disabled: add the columns, set auto.evolve=true, or choose "
        "fields with fields.include"
    )
