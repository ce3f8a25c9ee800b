"""Who is chosen, with which new values: checked as a whole before it is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from renkei.errors import Hint, Said, SeveralErrors, UsageError
from renkei.mapping.scope import EVERYBODY, Scope
from renkei.model import Difference, Entry, Item, OwnValues, Selection
from renkei.people import Choice, NewField
from renkei.plan.refusals import near_numbers, refuse_numbers
from renkei.plugins.choices import meant
from renkei.words.i18n import _, label

NewValues = Mapping[str, Choice]
"""The chosen value of each required new-record field, by field name."""


def pick(selection: Selection, entries: Iterable[Entry]) -> list[Entry]:
    """
    Return those of the plan's *entries* that *selection* names.

    Those to be looked at first are chosen by number, or with all such of a difference. Raises
    UsageError, naming all of them, for numbers that are not in the plan or are blocked.
    """
    if Difference.BLOCKED in selection.differences:
        raise UsageError(
            _("Blocked employees cannot be synced. Choose among new, changed and same.")
        )
    numbers, excluded = set(selection.numbers), set(selection.excluded)
    known, blocked, chosen = set(), [], []
    for entry in entries:
        known.add(entry.number or "")
        named = entry.number in numbers
        among = is_among(selection, entry)
        if named and entry.difference is Difference.BLOCKED:
            blocked.append(entry.number or "")
        elif (named or among) and entry.number not in excluded:
            chosen.append(entry)
    # an exclusion with a wrong number would let somebody through who was to be left out
    refuse_numbers(numbers | excluded, known)
    if blocked:
        message = _("These employees are blocked and cannot be synced: {numbers}.")
        raise UsageError(
            message.format(numbers=", ".join(sorted(blocked))),
            code="blocked",
            hint=Hint("plan_blocked"),
        )
    return chosen


def is_among(selection: Selection, entry: Entry) -> bool:
    """Tell whether somebody is chosen with their difference."""
    within = entry.difference in selection.differences
    return within and (selection.look_first or not entry.look_first)


def left_for_you(selection: Selection, entries: Iterable[Entry]) -> list[Entry]:
    """Return those of the chosen differences whom a person has to look at first, and has not."""
    known = {*selection.numbers, *selection.excluded}
    left: list[Entry] = []
    for entry in entries:
        if entry.difference not in selection.differences or is_among(selection, entry):
            continue
        if entry.number not in known:
            left.append(entry)
    return left


def new_values(
    selection: Selection,
    new: Sequence[Entry],
    fields: Sequence[NewField],
    known: Mapping[str, Difference],
    scope: Scope = EVERYBODY,
) -> dict[int, NewValues]:
    """
    Return the new values of the chosen *new* employees, by position in the plan.

    *known* holds the difference of every number of the plan, and *scope* is who of the target the
    plan is for. Raises UsageError with every mistake: unknown fields, values that are missing, not
    offered, ambiguous or outside of the scope, rows of nobody.
    """
    desk = _Desk(fields, scope)
    common = desk.resolve(selection.new, _("for all new employees"))
    rows = {row.number: desk.resolve(row.values, _whose(row)) for row in selection.own_values}
    strangers = [row.number for row in selection.own_values if row.number not in known]
    near = near_numbers(strangers, known)
    for row in selection.own_values:
        desk.check_row(row, known, near)
    values: dict[int, NewValues] = {}
    for entry in new:
        values[entry.position] = {**common, **rows.get(entry.number or "", {})}
        desk.check_complete(entry, values[entry.position])
    desk.finish()
    return values


def _whose(row: OwnValues) -> str:
    """Return whom a row is about: its place in a file means nothing to those who know people."""
    return row.number if row.where == row.number else f"{row.where}: {row.number}"


class _Desk:
    """Checks values against the live choices and gathers every mistake."""

    def __init__(self, fields: Sequence[NewField], scope: Scope) -> None:
        self._fields = {new.name: new for new in fields}
        self._scope = scope
        self._mistakes: list[Said] = []
        self._missing: dict[str, list[str]] = {}

    def resolve(self, values: Mapping[str, str], where: str) -> dict[str, Choice]:
        """Return the choices that *values* mean, each given as a code or as a label of one only."""
        resolved = {}
        for name, value in values.items():
            if name not in self._fields:
                message = _("{where}: there is no field {field}; there are {fields}.")
                self._add(message.format(where=where, field=name, fields=", ".join(self._fields)))
            elif choice := self._choice(self._fields[name], value, where):
                resolved[name] = choice
        return resolved

    def _choice(self, new: NewField, value: str, where: str) -> Choice | None:
        hits = meant(new.choices, value)
        if len(hits) == 1 and self._scope.admits(new.name, hits[0].code):
            return hits[0]
        if len(hits) == 1:
            self._add_outside(new, hits[0], where)
            return None
        hint = Hint("choices", {"field": new.name})
        if hits:
            message = _(
                "{where}: {field}: {value} is the name of several; give one of the codes {codes}."
            )
            codes = ", ".join(map(_code_and_detail, hits))
            self._add(
                message.format(where=where, field=label(new.label), value=value, codes=codes), hint
            )
        else:
            message = _("{where}: {field}: {value} is not offered.")
            self._add(message.format(where=where, field=label(new.label), value=value), hint)
        return None

    def _add_outside(self, new: NewField, choice: Choice, where: str) -> None:
        inside = [each.shown for each in self._scope.narrowed(new).choices]
        message = _(
            "{where}: {field} ({name}): {value} is outside of the scope (who:). Inside are:"
            " {inside}."
        )
        told = message.format(
            where=where,
            field=label(new.label),
            name=new.name,
            value=choice.shown,
            inside=_(", ").join(inside),
        )
        self._add(told, Hint("choices", {"field": new.name}))

    def check_row(
        self,
        row: OwnValues,
        known: Mapping[str, Difference],
        near: Mapping[str, Sequence[str]],
    ) -> None:
        """A row must be about somebody in the plan who does not exist in the target yet."""
        if row.number not in known:
            message = _("{where}: number {number} is not in the plan.")
            if near[row.number]:
                message = _(
                    "{where}: number {number} is not in the plan, but {near} is:"
                    " spreadsheets drop leading zeros."
                )
            alike = ", ".join(near[row.number])
            self._add(message.format(where=row.where, number=row.number, near=alike))
        elif known[row.number] in (Difference.CHANGED, Difference.SAME):
            message = _(
                "{where}: {number} exists in the target; these values are for new employees."
            )
            self._add(message.format(where=row.where, number=row.number))

    def check_complete(self, entry: Entry, values: NewValues) -> None:
        """Every field needs a value for every new employee."""
        for name in self._fields:
            if name not in values:
                self._missing.setdefault(name, []).append(entry.number or "")

    def finish(self) -> None:
        """Raise UsageError with everything that was found."""
        if not self._mistakes:  # a value that was refused would be told once more, as missing
            self._add_missing()
        if self._mistakes:
            raise SeveralErrors(self._mistakes, code="new_values")

    def _add_missing(self) -> None:
        for name, numbers in self._missing.items():
            message = _("New employees need {label}. Missing for {count}: {numbers}")
            shown = ", ".join(numbers[:10]) + (" …" if len(numbers) > 10 else "")
            text = label(self._fields[name].label)
            told = message.format(label=text, count=len(numbers), numbers=shown)
            self._add(told, Hint("give_new", {"field": name}))

    def _add(self, mistake: str, hint: Hint | None = None) -> None:
        self._mistakes.append(Said(mistake, hint))


def _code_and_detail(choice: Choice) -> str:
    return choice.code if choice.detail in ("", choice.code) else f"{choice.code} ({choice.detail})"


def vanished(item: Item, fields: Sequence[NewField]) -> str | None:
    """Return the field whose stored choice is no longer offered, or now means something else."""
    offered: dict[str, dict[str, str]] = {}
    for new in fields:
        offered[new.name] = {choice.code: choice.label for choice in new.choices}
    for name, choice in item.new_values.items():
        # a code that means something else by now is gone as well: F29
        if offered.get(name, {}).get(choice.code) != choice.label:
            return name
    return None
