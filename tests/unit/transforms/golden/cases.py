"""All golden cases."""

from __future__ import annotations

from itertools import chain

from tests.unit.transforms.golden import (
    cast_cases,
    event_cases,
    field_cases,
    moment_cases,
    record_cases,
)
from tests.unit.transforms.golden.forms import Case

CASES: list[Case] = list(
    chain(
        field_cases.insert_field(), field_cases.replace_field(), field_cases.extract_field(),
        field_cases.hoist_field(), field_cases.flatten(), field_cases.mask_field(),
        record_cases.value_to_key(), record_cases.drop_headers(), record_cases.insert_header(),
        record_cases.header_from(), record_cases.set_schema_metadata(), record_cases.regex_router(),
        record_cases.timestamp_router(), record_cases.filter_and_predicates(), cast_cases.cast(),
        moment_cases.timestamp_converter(), event_cases.extract_new_record_state(),
    )
)  # fmt: skip
