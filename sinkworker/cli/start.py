"""`sinkworker start`: run connectors until told to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sinkworker import __version__
from sinkworker.cli import exit_codes, memory, turns
from sinkworker.cli.files import config_files, exiting_on_errors, load_or_exit

if TYPE_CHECKING:
    from sinkworker.app import Configuration, Running

log = logging.getLogger("sinkworker")

LOOK_EVERY_SECONDS = 0.5
TASKS_FIRST_SECONDS, TASKS_FIRST_LOOKS = 0.2, 5


@click.command(epilog="Example: sinkworker start configs/alerts-to-pg.properties")
@partial(config_files, required=False)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    envvar="SINKWORKER_LOG_FORMAT",
    help="Lines as Kafka Connect writes them, or JSON objects.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"], case_sensitive=False),
    default="info",
    envvar="SINKWORKER_LOG_LEVEL",
    help="The least important lines to show.",
)
@click.option(
    "--stop-within",
    type=click.FloatRange(min=0),
    default=60.0,
    metavar="SECONDS",
    envvar="SINKWORKER_STOP_WITHIN",
    help="How long the last flush may take after SIGTERM.",
)
@click.option(
    "--insecure",
    is_flag=True,
    help="Let listeners be reached from other machines without a token, a password or TLS.",
)
@click.option("--failpoints", is_flag=True, hidden=True)
def start(
    configs: tuple[Path, ...],
    worker_config: Path | None,
    log_format: str,
    log_level: str,
    stop_within: float,
    insecure: bool,
    failpoints: bool,
) -> None:
    """Run the connectors of these files, each in tasks.max threads.

    SIGTERM or SIGINT: flush, leave the group, exit with 0. A second one: leave at once, with 1;
    nothing is lost either way.
    """
    if not configs and worker_config is None:
        raise click.UsageError("Missing argument 'CONFIG...'. (Or --worker-config, for REST to create "
                               "connectors.)")  # fmt: skip
    memory.collect_garbage_rarely()
    told_to_stop = _listen_to_signals()
    from sinkworker.app import build
    from sinkworker.runtime import logs

    logs.set_up(log_level, log_format)
    configuration = load_or_exit(configs, worker_config)
    for warning in configuration.warnings:
        log.warning("%s", warning)
    cluster_id = _check(configuration)
    if failpoints:
        _arm_failpoints()
    with exiting_on_errors():
        running = build(configuration, insecure=insecure)
    running.administration.cluster_id = cluster_id
    _introduce(configuration, running)
    memory.keep_what_is_loaded()
    memory.keep_freed_memory()
    turns.keep_short()
    running.administration.start(configuration.connectors)
    _start_rest(running, told_to_stop)
    sys.exit(_run(running, told_to_stop, stop_within))


def _arm_failpoints() -> None:
    from sinkworker import failpoints

    log.warning("%d failpoints are armed: this worker is being tested", failpoints.arm())


def _check(configuration: Configuration) -> str | None:
    from sinkworker.app import check_environment

    client_log = logging.getLogger("kafka")
    level = client_log.level
    client_log.setLevel(logging.CRITICAL)  # one sentence of ours says what twenty of its lines do
    try:
        with exiting_on_errors():
            return check_environment(configuration)
    finally:
        client_log.setLevel(level)


def _introduce(configuration: Configuration, running: Running) -> None:
    log.info("sinkworker %s, process %d", __version__, os.getpid())
    for door in running.doors:
        log.info("REST on %s", door.url)
    for configured in configuration.connectors:
        settings = configured.settings
        what = settings.topics_regex or ",".join(settings.topics or settings.topics_partitions)
        log.info(
            "Connector %s: %s, reads %s from %s, %d task(s)", settings.name,
            settings.connector_class, what, configured.bootstrap_servers, settings.tasks_max,
        )  # fmt: skip


def _listen_to_signals() -> threading.Event:
    told = threading.Event()

    def obey(number: int, _frame: object) -> None:
        if told.is_set():
            os._exit(exit_codes.FAILED)
        told.set()
        log.info("%s: stopping; a second signal leaves at once", signal.Signals(number).name)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, obey)
    return told


def _start_rest(running: Running, told_to_stop: threading.Event) -> None:
    """The tasks first: what they do at once is done when the first order comes. Who asks meanwhile is
    connected, and waits, up to a second."""
    if running.rest is None:
        return
    for _ in range(TASKS_FIRST_LOOKS):
        statuses = running.worker.statuses().values()
        if all(status.partitions or status.trace for status in statuses):
            break
        told_to_stop.wait(TASKS_FIRST_SECONDS)
    running.rest.start()


def _run(running: Running, told_to_stop: threading.Event, stop_within: float) -> int:
    """Until all tasks have ended, by themselves or because they were told to. The exit code."""
    worker = running.worker
    while _has_work(running) and not told_to_stop.wait(LOOK_EVERY_SECONDS):
        pass
    worker.end()
    if running.rest is not None:
        running.rest.stop()
    if not worker.wait(stop_within):
        log.error("Not all tasks ended within %g s; leaving. Nothing is lost.", stop_within)
        os._exit(exit_codes.FAILED)
    failed = worker.failed()
    if failed:
        log.error("Failed: %s", ", ".join(map(str, failed)))
        return exit_codes.FAILED
    log.info("Stopped")
    return exit_codes.OK


def _has_work(running: Running) -> bool:
    """Tasks that run, or an operator who may start some."""
    if running.worker.is_running():
        return True
    return running.rest is not None and not running.administration.owns_all_by_files()
