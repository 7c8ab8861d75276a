"""The whole demo: services, a scenario, and what is left behind.

Owns its exit code and its last words.
"""

from __future__ import annotations

import platform
import sys
from pathlib import Path

import confluent_kafka

from sinkworker import __version__
from sinkworker.demo import report, services
from sinkworker.demo.failing_record import FailingRecord
from sinkworker.demo.kill import Kill
from sinkworker.demo.options import Options
from sinkworker.demo.patience import DemoError, Patience, ToldToStop
from sinkworker.demo.services import Services
from sinkworker.demo.view import View
from sinkworker.demo.worker import Worker

SCENARIOS: dict[str, type[Kill | FailingRecord]] = {"kill": Kill, "failing-record": FailingRecord}


def run(options: Options) -> int:
    """0 when what the scenario promises was seen in the store, 1 when not; 128 and more: a signal."""
    patience = Patience()
    with patience.listening():
        try:
            return 0 if _run(options, patience) else 1
        except DemoError as error:
            print(error, file=sys.stderr)  # noqa: T201
            return 1
        except ToldToStop as told:
            text = f"{told}: everything that the demo started is ended and removed"
            print(text, file=sys.stderr)  # noqa: T201
            return 128 + told.number


def _run(options: Options, patience: Patience) -> bool:
    with View() as view, services.running(options.sink, patience, keep=options.keep) as found:
        _introduce(found, view)
        worker, is_as_promised = SCENARIOS[options.scenario](found, options, view, patience).run()
        is_as_promised &= options.report is None or _report(worker, options.report, view)
        for word, text in found.how_to_use_them(worker) if options.keep else ():
            view.step(word, text)
    return is_as_promised


def _report(worker: Worker, folder: Path, view: View) -> bool:
    lines, is_exact = report.draw(worker, folder)
    for number, line in enumerate(lines):
        view.step("" if number else "report", line)
    return is_exact


def _introduce(found: Services, view: View) -> None:
    view.step("sinkworker", f"{__version__}, Python {platform.python_version()}")
    librdkafka = confluent_kafka.libversion()[0]
    view.step("broker", f"{found.broker.bootstrap}, the mock cluster of librdkafka {librdkafka}")
    view.step(found.target.word, found.target.introduction())
