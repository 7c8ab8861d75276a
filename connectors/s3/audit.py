"""What the chains name and the bucket holds, for `sinkworker verify`.

Owns turning what verification finds into an audit. Must not know what is right.
"""

from __future__ import annotations

from connectors.s3.bucket import Bucket
from connectors.s3.lanes import Lanes
from connectors.s3.reader import S3Reader
from connectors.s3.verify import Finding, verify
from sinkworker.api import Audit, Counted, Holding


def taken(reader: S3Reader, bucket: Bucket, lanes: Lanes) -> Audit:
    """Chain by chain: each as it is when it is listed."""
    findings = list(verify(reader, bucket, lanes, contents=False))
    return Audit(
        stored={each.source: each.stored for each in findings if each.stored is not None},
        counted={each.source: _counted(each) for each in findings},
        ledger=[step for each in findings for step in each.steps],
        holdings=[_holding(each) for each in findings],
    )


def _counted(finding: Finding) -> Counted:
    columns = [(s.records, s.errant, s.filtered, s.gaps) for s in finding.steps]
    return Counted(*map(sum, zip(*columns, strict=True))) if columns else Counted(0, 0, 0, 0)


def _holding(finding: Finding) -> Holding:
    return Holding(
        f"the {finding.files} files of {finding.source}", [finding.source], finding.records,
        flaws=finding.flaws,
    )  # fmt: skip
