"""`sinkworker top`: every connector, task and partition of a worker, as it changes.

Owns the options, and what is printed where there is no terminal.
"""

from __future__ import annotations

import itertools
import json
import sys
import time

import click

from sinkworker.cli import exit_codes
from sinkworker.cli.asking import Asked, worker_options
from sinkworker.cli.printing import output_option, table
from sinkworker.top.cells import TITLES, cells
from sinkworker.top.reading import Reading, read
from sinkworker.top.rows import SORTS, Row, chosen, rows

MISSING = (
    "A screen that changes needs the package rich, which is not installed: "
    "{python} -m pip install 'sinkworker[top]'. Without it: sinkworker top --once"
)


@click.command(epilog="Example: sinkworker top --sort lag --filter alerts")
@click.option(
    "--sort", type=click.Choice(SORTS), default="connector", show_default=True,
    help="What comes first: the names in order, or the biggest figure.",
)  # fmt: skip
@click.option("--filter", "text", default="", help="Only lines in which this occurs.")
@click.option(
    "--every", type=click.FloatRange(min=0.2), default=2.0, show_default=True, metavar="SECONDS",
    help="How often to ask the worker.",
)  # fmt: skip
@click.option(
    "--once", is_flag=True, help="One table of two readings, a second apart, and no more."
)
@output_option
@worker_options
def top(worker: Asked, sort: str, text: str, every: float, output: str, *, once: bool) -> None:
    """Watch a worker: states, owners, stored offsets, log ends, lag, rows a second, ages of commits.

    In a terminal the screen changes: s sorts by the next column, / filters, p pauses, j and k
    scroll, q quits. Elsewhere tables follow one another, or with `-o json` one object a line. The
    last commit's age, errors and dead letters are those of the line's task.
    """
    if once:
        first = _asked(worker)
        time.sleep(min(every, 1.0))
        _tell(_asked(worker), first, sort, text, output, indent=2)
    elif output == "table" and sys.stdout.isatty() and sys.stdin.isatty():
        _watch(worker, sort, text, every)
    else:
        _follow(worker, sort, text, every, output)


def _asked(worker: Asked) -> Reading:
    return read(worker.ask)


def _watch(worker: Asked, sort: str, text: str, every: float) -> None:
    try:
        from sinkworker.top.terminal import starting, watch
    except ModuleNotFoundError:
        click.echo(MISSING.format(python=sys.executable), err=True)
        sys.exit(exit_codes.FAILED)
    watch(lambda: _asked(worker), every, starting(sort, text))


def _follow(worker: Asked, sort: str, text: str, every: float, output: str) -> None:
    before: Reading | None = None
    for number in itertools.count():
        if number:
            time.sleep(every)
        now = _asked(worker)
        _tell(now, before, sort, text, output)
        before = now


def _tell(
    now: Reading,
    before: Reading | None,
    sort: str,
    text: str,
    output: str,
    indent: int | None = None,
) -> None:
    found = chosen(rows(now, before), text, sort)
    if output == "json":
        content = {"at": now.at, "rows": [row._asdict() for row in found], "problems": now.problems}
        click.echo(json.dumps(content, indent=indent, ensure_ascii=False))
        return
    click.echo(_lines(now, found, with_time=indent is None))
    for problem in now.problems:
        click.echo(problem, err=True)


def _lines(now: Reading, found: list[Row], *, with_time: bool) -> str:
    text = table([TITLES, *map(cells, found)])
    stamp = time.strftime("%H:%M:%S", time.localtime(now.at))
    return f"{stamp}\n{text}\n" if with_time else text
