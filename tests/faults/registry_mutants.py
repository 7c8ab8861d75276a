"""Bugs around the schema registry and changing schemas that the suite must catch.

Owns the bugs and where they are sown, as `mutants` does.
"""

from __future__ import annotations

from tests.faults.mutants import Edit, Mutant

REGISTRY = "sinkworker/converters/registry.py"

REGISTRY_MUTANTS = (
    Mutant(
        "records are bad while the registry does not answer",
        ("registry gone *", "registry silent *"),
        (
            Edit(
                REGISTRY,
                'return RetriableError(f"{whose} does not answer',
                'return DataError(f"{whose} does not answer',
            ),
        ),
    ),
    Mutant(
        "the registry's errors are for good",
        ("registry answers *",),
        (Edit(REGISTRY, "if status in BUSY or status >= 500:", "if status in BUSY:"),),
    ),
    Mutant(
        "the schema of the first record is that of all",
        ("schemas alternate, kill at commit.*",),
        (
            Edit(
                "sinkworker/converters/wire.py",
                "return self._readers.get(data[:PREFIX]) or self._learned(data[:PREFIX])",
                "return next(iter(self._readers.values()), None) or self._learned(data[:PREFIX])",
            ),
        ),
    ),
    Mutant(
        "a field that a later record of a key lacks is erased",
        ("schemas alternate, *",),
        (Edit("connectors/postgres/merge.py", "{**self.values, **values}", "values"),),
    ),
    Mutant(
        "fields without a column are left out where a table could grow",
        ("schemas alternate, kill at commit.*",),
        (
            Edit(
                "connectors/postgres/preparation.py",
                "            if not lacking or not self._grow(share.table, lacking):",
                "            if not lacking or not lacking[0]:",
            ),
        ),
    ),
)
