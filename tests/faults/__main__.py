"""The long run: python -m tests.faults --minutes 60 --report docs/faults.md

Owns its order: all rounds again and again until the time is over, beside them one worker through the
whole of it; then every mutant until it is caught.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path

from tests.faults import report
from tests.faults.campaign import CLIENTS, SIDE_BY_SIDE, Campaign, Result, flaw
from tests.faults.catalogue import SHORT
from tests.faults.letter_mutants import LETTER_MUTANTS
from tests.faults.mutants import MUTANTS, hunt, sow
from tests.faults.order_mutants import ORDER_MUTANTS
from tests.faults.registry_mutants import REGISTRY_MUTANTS
from tests.faults.s3_mutants import S3_MUTANTS
from tests.faults.servers import Servers
from tests.faults.soak import SOAK, Soak

WARM_UP = 1 / 6
"""Of the whole time: the worker's memory counts from then on."""


def main() -> None:
    arguments = _arguments()
    seed = arguments.seed if arguments.seed is not None else random.randrange(10**6)
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="sinkworker-", ignore_cleanup_errors=True) as home:
        servers = Servers(Path(home) / "servers")
        campaign = Campaign(SHORT, servers, Path(home) / "rounds", seed, arguments.kafka_client)
        try:
            run = report.Run(seed, arguments.minutes)
            if arguments.minutes:
                _play(run, campaign, servers, Path(home))
            if arguments.mutants:
                run.mutants.update(_hunt_all(campaign, Path(home)))
        except Exception:
            print(report.document(run))  # an hour's rounds are not lost with what broke off later
            raise
        finally:
            campaign.close()
            servers.stop()
    text = report.document(run)
    if arguments.report:
        arguments.report.write_text(text)
    print(text)
    sys.exit(not run.is_exact)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60, help="how long to play rounds")
    parser.add_argument("--seed", type=int, help="else a new one")
    parser.add_argument("--kafka-client", choices=CLIENTS, help="else each in turn")
    parser.add_argument("--no-mutants", dest="mutants", action="store_false")
    parser.add_argument("--report", type=Path, help="a Markdown file to write")
    return parser.parse_args()


def _play(run: report.Run, campaign: Campaign, servers: Servers, home: Path) -> None:
    soak = Soak(servers, run.seed, home / "soak").start()
    began = time.monotonic()
    for result in _results(campaign, run.minutes * 60):
        run.results.append(result)
        print(report.line(result), flush=True)
    last = Result(len(run.results), SOAK, run.seed, seconds=time.monotonic() - began)
    try:
        last.outcome = soak.end()
        last.error = flaw(last.outcome)
    except Exception:
        last.error = traceback.format_exc()
    run.soak, run.memory = last, soak.growth(WARM_UP * run.minutes * 60)
    print(report.line(last), flush=True)


def _results(campaign: Campaign, seconds: float) -> Iterator[Result]:
    """Rounds in a new order each time through, while there is time; then those under way."""
    deadline = time.monotonic() + seconds
    numbers = itertools.count()
    playing: set[Future[Result]] = set()
    while playing or time.monotonic() < deadline:
        while len(playing) < SIDE_BY_SIDE + 2 and time.monotonic() < deadline:
            playing.add(campaign.submit(next(numbers)))
        ended, playing = wait(playing, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in ended)


def _hunt_all(campaign: Campaign, home: Path) -> Iterator[tuple[str, Result | None]]:
    every = [*MUTANTS, *S3_MUTANTS, *LETTER_MUTANTS, *REGISTRY_MUTANTS, *ORDER_MUTANTS]
    for number, mutant in enumerate(every):
        source = sow(mutant, home / f"mutant-{number}")
        caught = hunt(mutant, campaign, SHORT, source)
        print(report.mutant_line(mutant.name, caught), flush=True)
        yield mutant.name, caught


if __name__ == "__main__":
    main()
