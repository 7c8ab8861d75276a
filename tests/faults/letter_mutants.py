"""Bugs of dead letters that the suite must catch.

Owns the bugs and where they are sown, as `mutants` does.
"""

from __future__ import annotations

from tests.faults.mutants import TASK, Edit, Mutant

ERRANTS = "sinkworker/runtime/errants.py"

LETTER_MUTANTS = (
    Mutant(
        "letters are sent after the commit",
        ("letters in topic: kill at letters.sending",),
        (
            Edit(
                ERRANTS,
                "        self._send([errant for advance in advances.values() "
                "for errant in advance.errant])\n"
                "        self._is_flushing = True\n"
                "        try:\n"
                "            yield\n",
                "        self._is_flushing = True\n"
                "        try:\n"
                "            yield\n"
                "            self._send([errant for advance in advances.values() "
                "for errant in advance.errant])\n",
            ),
        ),
    ),
    Mutant(
        "what the sink itself found bad is no letter",
        ("letters in table: *",),
        (
            Edit(
                TASK,
                "self._letters.add([*found_before, *self._errant], self._context.task)",
                "self._letters.add(found_before, self._context.task)",
            ),
        ),
    ),
    Mutant(
        "S3: an entry does not name its letters",
        ("letters in files: *",),
        (Edit("connectors/s3/task.py", "if not each.is_data]", "if each is None]"),),
    ),
)
