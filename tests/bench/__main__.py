"""Measure the worker beside loops written by hand, in one run: python -m tests.bench

Prints records per second, CPU seconds per million, memory and the time to the first commit, and the
ratio of worker to loop; then latencies, what an idle worker costs, and what grows with more work. Writes
all of it as JSON, and with --docs as docs/performance.md with its pictures. Nothing here asserts a time;
--check tells which ratios are more than 10 % below those that were checked in, and then ends with 1.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from compileall import compile_dir
from contextlib import ExitStack
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import connectors
import sinkworker
import tests.bench
from tests.bench import performance_page, results
from tests.bench.bench import PARTS, Bench
from tests.bench.cases import CLIENTS, MODES, cases


def main() -> int:
    arguments = parsed()
    compile_programs()
    with ExitStack() as servers:
        home = Path(servers.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        bench = Bench.started(home, servers, arguments.records, arguments.runs)
        chosen = cases(arguments.modes, arguments.clients, arguments.tasks)
        found: dict[str, Any] = {}
        for part in arguments.parts:
            found[part] = PARTS[part](bench, chosen)
            if (
                arguments.json
            ):  # at once: what an hour has measured outlives a later part that fails
                arguments.json.write_text(json.dumps(found, indent=1) + "\n")
    if arguments.docs:
        performance_page.write(found)
    return check(found) if arguments.check else 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5, help="of each side, interleaved")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    parser.add_argument("--modes", nargs="+", choices=MODES, default=list(MODES))
    parser.add_argument("--clients", nargs="+", choices=CLIENTS, default=list(CLIENTS))
    parser.add_argument("--tasks", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--json", type=Path, help="a file for everything that was measured")
    parser.add_argument("--docs", action="store_true", help="write docs/performance.md")
    parser.add_argument("--check", action="store_true", help="compare with tests/bench/ratios.json")
    arguments = parser.parse_args()
    if (
        arguments.docs and find_spec("matplotlib") is None
    ):  # said before it has measured for an hour
        parser.error("--docs draws with matplotlib: pip install -e '.[bench]'")
    return arguments


def compile_programs() -> None:
    """As an installation does. Where the environment keeps Python from writing bytecode, each program
    that is started from a working copy would compile itself: 0.4 s before a worker's first row."""
    for package in (sinkworker, connectors, tests.bench):
        compile_dir(Path(str(package.__file__)).parent, quiet=1)


def check(found: dict[str, Any]) -> int:
    measured = {**found.get("cases", {}), **found.get("schemas", {})}
    ratios = {name: each["ratio"] for name, each in measured.items()}
    worse: Sequence[str] = results.regressions(ratios, results.checked_in())
    for sentence in worse:
        print(f"slower than before: {sentence}")
    return 1 if worse else 0


if __name__ == "__main__":
    sys.exit(main())
