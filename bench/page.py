"""Writes the figures of docs/performance.md, and draws how time and memory grow."""

from __future__ import annotations

import datetime as dt
import os
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.work import Measured, Work

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, PLOT = DOCS / "performance.md", DOCS / "images" / "performance.svg"
BEGIN, END = "<!-- figures: written by make bench -->", "<!-- end of the figures -->"

Found = Sequence[tuple[Work, Mapping[str, Measured]]]

PEERS = ("renkei", "sequential", "eight", "sockets", "least")

LEGEND = "employees; seconds (blue), memory (orange, broken)"
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 720, 320, 60, 60, 20, 50


def write_page(found: Found) -> None:
    """Put *found* in the place of the figures of the page, and draw the plot anew."""
    before, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{_figures(found)}\n{END}{after}", "utf-8")
    plain = [(work, each["renkei"]) for work, each in found if not (work.write or work.rate)]
    PLOT.write_text(_plot(sorted(plain, key=lambda each: each[0].people)), "utf-8")


def _figures(found: Found) -> str:
    version = platform.python_version()
    lines = [
        f"\n{dt.date.today().isoformat()}, {os.cpu_count()} processors, Python {version}.\n",  # noqa: DTZ011 - a day on a page
        f"| Work | Bound | {' | '.join(['renkei', *(f'`{peer}`' for peer in PEERS[1:])])} |",
        f"| --- | --- |{' --- |' * len(PEERS)}",
        *(_row(work, each) for work, each in found),
        "",
        "| Work | Processor | Most memory | Requests | Refused |",
        "| --- | --- | --- | --- | --- |",
        *(_cost(work, each["renkei"]) for work, each in found),
        "",
        "![Time and memory against employees](images/performance.svg)",
    ]
    return "\n".join(lines)


def _row(work: Work, each: Mapping[str, Measured]) -> str:
    cells = [work.name, f"{work.bound_s:.2f} s"]
    for peer in PEERS:
        if peer in each:
            wall_s = each[peer].wall_s
            refused = f", {each[peer].refused} refused" if work.rate else ""
            cells.append(f"{wall_s:.2f} s ({wall_s / work.bound_s:.2f} ×{refused})")
        else:
            cells.append("–")
    return f"| {' | '.join(cells)} |"


def _cost(work: Work, ours: Measured) -> str:
    return (
        f"| {work.name} | {ours.cpu_s:.2f} s | {ours.peak_mib:.0f} MiB |"
        f" {ours.requests:,} | {ours.refused} |"
    )


def _plot(curve: Sequence[tuple[Work, Measured]]) -> str:
    """Return a drawing of seconds (left, whole line) and MiB (right, broken line)."""
    most = curve[-1][0].people
    top_s = max(each.wall_s for _work, each in curve)
    top_mib = max(each.peak_mib for _work, each in curve)

    def across(people: int) -> float:
        return LEFT + people / most * (WIDTH - LEFT - RIGHT)

    def up(value: float, top: float) -> float:
        return HEIGHT - BOTTOM - value / top * (HEIGHT - TOP - BOTTOM)

    times = [(across(work.people), up(each.wall_s, top_s)) for work, each in curve]
    sizes = [(across(work.people), up(each.peak_mib, top_mib)) for work, each in curve]
    floor = HEIGHT - BOTTOM
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
            ' font-family="sans-serif" font-size="12">'
        ),
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<path d="M{LEFT},{TOP}V{floor}H{WIDTH - RIGHT}V{TOP}" fill="none" stroke="#888"/>',
        _line(times, "#1a5fb4", ""),
        _line(sizes, "#c64600", "6 4"),
        *(
            f'<text x="{across(work.people):.0f}" y="{floor + 18}" text-anchor="middle">'
            f"{work.people:,}</text>"
            for work, _each in curve
            if work.people >= most / 10
        ),
        f'<text x="{LEFT - 6}" y="{TOP + 4}" text-anchor="end">{top_s:.0f} s</text>',
        f'<text x="{WIDTH - RIGHT + 6}" y="{TOP + 4}">{top_mib:.0f} MiB</text>',
        f'<text x="{WIDTH / 2}" y="{HEIGHT - 8}" text-anchor="middle">{LEGEND}</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _line(points: Sequence[tuple[float, float]], colour: str, broken: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>' for x, y in points)
    return (
        f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"'
        f' stroke-dasharray="{broken}"/>{dots}'
    )
