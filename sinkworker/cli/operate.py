"""Operating a worker's connectors: status, pause, resume, stop, restart, delete, health, loggers."""

from __future__ import annotations

import sys
from typing import Any
from urllib.parse import quote

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.asking import Asked, worker_options
from sinkworker.cli.printing import output_option, show

LONGEST_TRACE = 100


def path_of(name: str, *more: str) -> str:
    return "/".join(["/connectors", quote(name, safe=""), *more])


@click.command(epilog="Example: sinkworker status alerts-to-pg")
@click.argument("name", required=False)
@click.option(
    "--all", "everywhere", is_flag=True, help="All owners of all partitions, by the stores."
)
@output_option
@worker_options
def status(worker: Asked, name: str | None, everywhere: bool, output: str) -> None:
    """Show connectors and tasks of a worker, or the owners of all partitions."""
    if everywhere:
        cluster = worker.ask("GET", "/sinkworker/v1/cluster")
        show(output, cluster, lambda: _owners(cluster["partitions"]))
        for problem in cluster["problems"]:
            click.echo(problem, err=True)
        return
    if name is not None:
        found = worker.ask("GET", path_of(name, "status"))
        show(output, found, lambda: _states([found]))
        return
    expanded = worker.ask("GET", "/connectors?expand=status&expand=info")
    show(output, expanded, lambda: _states([each["status"] for each in expanded.values()]))


def _states(statuses: list[dict[str, Any]]) -> list[list[object]]:
    rows: list[list[object]] = [["CONNECTOR", "TASK", "STATE", "WORKER", "TRACE"]]
    for each in statuses:
        of_connector = each["connector"]
        rows.append(
            [
                each["name"],
                None,
                of_connector["state"],
                of_connector["worker_id"],
                _trace(of_connector),
            ]
        )
        rows += [
            [each["name"], task["id"], task["state"], task["worker_id"], _trace(task)]
            for task in each["tasks"]
        ]
    return rows


def _trace(state: dict[str, Any]) -> str:
    """The last line says what it was; `-o json` has all."""
    lines = state.get("trace", "").strip().splitlines()
    return lines[-1][:LONGEST_TRACE] if lines else ""


def _owners(partitions: list[dict[str, Any]]) -> list[list[object]]:
    rows: list[list[object]] = [["CONNECTOR", "TOPIC", "PARTITION", "OFFSET", "EPOCH", "OWNER"]]
    for each in partitions:
        of, offset = each["partition"], each["offset"]
        rows.append([
            each["connector"], of["kafka_topic"], of["kafka_partition"],
            offset and offset["kafka_offset"], each["epoch"], each["owner"],
        ])  # fmt: skip
    return rows


def _simple(verb: str, method: str, does: str, *more: str) -> click.Command:
    @click.command(verb, help=does, epilog=f"Example: sinkworker {verb} alerts-to-pg")
    @click.argument("name")
    @worker_options
    def command(worker: Asked, name: str) -> None:
        worker.ask(method, path_of(name, *more))

    return command


pause = _simple("pause", "PUT", "Let a connector read nothing; it keeps its partitions.", "pause")
resume = _simple("resume", "PUT", "Let a paused or stopped connector go on.", "resume")
stop = _simple("stop", "PUT", "End a connector's tasks; its offsets can then be moved.", "stop")
delete = _simple("delete", "DELETE", "Forget a connector that REST created; its offsets stay.")


@click.command(epilog="Example: sinkworker restart alerts-to-pg --only-failed")
@click.argument("name")
@click.option("--task", type=click.IntRange(min=0), help="This task only.")
@click.option("--only-failed", is_flag=True, help="Only tasks that have failed.")
@worker_options
def restart(worker: Asked, name: str, task: int | None, only_failed: bool) -> None:
    """End and start the tasks of a connector."""
    if task is not None:
        worker.ask("POST", path_of(name, "tasks", str(task), "restart"))
    else:
        flags = f"includeTasks=true&onlyFailed={str(only_failed).lower()}"
        worker.ask("POST", path_of(name, f"restart?{flags}"))


@click.command(epilog="Example: sinkworker health || systemctl restart sinkworker")
@output_option
@worker_options
def health(worker: Asked, output: str) -> None:
    """Ask whether a worker lives; exit code 1 when a task hangs, 75 when nobody answers."""
    found = worker.ask("GET", "/health")
    show(output, found, lambda: [["STATUS", "MESSAGE"], [found["status"], found["message"]]])
    if found["status"] != "healthy":
        sys.exit(exit_codes.FAILED)


@click.command(epilog="Example: sinkworker loggers sinkworker.runtime DEBUG")
@click.argument("logger", required=False)
@click.argument("level", required=False)
@output_option
@worker_options
def loggers(worker: Asked, logger: str | None, level: str | None, output: str) -> None:
    """Show the levels of log lines, or set one."""
    if logger is not None and level is not None:
        changed = worker.ask("PUT", f"/admin/loggers/{quote(logger, safe='')}", {"level": level})
        show(output, changed, lambda: [["CHANGED"], *([each] for each in changed)])
        return
    path = f"/admin/loggers/{quote(logger, safe='')}" if logger is not None else "/admin/loggers"
    found = worker.ask("GET", path)
    levels = {logger: found} if logger is not None else found
    show(output, found, lambda: [
        ["LOGGER", "LEVEL"], *([name, each["level"]] for name, each in levels.items())
    ])  # fmt: skip
