"""What a person has chosen in one run, carried over to a later one: only where nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from attrs import frozen

from renkei.model import WRITTEN, Difference, Item, OwnValues, Run, Selection
from renkei.people import JST, NewField
from renkei.plan.choose import vanished


@frozen(kw_only=True)
class Carried:
    """
    What became of the choice of a run in the later *run*.

    *selection* chooses those for whom nothing has changed; *left* are the others, as the earlier
    plan had them: something has changed, or they are not listed.
    """

    run: Run
    selection: Selection
    left: tuple[Item, ...]


def base_was_chosen(run: Run) -> bool:
    """Return whether a person chose the base date; of older runs that is seen by the date."""
    if run.base_chosen is not None:
        return run.base_chosen
    return run.base_date != run.created_at.astimezone(JST).date()


def carry_over(
    run: Run,
    plan: Iterable[Item],
    chosen: Sequence[Item],
    fields: Callable[[], Sequence[NewField]],
) -> Carried:
    """
    Carry the *chosen* items of an earlier run over to the *plan* of *run*.

    Those already written stay out. *fields* asks for the live choices, if somebody new is among
    them: a value that is not offered any more chooses nobody.
    """
    waiting = {item.source_id: item for item in chosen if item.outcome not in WRITTEN}
    same: dict[str, str] = {}
    for item in plan:
        then = waiting.get(item.source_id)
        if then is not None and _is_same(item, then):
            same[item.source_id] = str(item.number)
    has_new = any(waiting[key].difference is Difference.NEW for key in same)
    if has_new:
        offered = fields()
        gone = [key for key in same if vanished(waiting[key], offered) is not None]
        for key in gone:
            del same[key]
    rows: list[OwnValues] = []
    for key, number in same.items():
        if waiting[key].new_values:
            values = _codes(waiting[key])
            rows.append(OwnValues(number=number, values=values, where=number))
    return Carried(
        run=run,
        selection=Selection(numbers=tuple(same.values()), own_values=tuple(rows)),
        left=tuple(item for key, item in waiting.items() if key not in same),
    )


def _is_same(now: Item, then: Item) -> bool:
    """Tell whether a person would see the same for this employee as when choosing."""
    # the number alone is not enough, as nobody has looked at what has changed since:
    # see docs/decisions/2026-11-28-fetch-again.md
    return (
        now.difference is not Difference.BLOCKED
        and (now.number, now.difference) == (then.number, then.difference)
        and (now.changes, now.reasons, now.notes) == (then.changes, then.reasons, then.notes)
    )


def _codes(item: Item) -> dict[str, str]:
    return {name: choice.code for name, choice in item.new_values.items()}
