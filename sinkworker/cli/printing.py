"""What commands print: tables for people, JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import click

output_option: Callable[..., Any] = click.option(
    "-o", "--output", type=click.Choice(["table", "json"]), default="table", show_default=True,
    help="For people, or for programs.",
)  # fmt: skip


def show(output: str, content: Any, rows: Callable[[], Sequence[Sequence[object]]]) -> None:
    """The content as JSON, or rows below the first, which names the columns."""
    if output == "json":
        click.echo(json.dumps(content, indent=2, ensure_ascii=False))
    else:
        click.echo(table(rows()))


def table(rows: Sequence[Sequence[object]]) -> str:
    texts = [["-" if cell is None else printable(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    lines = (
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in texts
    )
    return "\n".join(line.rstrip() for line in lines)


def printable(text: str) -> str:
    """No answer of a worker may move the cursor of a terminal."""
    return "".join(char if char.isprintable() else " " for char in text)
