"""`python -m tests.fuzz_rest`: schemathesis asks a worker at random, by its own document.

    python -m tests.fuzz_rest --cases 10000 --seed 1

The worker reads a broker in memory and writes into a folder of the run. Its document is made sharper:
names are often those that there are, and configurations nearly right. Exit code 1: it failed to answer,
or answered what its document does not say.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from sinkworker.rest.openapi import OPERATIONS, PARTITION
from tests.unit.rest.scene import Scene

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "response_schema_conformance",
    "content_type_conformance",
    "allow_header_conformance",
)
KNOWN_PARTITIONS = [{"kafka_topic": "alerts", "kafka_partition": number} for number in (0, 1, 2)]
NAMES = {
    "name": ["one", "two", "three"],
    "task": ["0", "1"],
    "plugin": ["FileStreamSink", "PostgresSink", "JsonConverter", "RegexRouter"],
    "logger": ["root", "fuzz"],
}


def sharper(document: dict[str, Any], home: Path) -> dict[str, Any]:
    """The document with names and keys of this worker, of which the fuzzer takes many."""
    operations = [each for path in document["paths"].values() for each in path.values()]
    for operation in operations:
        for parameter in operation["parameters"]:
            if parameter["name"] in NAMES:
                known = {"enum": NAMES[parameter["name"]]}
                parameter["schema"] = {"anyOf": [known, parameter["schema"]]}
        content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
        if "additionalProperties" in content.get("schema", {}):
            content["schema"] = _config(home)
    creation = document["components"]["schemas"]["Creation"]["properties"]
    creation["config"] = _config(home)
    creation["name"] = {"enum": NAMES["name"]}
    partition = json.dumps(PARTITION)
    known = json.dumps({"anyOf": [{"enum": KNOWN_PARTITIONS}, PARTITION]})
    return json.loads(json.dumps(document).replace(partition, known))


def _config(home: Path) -> dict[str, Any]:
    keys: dict[str, Any] = {
        "connector.class": ["FileStreamSink", "PostgresSink", "Nope"],
        "topics": ["alerts", "alerts,other", ""],
        "file": [str(home / "a.txt"), str(home / "b.txt")],
        "tasks.max": ["1", "2", "0", "x"],
        "value.converter": ["StringConverter", "JsonConverter", "x"],
        "errors.tolerance": ["none", "all"],
        "offset.flush.interval.ms": ["20", "-1"],
        "connection.url": ["postgresql://127.0.0.1:1/x", "${env:HOME}"],
    }
    properties = {
        key: {"anyOf": [{"enum": values}, {"type": "string"}]} for key, values in keys.items()
    }
    properties["file"] = {"enum": keys["file"]}
    return {
        "type": "object", "properties": properties, "required": ["connector.class", "topics", "file"],
        "additionalProperties": {"type": "string"},
    }  # fmt: skip


def run(cases: int, seed: int, home: Path) -> int:
    os.chdir(home)  # a file that a fuzzer names without a folder is made here
    scene = Scene(home)
    try:
        for name in NAMES["name"]:
            assert scene.create(name).status == 201
        document = sharper(scene.ask("GET", "/openapi.json").content, home)
        (home / "openapi.json").write_text(json.dumps(document))
        return _fuzzed(scene.port, cases, seed, home)
    finally:
        scene.close()


def _fuzzed(port: int, cases: int, seed: int, home: Path) -> int:
    """Rounds of schemathesis, until there were enough cases or one found something."""
    done = 0
    while done < cases:
        each = max(1, (cases - done) // len(OPERATIONS))
        command = [
            sys.executable, "-m", "schemathesis.cli", "run", str(home / "openapi.json"),
            "--url", f"http://127.0.0.1:{port}", "--checks", ",".join(CHECKS),
            "--phases", "examples,coverage,fuzzing", "--max-examples", str(each),
            "--seed", str(seed + done), "--continue-on-failure", "--request-timeout", "30",
            "--suppress-health-check", "all", "--warnings", "off",
        ]  # fmt: skip
        found = subprocess.run(command, stdout=subprocess.PIPE, text=True)
        print(found.stdout)
        counts = re.findall(r"(\d[\d,]*) generated", found.stdout)
        if found.returncode != 0 or not counts:
            return 1
        done += int(counts[-1].replace(",", ""))
    print(f"{done} cases, seed {seed}: every answer was one of the document")
    return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--cases", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=random.randrange(1_000_000))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sinkworker-fuzz-") as home:
        sys.exit(run(chosen.cases, chosen.seed, Path(home)))


if __name__ == "__main__":
    main()
