"""Bugs of the S3 sink that the suite must catch, each sown into a copy of the source.

Owns the bugs and where they are sown. The probe at start-up is left whole: it alone would find some.
"""

from __future__ import annotations

from tests.faults.mutants import Edit, Mutant

BUCKET = "connectors/s3/bucket.py"
CHAIN = "connectors/s3/chain.py"
MANIFEST = "connectors/s3/manifest.py"

S3_MUTANTS = (
    Mutant(
        "S3: an entry is put over another one", ("S3 zombie at entry.before",),
        (
            Edit(
                BUCKET, 'Body=content, IfNoneMatch="*",',
                'Body=content, **({} if "_sinkworker/" in key else {"IfNoneMatch": "*"}),',
            ),
        ),
    ),
    Mutant(
        "S3: a refusal is taken for success", ("S3 zombie at entry.before",),
        (
            Edit(
                BUCKET, "== 412:\n                    return False",
                '== 412:\n                    return "_sinkworker/" in key',
            ),
        ),
    ),
    Mutant(
        "S3: what landed is taken for another's", ("S3 PUT and *, landed",),
        (Edit(CHAIN, "        if there.id != entry.id:\n", "        if there is not entry:\n"),),
    ),
    Mutant(
        "S3: other bytes after an unknown answer", ("S3 PUT and *",),
        (
            Edit(
                CHAIN, "                if is_last_attempt:\n                    raise\n",
                "                if is_last_attempt:\n                    raise\n"
                "                content = entry.model_copy(update={'time': 'later'}).encode()\n"
                "                digest = hashlib.sha256(content).hexdigest()\n",
            ),
        ),
    ),
    Mutant(
        "S3: boto3 puts entries again by itself", ("S3 PUT and connection lost*",),
        (Edit(BUCKET, "self._new(attempts), self._new(1)", "self._new(attempts), self._new(9)"),),
    ),
    Mutant(
        "S3: a refused commit is put behind the other", ("S3 zombie at entry.before",),
        (
            Edit(
                CHAIN,
                '            raise FencedError(f"S3 refused the flush of {self.source}: {_who(there)}")',
                "            held = {'next_offset': last.next_offset, 'owner': last.owner}\n"
                "            behind = there.model_copy(update=held | {'epoch': last.epoch})\n"
                "            return self.commit(behind, advance, files, counts)",
            ),
        ),
    ),
    Mutant(
        "S3: a claim does not raise the epoch", ("S3 kill at entry.*",),
        (
            Edit(
                MANIFEST, "_entry(EntryType.CLAIM, last, claim.epoch,",
                "_entry(EntryType.CLAIM, last, last.epoch if last else claim.epoch,",
            ),
        ),
    ),
    Mutant(
        "S3: the entry is put before the files", ("S3 kill at entry.after", "S3 kill at data.*"),
        (
            Edit(
                "connectors/s3/task.py",
                "            self._lanes.map(lambda pending: self._upload(pending, deadline), files)\n"
                "        of = {source: [f for f in files if f.source == source] "
                "for source in advances}\n\n"
                "        def commit(item: tuple[TopicPartition, Advance]) -> None:\n"
                "            deadline.check(f\"committing {item[0]}\")\n"
                "            self._commit(*item, of[item[0]])\n\n"
                "        self._lanes.map(commit, advances.items())\n",
                "            of = {source: [f for f in files if f.source == source] "
                "for source in advances}\n"
                "            for item in advances.items():\n"
                "                self._commit(*item, of[item[0]])\n"
                "            self._lanes.map(lambda pending: self._upload(pending, deadline), files)\n",
            ),
        ),
    ),
    Mutant(
        "S3: whatever no entry names yet is garbage", ("S3 gc beside a slow worker",),
        (
            Edit(
                "connectors/s3/gc.py",
                "return file.epoch < newest.epoch or (file.epoch == newest.epoch and is_past)",
                "return is_past or True",
            ),
        ),
    ),
    Mutant(
        "S3: a hole in a chain is read over", ("S3 a chain with a hole",),
        (Edit(MANIFEST, "if newer is not None and number != sequence(newer) - 1:", "if newer == key:"),),
    ),
)  # fmt: skip
