"""docs/performance.md and its pictures, from what the bench measured.

Owns the page's figures; the words around them are in performance_page.md. Must not measure.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

DOCS = Path(__file__).parents[2] / "docs"
TEXT = Path(__file__).with_name("performance_page.md")
Found = Mapping[str, Any]
BESIDE = (("schemas", "records/s", "plain"), ("copy", "rows/s", "COPY alone"))
"""Parts that set the worker beside something else: in which unit, beside what."""


def write(found: Found) -> None:
    pictures = DOCS / "pictures"
    pictures.mkdir(exist_ok=True)
    for name, points in found.get("growth", {}).items():
        curve(name, points, pictures / f"{name.replace(' ', '-')}.svg")
    tables = {
        "machine": f"{os.cpu_count()} cores, Python {platform.python_version()}",
        "cases": table(found.get("cases", {})),
        "others": "\n".join(others(found)),
        "curves": "\n".join(
            f"![{name}](pictures/{name.replace(' ', '-')}.svg)" for name in found.get("growth", {})
        ),
    }
    (DOCS / "performance.md").write_text(TEXT.read_text().format(**tables))


def table(cases: Found) -> str:
    head = "| | records/s | by hand | ratio | CPU s/M | by hand | peak MB | first commit s |"
    rows = [head, "|---" * 8 + "|"]
    for name, each in cases.items():
        mine, hand = each["worker"], each["by_hand"]
        least, most = min(each["ratios"]), max(each["ratios"])
        rows.append(
            f"| {name} | {mine['records_per_second']:,.0f} | {hand['records_per_second']:,.0f} "
            f"| **{each['ratio']:.2f}** ({least:.2f} to {most:.2f}) | {mine['cpu_seconds']:.1f} "
            f"| {hand['cpu_seconds']:.1f} | {mine['rss']:.0f} | {mine['first']:.1f} |"
        )
    return "\n".join(rows)


def others(found: Found) -> Sequence[str]:
    lines = [
        f"- {name}: {each['worker']['records_per_second']:,.0f} {unit}, {other} "
        f"{each['by_hand']['records_per_second']:,.0f}: {each['ratio']:.2f}."
        for part, unit, other in BESIDE
        for name, each in found.get(part, {}).items()
    ]
    for client, latencies in found.get("latency", {}).items():
        lines += [
            f"- {client}, {each['rate']:,.0f} records/s: from the producer to the commit "
            f"p50 {each['p50']:.0f} ms, p99 {each['p99']:.0f} ms."
            for each in latencies
        ]
    lines += [
        f"- {client}, idle: {100 * each['core']:.2f} % of a core, {each['rss']:.0f} MB."
        for client, each in found.get("idle", {}).items()
    ]
    lines += [
        f"- {mode}, 100 partitions in 24 hourly folders each: {peak:.0f} MB at most."
        for mode, peak in found.get("wide", {}).items()
    ]
    return lines


def curve(name: str, points: Sequence[Found], file: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams["svg.hashsalt"] = "sinkworker"  # the same picture for the same figures
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3), layout="constrained")
    sizes = [point["size"] for point in points]
    axes.plot(sizes, [point["records_per_second"] for point in points], marker="o")
    axes.set(xscale="log", xlabel=name, ylabel="records/s", ylim=(0, None))
    axes.grid(alpha=0.3)
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
