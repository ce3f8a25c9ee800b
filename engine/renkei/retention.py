"""What is old goes by itself, where the configuration says after which age."""

from __future__ import annotations

import datetime as dt

from attrs import frozen

from renkei.clock import Clock
from renkei.config.records import Config
from renkei.logs import log
from renkei.people import Finding
from renkei.plan.standing import HOURS_HELD_UP
from renkei.store.companies import is_in_use
from renkei.store.store import Store
from renkei.words.i18n import _

_looked: dict[tuple[str, str], dt.date] = {}
"""The day on which this process has looked last, by store and company: a server lives long."""


@frozen(kw_only=True)
class Gone:
    """Of how many runs the *values* have gone, and how many went as a whole (*records*)."""

    values: int = 0
    records: int = 0


def is_due(config: Config, store: Store, clock: Clock) -> bool:
    """
    Return whether what is old has to go today, and may: nobody fetches or syncs with the store.

    Once a day for each company, and asked of the store once a day by each process.
    """
    rules, today = config.retention, clock.today()
    place = config.store, config.company.name
    if rules.values is None and rules.records is None:
        return False
    if _looked.get(place) == today:
        return False
    if store.retained_on() == today:
        _looked[place] = today
        return False
    return not is_in_use(store)


def let_go(config: Config, store: Store, clock: Clock) -> Gone:
    """Let what is older than the configuration says go; runs that are still open stay."""
    rules, now = config.retention, clock.now()
    hours = max(config.settings.max_plan_age_hours, HOURS_HELD_UP)
    over = now - dt.timedelta(hours=hours)  # a younger plan may be chosen, resumed or tried again
    gone = Gone(
        records=store.remove_runs(min(rules.records.before(now), over)) if rules.records else 0,
        values=store.purge(min(rules.values.before(now), over)) if rules.values else 0,
    )
    if rules.records:
        store.remove_jobs(min(rules.records.before(now), over), now)
    today = clock.today()
    store.note_retained(today)
    _looked[config.store, config.company.name] = today
    log.info("retained", count=gone.values + gone.records)
    return gone


def told(config: Config, store: Store | None, clock: Clock) -> Finding | None:
    """Return how long what stays, and whether old runs were looked for of late; None: no rules."""
    rules = config.retention
    if rules.values is None and rules.records is None:
        return None
    kept: list[str] = []
    if rules.values:
        kept.append(_("values {age}").format(age=rules.values))
    if rules.records:
        kept.append(_("records {age}").format(age=rules.records))
    shown = _(", ").join(kept)
    last = store.retained_on() if store else None
    if last is None:
        text = _("Kept for: {ages}. Nothing has been looked through for older runs yet.")
        return Finding("note", text.format(ages=shown))
    text = _("Kept for: {ages}. What is older was removed on {day}.").format(ages=shown, day=last)
    late = clock.today() - last > dt.timedelta(days=LATE_DAYS)
    return Finding("warning" if late else "ok", text)


LATE_DAYS = 31
"""How many days without a command that has removed what is old are worth a warning."""
