"""The screens about runs: what was found, what became of it, and what to do next."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING

from renkei.model import NAMED, Difference, Item, Outcome, Run, Status
from renkei.words.facts import moment_text, run_facts
from renkei.words.i18n import _, ngettext
from renkei.words.sentences import (
    difference_text,
    number_text,
    outcome_text,
    reason_text,
    released_text,
    status_text,
    try_text,
    words_text,
)
from renkei.words.side_by_side import both, candidates
from renkei_runner.documents import (
    Document,
    account_parts,
    again_parts,
    error_parts,
    run_document,
)
from renkei_runner.failures import INTERRUPTED, resume_advice
from renkei_runner.output import emit, next_steps, note, say, table, warn
from renkei_runner.progress import account_lines
from renkei_runner.steps import Shown, choosing, say_next, ways_of

if TYPE_CHECKING:
    from renkei.people import Value
    from renkei.runs import Carried
    from renkei.words.labels import Labels
    from renkei_runner.app import App

CODES = {Status.DONE: 0, Status.DONE_WITH_ERRORS: 1}
PAUSED = 4
ACCOUNTS = ("account_named",)
"""Notices of what a first fetch has just told of the accounts."""

NUMBERLESS_SHOWN = 3
"""How many who only lack a number are shown one by one where everybody is shown."""


def show_found(
    app: App, run: Run, labels: Labels, carried: Carried | None = None, **more: object
) -> None:
    """Print what a fetch found, and what became of the choice of an earlier run."""
    app.clear()
    if app.json:
        warn_of(run, labels)
        parts = account_parts(app.accounts) | more
        emit(run_document(run, labels, **parts) | (again_parts(carried) if carried else {}))
        return
    headline(run)
    _say_accounts(app, labels)
    say_notices(run, labels, but=ACCOUNTS if app.accounts else ())
    if carried is not None:
        say_carried(carried)
    chosen = carried is not None and carried.selection.numbers
    steps = [(app.command("plan", run.id), _("look at every difference"))]
    if chosen:
        steps.append((app.command("resume", run.id), _("write those who are still chosen")))
    if _anybody(run):
        steps.append((app.command("sync", run.id), _("choose and write")))
    else:
        say(_("There is nothing to do."))
    if run.counts.get(Difference.BLOCKED):
        command = app.command("plan", run.id, "--difference", "blocked")
        steps.append((command, _("see who is blocked, and why")))
    next_steps(*steps)


def say_found(app: App, run: Run, labels: Labels) -> None:
    """Print what a fetch found before its sync begins at once."""
    app.clear()
    if app.json:
        warn_of(run, labels)
    else:
        headline(run)
        _say_accounts(app, labels)
        say_notices(run, labels, but=ACCOUNTS if app.accounts else ())


def _say_accounts(app: App, labels: Labels) -> None:
    """Print whose accounts a first fetch has compared, unless a person was just asked."""
    if app.accounts and not app.interactive:
        for line in account_lines(app.accounts, labels.connections):
            say(line)


def say_carried(carried: Carried) -> None:
    """Print who is still chosen, and by name who is not."""
    run = carried.run
    kept = _("The base date is {date}, as chosen for run {run}.")
    today = _("The base date is today, {date}: nobody had chosen another one for run {run}.")
    say((kept if run.base_chosen else today).format(date=run.base_date, run=run.again_of))
    count = len(carried.selection.numbers)
    text = ngettext(
        "Chosen as in run {run}: {count} employee.",
        "Chosen as in run {run}: {count} employees.",
        count,
    )
    say(text.format(run=run.again_of, count=count))
    if carried.left:
        say(_("Not chosen any more, since something has changed; look at them and choose again:"))
    for item in carried.left:
        say(f"    {number_text(item.number) or '-'}  {item.name}")


def _anybody(run: Run) -> bool:
    """Tell whether a sync of all new and changed employees would write anything."""
    return bool(run.counts.get(Difference.NEW) or run.counts.get(Difference.CHANGED))


def show_items(
    app: App,
    run: Run,
    items: Iterable[Item],
    labels: Labels,
    *,
    all_of_them: bool,
) -> None:
    """Print the plan: each employee with every field before and after, if any."""
    headline(run)
    say_notices(run, labels)
    numberless = []
    shown = Shown()
    for item in items:
        shown.see(item)
        if not all_of_them and _only_lacks_number(item):
            numberless.append(item)
        elif all_of_them or item.difference is not Difference.SAME:
            say_item(item, labels)
    say_numberless(app, run, numberless, labels)
    if not all_of_them and run.counts.get(Difference.SAME):
        command = app.command("plan", run.id, "--difference", "same")
        say(_("Employees without a difference: {command}").format(command=command))
    if run.status is not Status.READY:
        next_steps((app.command("report", run.id), _("what became of each employee")))
        return
    steps = list(choosing(app, run, shown)) if "choose" in labels.possible else []
    next_steps(*(steps or ways_of(app, run, labels)[-1:]))


def _only_lacks_number(item: Item) -> bool:
    return [reason.code for reason in item.reasons] == ["no_number"]


def say_numberless(app: App, run: Run, items: Sequence[Item], labels: Labels) -> None:
    """Print those who only lack a number: many of them on one line, with their count."""
    if len(items) <= NUMBERLESS_SHOWN:
        for item in items:
            say_item(item, labels)
        return
    text = _("{blocked}  {count} employees without a number: {command}")
    command = app.command("plan", run.id, "--difference", "blocked")
    blocked = difference_text(Difference.BLOCKED)
    say(text.format(blocked=blocked, count=len(items), command=command))


def headline(run: Run) -> None:
    """Print which run this is and how many employees are in each state."""
    text = _("Run {run}: {source} → {target}, base date {date}, {status}")
    parts = {"run": run.id, "source": run.source, "target": run.target}
    say(text.format(**parts, date=run.base_date, status=status_text(run.status)))
    _say_counts(run)


def _say_counts(run: Run) -> None:
    """Print how many employees are in each state."""
    rows = [(difference_text(each), f"{run.counts.get(each, 0):,}") for each in Difference]
    table((_("difference"), _("employees")), rows, right=(1,))


def say_notices(run: Run, labels: Labels, *, but: Collection[str] = ()) -> None:
    """Print what a person should know about the whole run, without the codes *but*."""
    for notice in run.notices:
        if notice.code in but:
            continue
        say(_("Note: {text}").format(text=reason_text(notice, labels)))


def warn_of(run: Run, labels: Labels) -> None:
    """
    Print what to look at on standard error: a JSON document stays alone on standard output.

    Whose accounts these are is no warning; the document has it.
    """
    for notice in run.notices:
        if notice.code not in ACCOUNTS:
            warn(reason_text(notice, labels))


def say_item(item: Item, labels: Labels) -> None:
    """Print one employee of the plan, with the values chosen for a new one."""
    mark = f"  ({_('look first')})" if item.look_first else ""
    say(f"{difference_text(item.difference)}  {number_text(item.number) or '-'}  {item.name}{mark}")
    for change in item.written:
        after = _value_text(change.field, change.after, labels)
        if item.difference is not Difference.NEW:
            after = f"{_value_text(change.field, change.before, labels)} → {after}"
        say(f"    {labels.field(change.field)}: {after}")
    for remark in (*item.reasons, *item.notes):
        say(f"    ! {reason_text(remark, labels)}")
    say_candidates(item, labels)
    say_released(item)


def _value_text(field: str, value: Value, labels: Labels) -> str:
    return labels.value(field, value) or _("(empty)")


def say_candidates(item: Item, labels: Labels) -> None:
    """Print whom a person may release as the same, field by field beside the employee."""
    if not item.is_releasable:
        return
    sides = [(number_text(item.number), both(item, labels))] if item.target_id else []
    for other, fields in candidates(item, labels):
        sides.append((number_text(other.number) or other.id, fields))
    for called, fields in sides:
        parts = {"source": labels.source, "number": number_text(item.number) or "-"}
        text = _("{source} {number} beside {target} {other}:")
        say("    " + text.format(**parts, target=labels.target, other=called))
        for each in fields:
            if each.source == each.target == _("(empty)"):
                continue
            sign = "≠" if each.differs else "="
            say(f"      {each.field}: {each.source} {sign} {each.target}")


def say_released(item: Item) -> None:
    """Print what a person has said of this employee, if anybody has."""
    if item.released is not None:
        say(f"    {_('Released')}: {released_text(item.released)}")


def show_outcome(
    app: App, run: Run, trouble: Iterable[Item], labels: Labels, left: Sequence[str] = ()
) -> int:
    """
    Print how a sync ended and return its exit code.

    *trouble* are those who are not done, *left* the numbers of those to be looked at first.
    """
    app.clear()
    code = outcome_code(run)
    if app.json:
        emit(_outcome_document(app, run, code, labels, left))
        return code
    text = _("Run {run}: {status}")
    say(text.format(run=run.id, status=status_text(run.status)))
    say_outcomes(run)
    for item in trouble:
        say_outcome(item, labels)
        if item.detail:
            report = app.command("report", run.id)
            say("    " + _("The system's own words: {command}").format(command=report))
    say_left(app, run, left)
    if code in (PAUSED, INTERRUPTED):
        note(pause_text(app, run, labels))
    say_next(app, run, labels)
    return code


def numbers_text(numbers: Sequence[str]) -> str:
    """Return numbers in a row, as many as somebody reads."""
    shown = ", ".join(map(number_text, numbers[:NAMED]))
    return shown + (" …" if numbers[NAMED:] else "")


def left_out_text(numbers: Sequence[str]) -> str:
    """Return who is left out, since a person has to look at them first."""
    text = _("Left out, since a person has to look at them first: {count} ({numbers})")
    return text.format(count=len(numbers), numbers=numbers_text(numbers))


def say_left(app: App, run: Run, left: Sequence[str]) -> None:
    """Print who was left out, since a person has to look at them first."""
    if not left:
        return
    say(left_out_text(left))
    command = app.command("plan", run.id, "--look-first")
    say("    " + _("Look at them: {command}").format(command=command))


def outcome_code(run: Run) -> int:
    """Return the exit code for how a sync ended."""
    was_interrupted = run.reason is not None and run.reason.code == "interrupted"
    if run.status is Status.PAUSED and was_interrupted:
        return INTERRUPTED
    return CODES.get(run.status, PAUSED)


def say_outcomes(run: Run) -> None:
    """Print how many employees have which outcome."""
    if run.outcomes is not None:
        rows = [(outcome_text(each), f"{run.outcomes.get(each, 0):,}") for each in Outcome]
        table((_("outcome"), _("employees")), rows, right=(1,))


def say_outcome(item: Item, labels: Labels) -> None:
    """Print what became of one employee, and why."""
    outcome = outcome_text(item.outcome) if item.outcome else difference_text(item.difference)
    say(f"{outcome}  {number_text(item.number) or '-'}  {item.name}")
    if item.outcome_reason is not None:
        say(f"    ! {reason_text(item.outcome_reason, labels)}")


def say_history(item: Item, labels: Labels) -> None:
    """Print all that became of one employee: with the system's words, and the tries before."""
    say_outcome(item, labels)
    if item.detail:
        say(f"    {words_text(item.detail)}")
    say_released(item)
    for before in item.earlier:
        say(f"    {try_text(before, labels)}")


def has_ended(item: Item) -> bool:
    """Tell whether *item* was chosen and something became of it, be it that it has to wait."""
    return item.outcome not in (None, Outcome.NOT_SELECTED)


def pause_text(app: App, run: Run, labels: Labels) -> str:
    """Return why a run stopped, when it may go on and with which command."""
    parts = [stop_text(run, labels)]
    if _goes_on(run, labels):
        parts.append(resume_advice(app, run.id))
    return " ".join(parts)


def _goes_on(run: Run, labels: Labels) -> bool:
    return run.status is Status.PAUSED and "resume" in labels.possible


def stop_text(run: Run, labels: Labels) -> str:
    """Return why a run stopped, and when it may go on."""
    parts = [reason_text(run.reason, labels)] if run.reason else [status_text(run.status)]
    if run.resume_at is not None and _goes_on(run, labels):
        parts.append(_("It may go on at {time}.").format(time=moment_text(run.resume_at)))
    return " ".join(parts)


def show_report(app: App, run: Run, items: Callable[[], Iterable[Item]], labels: Labels) -> None:
    """
    Print the report: the run's facts, its counts, and what became of everybody who was chosen.

    Those who need attention come last, where they are seen: *items* is read twice.
    """
    for title, text in run_facts(run, labels):
        say(f"{title}: {text}")
    _say_counts(run)
    say_notices(run, labels)
    say_outcomes(run)
    if run.reason is not None:
        say(pause_text(app, run, labels))
    for item in items():
        if has_ended(item) and not item.needs_attention:
            say_history(item, labels)
    for item in items():
        if item.needs_attention:
            say_history(item, labels)
    if run.purged:
        say(_("The employees' values are purged; counts and outcomes are kept."))
    say_next(app, run, labels)


def _outcome_document(
    app: App, run: Run, code: int, labels: Labels, left: Sequence[str]
) -> Document:
    result = run_document(run, labels, **account_parts(app.accounts), left_for_you=list(left))
    if code in (PAUSED, INTERRUPTED):
        reason = run.reason.code if run.reason else run.status.value
        hint = resume_advice(app, run.id) if _goes_on(run, labels) else None
        result["error"] = error_parts(reason, stop_text(run, labels), hint=hint)
    return result
