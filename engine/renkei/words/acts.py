"""The table of acts: what the audit log can tell, and in which words."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from attrs import frozen

from renkei.model import Noted
from renkei.words.i18n import N_, _
from renkei.words.printable import printable

Note = Callable[[], object]
"""Writes the line of an act that is about to be done; what it raises keeps it from being done."""


def unnoted() -> None:
    """Write none: the caller has done so."""


@frozen
class Act:
    """One act: what people call it, and the facts that may stand beside it."""

    label: str
    facts: tuple[str, ...] = ()


ACTS: Mapping[str, Act] = {
    "logged_in": Act(N_("Logged in"), ("how",)),
    "log_in_refused": Act(N_("A log-in was refused"), ("user", "how", "address")),
    "logged_out": Act(N_("Logged out")),
    "sign_on_tied": Act(N_("Chose single sign-on")),
    "password_set": Act(N_("Set a password"), ("how",)),
    "user_added": Act(N_("Added a user"), ("user", "role")),
    "rights_given": Act(N_("Gave rights on companies"), ("user", "role", "companies")),
    "user_changed": Act(N_("Changed a user"), ("user", "change")),
    "link_made": Act(N_("Made a one-time link"), ("user",)),
    "second_factor": Act(N_("Changed a second factor"), ("change",)),
    "connection_set_up": Act(N_("Set up a connection"), ("connection",)),
    "token_set": Act(N_("Gave a token"), ("connection",)),
    "pair_set_up": Act(N_("Set up a pair"), ("mapping",)),
    "setup_undone": Act(N_("Put back a change of the configuration")),
    "setting_changed": Act(N_("Changed a setting"), ("mapping", "setting", "before", "after")),
    "mapping_changed": Act(
        N_("The mapping has changed"),
        ("source", "target", "mapping", "before", "after", "settings"),
    ),
    "token_replaced": Act(N_("Another token or address is in use"), ("connection",)),
    "account_accepted": Act(N_("Confirmed an account"), ("connection",)),
    "fields_read": Act(N_("Read the fields of an account"), ("connection",)),
    "fetched": Act(N_("Began a fetch"), ("source", "target", "base_date", "mapping", "hash")),
    "chosen": Act(N_("Chose employees"), ("count", "fields")),
    "synced": Act(N_("Began a sync"), ("again",)),
    "unusual_allowed": Act(N_("Allowed what is unusual")),
    "taken_over": Act(N_("Took over from a process")),
    "paused": Act(N_("Asked for a pause")),
    "cancelled": Act(N_("Cancelled a run")),
    "released": Act(N_("Released"), ("kind", "row")),
    "release_removed": Act(N_("Took a release back"), ("release",)),
    "purged": Act(N_("Purged values"), ("count", "before")),
    "run_removed": Act(N_("Removed the record of a run")),
    "exported": Act(N_("Exported"), ("what", "since", "until")),
    "details_opened": Act(N_("Opened employees' details"), ("what", "row")),
    "company_added": Act(N_("Added the company"), ("company",)),
    "company_paused": Act(N_("Put the company on hold"), ("company",)),
    "company_resumed": Act(N_("Let the company go on"), ("company",)),
    "company_adopted": Act(N_("Took over the runs without a company"), ("company", "count")),
    "company_removed": Act(N_("Removed the company with its data"), ("company", "count")),
    "schedule_paused": Act(N_("Paused a schedule"), ("schedule",)),
    "schedule_resumed": Act(N_("Let a schedule go on"), ("schedule",)),
    "schedule_asked": Act(N_("Began a run of a schedule by hand"), ("schedule",)),
    "store_restored": Act(N_("Noted that the store was restored")),
    "store_moved": Act(N_("Moved the store")),
    "users_moved": Act(N_("Took the users of the dashboard along"), ("count",)),
}
"""
Every act by its code; what is not here cannot be written.

Facts are names, codes, counts and days: nothing of an employee, no token. *row* is a place in the
plan of the run, which leads to somebody as long as the plan is there.
"""

FACTS: Mapping[str, str] = {
    "address": N_("address"),
    "after": N_("after"),
    "again": N_("those who failed again"),
    "base_date": N_("base date"),
    "before": N_("before"),
    "change": N_("change"),
    "companies": N_("companies"),
    "company": N_("company"),
    "connection": N_("connection"),
    "count": N_("count"),
    "fields": N_("fields filled in"),
    "hash": N_("hash of the mapping"),
    "how": N_("how"),
    "kind": N_("kind"),
    "mapping": N_("mapping"),
    "release": N_("release"),
    "role": N_("role"),
    "row": N_("row of the plan"),
    "schedule": N_("schedule"),
    "setting": N_("setting"),
    "settings": N_("settings"),
    "since": N_("from"),
    "source": N_("source"),
    "target": N_("target"),
    "until": N_("to"),
    "user": N_("user"),
    "what": N_("what"),
}
"""What people call each fact."""


def act_text(code: str) -> str:
    """Return an act in words; that of a newer renkei keeps its code."""
    return _(ACTS[code].label) if code in ACTS else printable(code)


def facts_text(line: Noted) -> str:
    """Return the facts of a line in words."""
    text = _("{name}: {value}")
    parts: list[str] = []
    for name, value in line.facts.items():
        called = _(FACTS[name]) if name in FACTS else name  # one of a newer renkei
        parts.append(text.format(name=called, value=_value(value)))
    return printable(_(", ").join(parts))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return " ".join(map(str, value))
    return "–" if value is None else str(value)
