"""What may not be done with a run, and the sentence that says so.

Every function raises, or returns the error for its caller to raise.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from collections.abc import Set as AbstractSet
from itertools import starmap

from renkei.clock import base_dates
from renkei.config.records import Config
from renkei.errors import BusyError, ConfigurationError, Hint, UnusualError, UsageError
from renkei.model import KnownAccount, Remark, Run, Status
from renkei.text import near_key
from renkei.words.i18n import _, ngettext
from renkei.words.labels import Labels
from renkei.words.sentences import customer_text, reason_text, status_text
from renkei.yamlfile.converter import suggestion


def refuse_same(source: str, target: str, *, name: str) -> None:
    """Raise if a connection, or the account *name* opens, is to be compared with itself."""
    if source == target:
        message = _("{name} cannot be compared with itself. Name connections of two accounts.")
        raise UsageError(message.format(name=name), code="connection", where=name)


def refuse_paused(config: Config) -> None:
    """Raise while a person has paused the company of *config*: nothing is fetched or synced."""
    company = config.company
    if not company.paused:
        return
    line, _column = config.document.at(("paused",))
    message = _("{company} is paused, in line {line} of {path}. Nothing was read or sent.")
    text = message.format(company=company.title or config.path, line=line, path=config.path)
    hint = Hint("company_resume", {"company": company.name}) if company.name else None
    raise UsageError(text, code="paused", where=f"{config.path}:{line}", hint=hint)


def same_account(connection: str, company: str, other: str) -> ConfigurationError:
    """Return the error of a connection of *company* that opens the account of an *other* one."""
    if not other:
        message = _(
            "{connection} of {company} opens an account of the runs from before there were"
            " companies. Nothing was sent."
        )
        text = message.format(connection=connection, company=company)
        hint = Hint("adopt", {"company": company})
        return ConfigurationError(text, code="same_account", where=connection, hint=hint)
    message = _(
        "{connection} of {company} opens an account that {other} has used, so nothing was sent."
        " Two companies have an account in common only if every pair of both says with `who:` whom"
        " of it it is for. Otherwise correct the address or the token of one of them; if it is that"
        " of {other}, its next fetch gives the account free."
    )
    text = message.format(connection=connection, company=company or "renkei.yaml", other=other)
    return ConfigurationError(text, code="same_account", where=connection)


def source_only(source: str, target: str) -> UsageError:
    """Return the error of a *target* to which nothing can be written."""
    message = _(
        "{target} is a source only: its connector cannot write, so nothing was read or sent."
        " It can be compared the other way: {target} → {source}."
    )
    said = message.format(source=source, target=target)
    return UsageError(said, code="source_only", where=target)


def refuse_field(connection: str, field: str, known: Collection[str]) -> None:
    """Raise if *field* is none of the *known* ones of a connection."""
    if field not in known:
        message = _('{name} has no field "{field}"').format(name=connection, field=field)
        raise UsageError(message + suggestion(field, known), code="unknown_field", where=connection)


def no_own_fields(connection: str) -> UsageError:
    """Return the error of an account that has no fields of its own, or cannot be asked for them."""
    message = _("{name}: its connector knows no fields that only one account has.")
    return UsageError(message.format(name=connection), code="no_own_fields", where=connection)


def of_another_account(connection: str) -> ConfigurationError:
    """Return the error of a connection that opens another account than its fields are of."""
    message = _(
        "{name} opens another account than the one whose fields were read. They have to be read"
        " again."
    )
    hint = Hint("refresh", {"connection": connection})
    return ConfigurationError(message.format(name=connection), where=connection, hint=hint)


def other_company(source: str, target: str) -> UsageError:
    """Return the error of two accounts of which a person says that they are of two companies."""
    message = _(
        "Nothing was fetched and nothing was kept, since {source} and {target} are not of one"
        " company. Check the address and the token of both connections."
    )
    said = message.format(source=source, target=target)
    return UsageError(said, code="other_company", hint=Hint("check"))


def account_changed(before: KnownAccount, now: KnownAccount) -> UsageError:
    """Return the error of a connection that opens another account *now*, by what it is called."""
    message = _(
        "{name} opens another account than before, so nothing was fetched: now it is {now}, before"
        " it was {before}. Correct the address or the token, or let an administrator accept the new"
        " account."
    )
    shown = customer_text(now.customer)
    said = message.format(name=now.connection, now=shown, before=customer_text(before.customer))
    hint = Hint("accept", {"name": now.connection, "account": shown})
    return UsageError(said, code="account_changed", where=now.connection, hint=hint)


def refuse_date(base: dt.date, today: dt.date) -> None:
    """Raise for a base date that cannot be chosen on *today*."""
    first, last = base_dates(today)
    if not first <= base <= last:
        message = _("The base date {date} cannot be chosen: it must be from {first} to {last}.")
        raise UsageError(message.format(date=base, first=first, last=last), code="base_date")


def refuse_numbers(numbers: AbstractSet[str], known: AbstractSet[str]) -> None:
    """Raise for those of *numbers* that are not among the *known* ones of a plan."""
    if not numbers <= known:
        unknown = near_numbers(sorted(numbers - known), known)
        message = _("These numbers are not in the plan: {numbers}.")
        said = message.format(numbers=", ".join(starmap(_with_near, unknown.items())))
        raise UsageError(said, code="unknown_number")


def near_numbers(unknown: Sequence[str], known: Iterable[str]) -> dict[str, list[str]]:
    """Return for each of *unknown* which of the *known* numbers a person may mean by it."""
    alike: dict[str, list[str]] = {near_key(number): [] for number in unknown}
    for number in known:
        key = near_key(number)
        if number and key in alike:
            alike[key].append(number)
    return {number: sorted(alike[near_key(number)]) for number in unknown}


def _with_near(number: str, near: Sequence[str]) -> str:
    if not near:
        return number
    return _("{number} (but {near} is)").format(number=number, near=", ".join(near))


def refuse_over(run: Run, hours: int, *, but: Status | None = None) -> None:
    """Raise if nothing can be done with *run* any more, or not yet; *but* is allowed anyway."""
    if run.status is not but:
        if run.status is Status.EXPIRED:
            raise expired(run, hours)
        if run.status.is_over:
            message = _("Run {run} is over ({status}). Fetch again.")
            text = message.format(run=run.id, status=status_text(run.status))
            raise UsageError(text, code="over")
    refuse_purged(run)
    if run.status is Status.FETCHING:
        message = _("Run {run} is still being fetched. Wait until it is ready.")
        raise UsageError(message.format(run=run.id), code="fetching")


def refuse_purged(run: Run) -> None:
    """Raise if the values that a sync would write are gone."""
    if run.purged:
        message = _("The values of run {run} have been purged. Fetch again.")
        raise UsageError(message.format(run=run.id), code="purged")


def still_at_work(run: Run) -> BusyError:
    """Return the error of repeating a run that is being fetched or synced."""
    message = _("Run {run} is still being fetched or synced. Wait until it has ended.")
    return BusyError(message.format(run=run.id))


def another_way(schedule: str, run: Run) -> UsageError:
    """Return the error of going on with a run whose schedule now has other connections."""
    message = _(
        "The schedule {name} has other connections than run {run} ({source} → {target}), so nothing"
        " more was done. Its next run goes by the file."
    )
    said = message.format(name=schedule, run=run.id, source=run.source, target=run.target)
    return UsageError(said, code="schedule_changed")


def another_choice(schedule: str, run: Run) -> UsageError:
    """Return the error of going on with a run whose schedule now syncs others, or nobody."""
    message = _(
        "The schedule {name} no longer syncs what was chosen in run {run}, so nothing more was"
        " sent. Go on with that run, or cancel it; the next run of the schedule goes by the file."
    )
    return UsageError(message.format(name=schedule, run=run.id), code="schedule_changed")


def expired(run: Run, hours: int) -> UsageError:
    """Return the error of a plan older than *hours*."""
    message = ngettext(
        "The plan of run {run} is older than {hours} hour. Fetch again.",
        "The plan of run {run} is older than {hours} hours. Fetch again.",
        hours,
    )
    return UsageError(message.format(run=run.id, hours=hours), code="expired")


def unexplained(run: Run) -> UsageError:
    """Return the error of asking for values that have been purged."""
    message = _("The employees' values of run {run} have been purged; nothing can be explained.")
    return UsageError(message.format(run=run.id), code="purged")


def choice_lost(run: Run) -> UsageError:
    """Return the error of a run that has sent something and does not know its choice."""
    message = _(
        "The store does not know who was chosen in run {run}, though something was sent: it may be"
        " an older copy. Cancel this run and fetch again; what was written is compared anew."
    )
    hint = Hint("cancel", {"run": run.id})
    return UsageError(message.format(run=run.id), code="choice_lost", hint=hint)


def nothing_chosen(run: Run) -> UsageError:
    """Return the error of a sync without a choice."""
    message = _("Nobody has been chosen in run {run}. Choose first.")
    hint = Hint("choose", {"run": run.id})
    return UsageError(message.format(run=run.id), code="nothing_chosen", hint=hint)


def mapping_changed(run: Run) -> UsageError:
    """Return the error of a mapping that is not the one of the plan."""
    message = _("The mapping {name} has changed since run {run} was fetched. Fetch again.")
    return UsageError(message.format(name=run.mapping_name, run=run.id), code="mapping_changed")


def write_in_doubt(run: Run) -> UsageError:
    """Return the error of giving up a run before its last write is looked up."""
    message = _("A write of run {run} is in doubt. Resume the run first: it is looked up.")
    return UsageError(message.format(run=run.id), code="in_doubt")


def over_limits(run: Run, found: Sequence[Remark], labels: Labels) -> UnusualError:
    """Return the error of a choice that a person has to allow."""
    message = _("This sync is unusual, so nothing was sent. {what}")
    hint = Hint("allow_unusual", {"run": run.id})
    what = " ".join(reason_text(remark, labels) for remark in found)
    return UnusualError(message.format(what=what), where=run.target, hint=hint)
