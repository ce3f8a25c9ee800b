"""renkei sync, resume and cancel: write what is chosen, go on, give up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import click
from attrs import evolve

from renkei.errors import UsageError
from renkei.model import TROUBLE, Item, Run, Selection, Status, Wish
from renkei.words.i18n import N_, _
from renkei_runner.app import App
from renkei_runner.choosing import Wanted, added, choice_options, selection
from renkei_runner.cli import argument, command, option
from renkei_runner.documents import run_document
from renkei_runner.output import asked, emit, next_steps, say, say_at_once
from renkei_runner.screens import say_candidates, show_outcome
from renkei_runner.signals import ended_by, interrupt

if TYPE_CHECKING:
    from renkei.runs import Runs


@command("sync", help=N_("Write the chosen employees of RUN to its target."))
@argument("run_id", metavar="RUN")
@choice_options
@option("--choice", "choice_file", type=click.Path(path_type=Path, allow_dash=True), metavar="FILE",
        help=N_("Choose what this JSON file says; - is standard input."))  # fmt: skip
@option(
    "--same-person", "same_person", multiple=True, metavar="NUMBER[=OTHER]",
    help=N_("This employee and the target's record of this number, or of OTHER, are one person."),
)  # fmt: skip
@option(
    "--as-new", "as_new", multiple=True, metavar="NUMBER",
    help=N_("This employee is nobody of those whom the plan names; register them."),
)  # fmt: skip
@option("--why", metavar="REASON", help=N_("Why that is so; it is kept."))
@option("--wait", is_flag=True, help=N_("Wait while a system is closed or out of reach."))
@option("--retry-failed", is_flag=True, help=N_("Also try those again who failed."))
@option("--allow-unusual", is_flag=True, help=N_("Write although it is over the safety limits."))
@click.pass_obj
def sync(
    app: App,
    /,
    *,
    run_id: str,
    retry_failed: bool,
    allow_unusual: bool,
    same_person: tuple[str, ...],
    as_new: tuple[str, ...],
    why: str | None,
    wait: bool,
    choice_file: Path | None,
    new_file: Path | None,
    **choice: Any,  # noqa: ANN401 - the options of choice_options
) -> int:
    wanted = Wanted(choice_file=choice_file, new_file=new_file, wait=wait, **choice)
    wish, before = _wish(same_person, as_new, why), None
    with app.runs() as runs, app.about(runs, run_id) as run:
        if wish is not None:
            if not _is_seen(app, runs, run, wish, ask=not wanted.yes):
                return nothing_sent(app, run)
            runs.release(run_id, wish)
            # A release alone only adds its employee to the stored choice.
            before = None if wanted.chosen or wanted.excluded else runs.selection(run_id)
            wanted = evolve(wanted, numbers=(*wanted.numbers, wish.number))
        # A run that is done ends with 0 and without a request when it is synced again (F49).
        done = run.status is Status.DONE and "choose" not in runs.possible(run_id)
        chosen = None if done else choose(app, runs, run, wanted, before)
        if not done and chosen is None:
            return nothing_sent(app, run)
        return carry_out(
            app,
            runs,
            run_id,
            selection=chosen,
            wait=wait,
            retry_failed=retry_failed,
            allow_unusual=allow_unusual,
        )


@command("resume", help=N_("Continue RUN with what is chosen; looks up what is in doubt first."))
@argument("run_id", metavar="RUN")
@option("--wait", is_flag=True, help=N_("Wait while a system is closed or out of reach."))
@option(
    "--take-over", is_flag=True,
    help=N_("Do not wait for a process of which nobody knows whether it still lives."),
)  # fmt: skip
@option("--yes", is_flag=True, help=N_("Ask nothing before taking over."))
@click.pass_obj
def resume(app: App, run_id: str, wait: bool, take_over: bool, yes: bool) -> int:
    with app.runs() as runs, app.about(runs, run_id) as run:
        is_meant = yes or not take_over or agrees_to_take_over(app, run)
        if not is_meant:
            return nothing_sent(app, run)
        return carry_out(app, runs, run_id, wait=wait, take_over=take_over)


def agrees_to_take_over(app: App, run: Run) -> bool:
    """Ask whether the other process is certainly not at work; UsageError if nobody can be asked."""
    if not app.interactive:
        message = _("--take-over needs --yes where nobody can be asked.")
        raise UsageError(message, code="take_over")
    app.clear()
    text = _(
        "If the process that syncs run {run} is still at work, employees may be written twice."
        " Are you certain that it is not?"
    )
    return click.confirm(text.format(run=run.id), default=False, err=True)


@command("cancel", help=N_("Give up RUN; what has been written stays written."))
@argument("run_id", metavar="RUN")
@click.pass_obj
def cancel(app: App, run_id: str) -> None:
    with app.runs() as runs, app.about(runs, run_id):
        run = runs.cancel(run_id)
        labels = runs.labels(run_id, technical=True)
    if app.json:
        emit(run_document(run, labels))
        return
    if run.status is Status.CANCELLED:
        text = _("Run {run} is cancelled. What has been written stays written.")
    else:
        text = _("Run {run} will stop after the employee in hand. What is written stays written.")
    say(text.format(run=run.id))
    next_steps((app.command("report", run.id), _("what became of each employee")))


def _is_seen(app: App, runs: Runs, run: Run, wish: Wish, *, ask: bool) -> bool:
    """Show both people side by side; tell whether a person who can be asked says yes."""
    item = runs.meant(run.id, wish)
    app.clear()
    if not app.json:
        runs.note("details_opened", run.id, what="sync")  # before they are seen
        say_candidates(item, runs.labels(run.id, technical=True))
    if not (ask and app.interactive):
        return True
    same, other = _("Is this one person?"), _("Is this another person?")
    return click.confirm(asked(other if wish.as_new else same), default=False, err=True)


def _wish(same_person: Sequence[str], as_new: Sequence[str], why: str | None) -> Wish | None:
    """Return whom the options release: one employee, with a reason of their own."""
    if not (same_person or as_new):
        return None
    if len(same_person) + len(as_new) > 1:
        raise click.UsageError(_("Release one employee at a time: each has a reason of their own."))
    if not (why or "").strip():
        raise click.UsageError(_("--same-person and --as-new need a reason: --why."))
    for text in same_person:
        number, _equals, other = text.partition("=")
        return Wish(number=number, other=other or None, why=why or "")
    return Wish(number=as_new[0], as_new=True, why=why or "")


def choose(
    app: App, runs: Runs, run: Run, wanted: Wanted, before: Selection | None = None
) -> Selection | None:
    """
    Store a choice unless there is one and the options say nothing; None after a "no".

    What was chosen *before* stays, and those whom the options name are added to it.
    """
    stored = runs.selection(run.id) if wanted.empty else None
    if stored is not None:
        return stored
    runs.refuse_choosing(run.id)  # before anybody answers questions in vain
    chosen = selection(app, runs, run, wanted)
    if chosen is not None:
        chosen = chosen if before is None else added(before, chosen)
        runs.choose(run.id, chosen, wait=wanted.wait)
    return chosen


def carry_out(
    app: App,
    runs: Runs,
    run_id: str,
    *,
    selection: Selection | None = None,
    wait: bool,
    retry_failed: bool = False,
    allow_unusual: bool = False,
    take_over: bool = False,
) -> int:
    """Sync what is stored, and show how it ended."""
    with app.about(runs, run_id, writing=True), stoppable(runs):
        run = runs.sync(
            run_id,
            selection=selection,
            wait=wait,
            retry_failed=retry_failed,
            allow_unusual=allow_unusual,
            take_over=take_over,
        )
        labels = runs.labels(run_id, technical=True)
        trouble = trouble_of(runs, run, "sync")
        return show_outcome(app, run, trouble, labels, runs.left_for_you(run_id))


@contextmanager
def stoppable(runs: Runs, *, is_job: bool = False) -> Iterator[None]:
    """
    Let the first signal end a sync after the employee in hand, the second at once.

    *is_job*: a worker's, before which nobody sits, and whose log may have lines of JSON only.
    """
    stopping = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal stopping
        if stopping:
            interrupt(number, frame)
        stopping = True
        runs.interrupt()
        if not is_job:
            text = _("Stopping after the employee in hand. Press Ctrl-C again to stop at once.")
            say_at_once(text)

    with ended_by(stop):
        yield


def nothing_sent(app: App, run: Run) -> int:
    """Tell that a person said no."""
    say(_("Nothing was sent."))
    next_steps((app.command("plan", run.id), _("look at every difference")))
    return 0


def trouble_of(runs: Runs, run: Run, what: str) -> Iterator[Item]:
    """Iterate over those of a run who are not done; that *what* shows them is noted before."""
    if run.outcomes and any(run.outcomes.get(each) for each in TROUBLE):
        # Noted before anybody is shown (F98), and only if there is anybody to show.
        if any(each.needs_attention for each in runs.items(run.id)):
            runs.note("details_opened", run.id, what=what)
        yield from (each for each in runs.items(run.id) if each.needs_attention)
