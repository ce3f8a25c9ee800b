"""What a person has chosen in one run, carried over to a later one: only where nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import field, frozen

from renkei.choose import vanished
from renkei.model import JST, Difference, Item, NewField, NewRow, Outcome, Run, Selection

DONE = (Outcome.CREATED, Outcome.UPDATED, Outcome.UNCHANGED)


@frozen(kw_only=True)
class Carried:
    """
    What became of an earlier choice: the *run* it went to, the *numbers* of those it still chooses.

    *left* are those of the earlier plan whom it does not choose any more: something has changed, or
    they are not listed.
    """

    numbers: tuple[str, ...]
    left: tuple[Item, ...]
    selection: Selection = field(repr=False)
    run: Run | None = None


def base_was_chosen(run: Run) -> bool:
    """Return whether a person chose the base date; of older runs that is seen by the date."""
    if run.base_chosen is not None:
        return run.base_chosen
    return run.base_date != run.created_at.astimezone(JST).date()


def carry_over(
    chosen: Sequence[Item], plan: Iterable[Item], fields: Callable[[], Sequence[NewField]]
) -> Carried:
    """
    Carry the *chosen* items of one run over to the *plan* of another.

    Who has been written stays out. *fields* asks for the live choices, if somebody new is among
    them: a value that is not offered any more chooses nobody.
    """
    waiting = {item.source_id: item for item in chosen if item.outcome not in DONE}
    same = {
        item.source_id: str(item.number)
        for item in plan
        if item.source_id in waiting and _is_same(item, waiting[item.source_id])
    }
    if any(waiting[key].difference is Difference.NEW for key in same):
        offered = fields()
        same = {key: n for key, n in same.items() if vanished(waiting[key], offered) is None}
    rows = tuple(
        NewRow(number=number, values=_codes(waiting[key]), where=number)
        for key, number in same.items()
        if waiting[key].new_values
    )
    numbers = tuple(same.values())
    return Carried(
        numbers=numbers,
        left=tuple(item for key, item in waiting.items() if key not in same),
        selection=Selection(numbers=numbers, new_rows=rows),
    )


def _is_same(now: Item, then: Item) -> bool:
    """Tell whether a person would see the same for this employee as when choosing."""
    return (
        now.difference is not Difference.BLOCKED
        and (now.number, now.difference) == (then.number, then.difference)
        and (now.changes, now.reasons, now.notes) == (then.changes, then.reasons, then.notes)
    )


def _codes(item: Item) -> dict[str, str]:
    return {name: choice.code for name, choice in item.new_values.items()}
