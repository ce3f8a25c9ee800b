"""From options or answers to a choice: who is to be synced, and the values new employees need."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve, frozen

from renkei.errors import UsageError
from renkei.model import Difference, Filter, OwnValues, Run, Selection
from renkei.people import NewField
from renkei.words.i18n import N_, _, label
from renkei_runner.app import App
from renkei_runner.cli import F, option
from renkei_runner.output import asked, note
from renkei_runner.parameters import DIFFERENCES, NEW_VALUE
from renkei_runner.screens import left_out_text, numbers_text

if TYPE_CHECKING:
    from renkei.runs import Runs

MAX_CHOICE = 20_000_000
"""Bytes: a hundred thousand new employees, each with values of their own."""
ALL = frozenset({Difference.NEW, Difference.CHANGED})


@frozen(kw_only=True)
class Wanted:
    """What the options of `sync` and `run` say."""

    choice_file: Path | None = None
    differences: tuple[tuple[Difference, ...], ...]
    numbers: tuple[str, ...]
    excluded: tuple[str, ...]
    new: tuple[tuple[str, str], ...]
    new_file: Path | None
    yes: bool
    look_first: bool
    wait: bool = False

    @property
    def chosen(self) -> bool:
        """Whether somebody said who is to be synced."""
        return bool(self.differences or self.numbers or self.yes or self.choice_file)

    @property
    def empty(self) -> bool:
        """Whether nothing was said at all."""
        return not (self.chosen or self.excluded or self.new or self.new_file or self.look_first)

    def who(self) -> frozenset[Difference]:
        """Return the differences that are chosen; --yes alone means all new and changed."""
        named = frozenset(chain.from_iterable(self.differences))
        if named or self.numbers:
            return named  # --yes says then only that nothing is to be asked
        return ALL if self.yes else named


def choice_options(function: F) -> F:
    """Add the options with which `sync` and `run` choose."""
    options: Sequence[Callable[[F], F]] = (
        option(
            "--difference", "differences", type=DIFFERENCES, multiple=True, metavar="new,changed",
            help=N_("Choose all employees with these differences."),
        ),
        option(
            "--number", "numbers", multiple=True, metavar="CODE",
            help=N_("Choose this employee."),
        ),
        option(
            "--except", "excluded", multiple=True, metavar="CODE",
            help=N_("Leave this employee out."),
        ),
        option(
            "--new", "new", type=NEW_VALUE, multiple=True, metavar="FIELD=VALUE",
            help=N_("A value for every new employee; see `renkei choices`."),
        ),
        option(
            "--new-file", type=click.Path(path_type=Path), metavar="CSV",
            help=N_("Values for single new employees; see `renkei choices --template`."),
        ),
        option("--yes", is_flag=True, help=N_("Choose all new and changed, and ask nothing.")),
        option(
            "--look-first", is_flag=True,
            help=N_("Of the chosen differences also those whom a person has to look at first."),
        ),
    )  # fmt: skip
    for add in reversed(options):
        function = add(function)
    return function


def choice_in(path: Path) -> Selection:
    """
    Return the choice in a JSON document, which no option can hold: any number of employees.

    It has ``numbers``, and may have ``new`` (values for all new employees, by field) and ``rows``
    (a ``number`` with all its ``values``). Raises UsageError for anything else.
    """
    try:
        return _selection_in(**json.loads(_document(path)))
    # Whatever is wrong: nothing of the document is repeated, since it holds people's values.
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        message = _("{file} holds no choice: a JSON object with numbers, new and rows.")
        raise UsageError(message.format(file=path), code="choice", where=str(path)) from None


def _document(path: Path) -> str | bytes:
    """Return the text of a choice: in UTF-8, or in UTF-16 as PowerShell writes files."""
    text: str | bytes
    if str(path) == "-":
        text = _standard_input(MAX_CHOICE + 1)
    else:
        with path.open("rb") as file:
            text = file.read(MAX_CHOICE + 1)
    if len(text) > MAX_CHOICE:
        raise ValueError(MAX_CHOICE)
    return text


def _standard_input(most: int) -> str:
    """Return what comes in, *most* characters: JSON is UTF-8, whatever the terminal's encoding."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(encoding="utf-8", errors="strict")
    return sys.stdin.read(most)


def _selection_in(
    numbers: list[str], new: dict[str, str] | None = None, rows: Sequence[dict[str, Any]] = ()
) -> Selection:
    if not isinstance(numbers, list):
        raise TypeError
    own_values = [_row_in(**row) for row in rows]
    return Selection(
        numbers=tuple(map(_text, numbers)),
        new=_texts(new or {}),
        own_values=tuple(own_values),
    )


def _row_in(number: str, values: dict[str, str]) -> OwnValues:
    return OwnValues(number=_text(number), values=_texts(values), where=number)


def _texts(values: dict[str, str]) -> dict[str, str]:
    return {name: _text(value) for name, value in values.items()}


def _text(value: str) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def must_choose(app: App, wanted: Wanted) -> None:
    """Refuse to guess where nobody can be asked; --look-first alone chooses nobody."""
    can_be_asked = app.interactive and not wanted.look_first
    if wanted.chosen or can_be_asked:
        return
    message = _(
        "Nobody is chosen. Say who is to be synced: --difference new,changed,"
        " --number CODE, or --yes for all new and changed."
    )
    raise UsageError(message, code="nothing_chosen")


def selection(app: App, runs: Runs, run: Run, wanted: Wanted) -> Selection | None:
    """Return the choice that the options and the answers of a person make, or None after a "no"."""
    must_choose(app, wanted)
    if wanted.choice_file is not None:
        choice = choice_in(wanted.choice_file)
        return evolve(choice, numbers=(*choice.numbers, *wanted.numbers))
    differences = wanted.who()
    if not wanted.chosen:
        if not _agrees(app, runs, run):
            return None
        differences = ALL
    new = _new_values(wanted.new)
    rows = _rows(runs, run, wanted.new_file, wait=wanted.wait)
    may_ask = app.interactive and not wanted.yes and wanted.new_file is None
    if may_ask and _anyone_new(runs, run, differences, wanted.numbers):
        app.clear()
        new = _complete(new, runs.new_fields(run.id, wait=wanted.wait))
    return Selection(
        differences=differences,
        numbers=wanted.numbers,
        excluded=wanted.excluded,
        look_first=wanted.look_first,
        new=new,
        own_values=rows,
    )


def added(before: Selection, more: Selection) -> Selection:
    """Return a choice that was made *before* with those of another one who are named."""
    return evolve(
        before,
        numbers=(*before.numbers, *more.numbers),
        new={**before.new, **more.new},
        own_values=(*before.own_values, *more.own_values),
    )


def _agrees(app: App, runs: Runs, run: Run) -> bool:
    """Ask whether all new and changed are to be written: who leaves, who comes back, who waits."""
    app.clear()
    # A yes leaves out those to be looked at first, so they are not counted here.
    changed = runs.items(run.id, differences=(Difference.CHANGED,))
    counted = (item for item in changed if not item.look_first)
    leaving, back = runs.dates_of(run.id, counted)
    waiting = runs.numbers(run.id, Filter(differences=tuple(ALL), look_first=True))
    for text, people in (
        (_("A date of leaving: {count} ({numbers})"), leaving),
        (_("Comes back, without a date of leaving: {count} ({numbers})"), back),
    ):
        if people:
            numbers = numbers_text([item.number or "" for item in people])
            note(text.format(count=len(people), numbers=numbers))
    if waiting:
        note(left_out_text(waiting))
    counts = runs.tally(run.id, Filter(look_first=False))
    new, rest = counts.get(Difference.NEW, 0), counts.get(Difference.CHANGED, 0)
    if not new + rest:
        note(_("There is nobody else to write."))
        return False
    text = _("Write {new} new and {changed} changed employees to {target}?")
    question = text.format(new=new, changed=rest, target=run.target)
    return click.confirm(asked(question), default=False, err=True)


def _new_values(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    values: dict[str, str] = {}
    for name, value in pairs:
        if values.setdefault(name, value) != value:
            message = _("--new {name} is given twice, with different values.").format(name=name)
            raise UsageError(message, code="new_value", where=name)
    return values


def _rows(runs: Runs, run: Run, path: Path | None, *, wait: bool) -> tuple[OwnValues, ...]:
    if path is None:
        return ()
    from renkei.report.new_values import read_new_file

    names = [field.name for field in runs.new_fields(run.id, wait=wait)]
    return read_new_file(path, names)


def _complete(given: Mapping[str, str], fields: Sequence[NewField]) -> dict[str, str]:
    """Ask for what new employees need and the options do not say."""
    values = dict(given)
    for each in fields:
        if each.name not in given and each.choices:
            values[each.name] = _asked(each)
    return values


def _anyone_new(
    runs: Runs, run: Run, differences: frozenset[Difference], numbers: Sequence[str]
) -> bool:
    if Difference.NEW in differences:
        return run.counts.get(Difference.NEW, 0) > 0
    if not numbers:
        return False
    named = runs.items(run.id, numbers=numbers)
    return any(item.difference is Difference.NEW for item in named)


def _asked(each: NewField) -> str:
    """Let a person pick one choice of a numbered list; return its code."""
    title = f"{label(each.label)} ({each.name})"
    note(_("{field} of the new employees:").format(field=title))
    for index, choice in enumerate(each.choices, 1):
        note(f"  {index}) {choice.code}  {choice.shown}")
    picked: int = click.prompt(
        asked(_("Number in this list")), type=click.IntRange(1, len(each.choices)), err=True
    )
    return each.choices[picked - 1].code
