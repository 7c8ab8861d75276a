"""Kafka's and Debezium's own transforms, run by the machine's Java with jars from Maven.

Owns running them on a list of cases. What a case and a result are is said in
tests/unit/transforms/golden/forms.py.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent / "transforms"
# What Java takes from the machine unless it is told: results must not depend on it.
SURROUNDINGS = ("-Duser.timezone=UTC", "-Duser.language=en", "-Duser.country=US")


def why_unavailable() -> str | None:
    """The reason why they cannot be run here, or None."""
    missing = [tool for tool in ("java", "javac", "mvn") if shutil.which(tool) is None]
    return f"{' and '.join(missing)} not found on PATH" if missing else None


def results(cases: Sequence[dict[str, Any]], folder: Path) -> list[dict[str, Any]]:
    """One for each case, in their order. folder: for files of this run."""
    listing, given, made = folder / "classpath.txt", folder / "cases.json", folder / "results.json"
    given.write_text(json.dumps(cases))
    subprocess.run(
        ["mvn", "-q", "-B", "-f", str(HERE / "pom.xml"), "dependency:build-classpath",
         f"-Dmdep.outputFile={listing}"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    subprocess.run(
        ["java", *SURROUNDINGS, "-cp", listing.read_text().strip(),
         str(HERE / "GoldenTransforms.java"), str(given), str(made)],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    read: list[dict[str, Any]] = json.loads(made.read_text())
    return read
