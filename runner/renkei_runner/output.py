"""What a command prints: one JSON document, or text that a terminal cannot misread."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal, TextIO

import click

from renkei.words.i18n import _
from renkei.words.printable import json_safe, printable
from renkei_runner.encoding import encoded, fitting, is_utf8

if TYPE_CHECKING:
    from renkei.config import Company

WIDE = 10_000  # columns of what is not a terminal: nothing is cut or wrapped there
GAP, RULE = "   ", "─"


_ours: ContextVar[TextIO | None] = ContextVar("ours", default=None)


@contextmanager
def ours_alone() -> Iterator[None]:
    """Keep standard output for the functions below; what a plug-in prints goes beside it."""
    token = _ours.set(sys.stdout)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _ours.reset(token)


def _out() -> TextIO:
    return _ours.get() or sys.stdout


def emit(document: Mapping[str, object]) -> None:
    """Print the one JSON document of a command: in ASCII, unless the output takes all of UTF-8."""
    ascii_only = not is_utf8(_out())
    text = json_safe(json.dumps(document, ensure_ascii=ascii_only, separators=(", ", ": ")))
    _out().buffer.write(text.encode() + b"\n")
    _out().buffer.flush()


def say(text: str = "") -> None:
    """Print one line, or several that are already safe."""
    click.echo("\n".join(map(printable, text.split("\n"))), file=_out())


def head(text: str) -> None:
    """Print a heading."""
    say()
    say(f"=== {text}")


def say_at_once(text: str) -> None:
    """Print a line on standard error past all buffers: one may be in use at this very moment."""
    with suppress(OSError):
        os.write(2, encoded(f"{text}\n", sys.stderr))


def note(text: str) -> None:
    """Print a line on standard error; its reader may be gone, and the work goes on."""
    with suppress(OSError):
        click.echo("\n".join(map(printable, text.split("\n"))), file=sys.stderr)


def asked(text: str) -> str:
    """Return a question as click may print it: harmless, and in characters that the output has."""
    return "\n".join(fitting(printable(line), sys.stderr) for line in text.split("\n"))


def tell_company(company: Company) -> None:
    """Print on standard error whose connections a command is about."""
    text = _("Company: {company}, sandbox") if company.is_sandbox else _("Company: {company}")
    note(text.format(company=company.title))


def warn(text: str) -> None:
    """Print a warning on standard error."""
    note(_("Warning: {text}").format(text=text))


def next_steps(*steps: tuple[str, str]) -> None:
    """Print what can be done next, if anything: the exact command and what it does."""
    if not steps:
        return
    say()
    say(_("Next:"))
    width = max(len(command) for command, _what in steps)
    for command, what in steps:
        say(f"  {command:<{width}}  # {what}")


def table(
    titles: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()
) -> None:
    """Print a table, straight with full-width characters; *right* are columns of numbers."""
    from rich.cells import cell_len

    out = _out()

    def fits(text: str) -> str:
        return fitting(printable(text), out)

    def shown(row: Sequence[str]) -> Sequence[str]:
        whole = "".join(row)
        return row if fits(whole) == whole else list(map(fits, row))  # hardly any row needs it

    heads, body = shown(titles), list(map(shown, rows))
    sizes = [[*map(cell_len, row)] for row in (heads, *body)]
    widths = list(map(max, zip(*sizes, strict=True)))
    width = shutil.get_terminal_size().columns if out.isatty() else WIDE
    whole = sum(widths) + len(GAP) * (len(widths) - 1)
    if whole > width or not is_utf8(out):  # for another encoding rich draws its rule of other signs
        _folded(heads, body, right, width)
        return
    lines = []
    for row, those in zip((heads, *body), sizes, strict=True):
        cells = []
        for at, cell in enumerate(row):
            blank = " " * (widths[at] - those[at])
            cells.append(blank + cell if at in right else cell + blank)
        lines.append(GAP.join(cells))
    lines.insert(1, RULE * whole)
    click.echo("\n".join(lines), file=out)


def _folded(
    heads: Sequence[str], body: Iterable[Sequence[str]], right: Sequence[int], width: int
) -> None:
    """Print a table that is too wide: its cells are folded, which takes ten times as long."""
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shape = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for index, title in enumerate(heads):
        justify: Literal["right", "left"] = "right" if index in right else "left"
        shape.add_column(Text(title), justify=justify, overflow="fold")
    for row in body:
        shape.add_row(*map(Text, row))
    Console(file=_out(), width=width, highlight=False).print(shape)


def raw(lines: Iterable[str]) -> None:
    """Print the text of a file (CSV) in UTF-8, whatever the terminal's encoding is."""
    for line in lines:
        _out().buffer.write(line.encode())
    _out().buffer.flush()
