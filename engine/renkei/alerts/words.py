"""The words of what people are told: counts, a company, a direction, a link; nothing of anybody."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterator, Mapping, Sequence

from attrs import field, frozen

from renkei.alerts.notifier import Message
from renkei.alerts.states import State
from renkei.config.notify import Kind
from renkei.words.i18n import N_, _, ngettext

SHORT: Mapping[Kind, str] = {
    "file": N_("its file is gone or has mistakes"),
    "token": N_("a token is refused"),
    "halted": N_("stopped"),
    "failed": N_("could not be written"),
    "limit": N_("waits to be allowed"),
    "values": N_("values are missing"),
    "in_doubt": N_("in doubt"),
    "look_first": N_("to be looked at first"),
    "joins": N_("joins soon, not registered"),
    "left": N_("left, still active"),
    "blocked": N_("blocked for days"),
    "missed": N_("a schedule did not run"),
}
"""What stands on a badge."""

LONG: Mapping[Kind, str] = {
    "file": N_("The file of the company is gone or has mistakes, so none of its schedules runs."),
    "token": N_("{connection} refuses the token. Enter one that is valid."),
    "halted": N_("{direction}: the fetch has failed, or the sync has stopped."),
    "failed": N_("{direction}: employees who could not be written: {count}."),
    "limit": N_("{direction}: the choice is over a safety limit and waits to be allowed."),
    "values": N_("{direction}: values for new employees are missing, so nothing was sent."),
    "in_doubt": N_(
        "{direction}: employees of whom nobody knows whether they were written: {count}."
    ),
    "look_first": N_("{direction}: employees to look at before they are synced: {count}."),
    "joins": N_(
        "{direction}: not registered, joining within 2 days or joined in the last 30: {count}."
    ),
    "left": N_("{direction}: employees who have left and are still active: {count}."),
    "blocked": N_("{direction}: employees blocked for 3 days or longer: {count}."),
    "missed": N_("The schedule {schedule} did not run as planned."),
}

TOGETHER: Mapping[Kind, tuple[str, str]] = {
    "file": ("files", N_("Companies without a good file, of which nothing runs: {count}")),
    "token": ("tokens", N_("Companies whose tokens are refused: {count}")),
    "halted": ("halted", N_("Companies whose fetches failed, or syncs stopped: {count}")),
    "missed": ("missed", N_("Companies whose schedules did not run: {count}")),
}
"""What those who hear of all companies are told in one message: its event, and its title."""

SHOWN = 20
"""How many companies are named in one message."""

ByPlace = Mapping[str, Sequence[str]]
"""What companies are called, by the systems that it is about: none for a schedule."""


@frozen(kw_only=True)
class Names:
    """
    What companies and connections are called in messages, and where the dashboard is.

    *company* is empty where the only one has no name; *path* is where its pages begin. With *coded*
    links lead to the inbox of all: an address would say whose it is.
    """

    company: str = ""
    path: str = ""
    dashboard: str | None = None
    coded: bool = False
    connections: Mapping[str, str] = field(factory=dict)

    def connection(self, name: str) -> str:
        """Return what a connection is called; one that is gone has only its name, or nothing."""
        return self.connections.get(name, "?" if self.coded else name)

    def direction(self, source: str, target: str) -> str:
        """Return a direction in words."""
        return f"{self.connection(source)} → {self.connection(target)}"

    def schedule(self, name: str) -> str:
        """Return what a schedule is called; people may have called it after whose it is."""
        return "…" if self.coded and name else name

    def link(self, run: str = "") -> str | None:
        """Return the address of a run, or of the inbox."""
        if self.dashboard is None:
            return None
        at = self.dashboard.rstrip("/")
        if self.coded or not run:
            return f"{at}/inbox" if self.coded else f"{at}{self.path}/inbox"
        return f"{at}{self.path}/runs/{run}"


def short_text(kind: Kind) -> str:
    """Return why somebody is needed, in a word or two."""
    return _(SHORT[kind])


def state_text(state: State, names: Names) -> str:
    """Return a state in a sentence."""
    return _(LONG[state.kind]).format(
        connection=names.connection(state.connection) if state.connection else "",
        schedule=names.schedule(state.schedule),
        direction=names.direction(state.source, state.target),
        count=f"{state.count:,}",
    )


def states_message(open_: Sequence[State], over: Sequence[State], names: Names) -> Message:
    """Return the message about what needs a person now, and what is *over*."""
    # The link of the message itself leads to the run of a single state. Otherwise each line has
    # its own, unless codes are wanted: then every one would be that of the inbox.
    run = open_[0].run if len(open_) == 1 else ""
    linked = not run and not names.coded
    lines = [_open_line(each, names, linked=linked) for each in open_]
    if over:
        lines.append(_("Over by now:"))
        lines += [f"- {_over_text(each, names)}" for each in over]
    title = _("Needs a person: {count}") if open_ else _("Over by now: {count}")
    facts = {
        "event": "states",
        "open": [_facts(each, names) for each in open_],
        "over": [_facts(each, names) for each in over],
    }
    return _message(title.format(count=len(open_) or len(over)), lines, names, facts, run)


def _open_line(state: State, names: Names, *, linked: bool) -> str:
    """Return what is said of a state that needs a person; with its own link where *linked*."""
    line = f"- {state_text(state, names)}"
    link = names.link(state.run) if linked else None
    return f"{line}\n  {link}" if link else line


def _over_text(state: State, names: Names) -> str:
    if state.connection:
        where = names.connection(state.connection)
    elif state.schedule:
        where = names.schedule(state.schedule)
    else:
        where = names.direction(state.source, state.target)
    return _("{where}: {what}").format(where=where, what=short_text(state.kind))


def _facts(state: State, names: Names) -> dict[str, object]:
    source, target = state.source, state.target
    if names.coded:
        source = names.connection(source) if source else ""
        target = names.connection(target) if target else ""
    return {
        "kind": state.kind,
        "source": source or None,
        "target": target or None,
        "schedule": names.schedule(state.schedule) or None,
        "run": state.run or None,
        "count": state.count,
        "link": names.link(state.run),
    }


def gathered_message(kind: Kind, open_: ByPlace, over: ByPlace, names: Names) -> Message:
    """Return the message about all companies of which something of a *kind* is open, or over."""
    event, title = TOGETHER[kind]
    lines = list(_places(open_))
    if over:
        lines += [_("Over by now:"), *_places(over)]
    facts = {
        "event": event,
        "companies": {where: list(companies) for where, companies in open_.items()},
        "over": {where: list(companies) for where, companies in over.items()},
    }
    shown = _(title) if open_ else _("Over by now: {count}")
    named: set[str] = set()  # a company may stand at several places
    for companies in (open_ or over).values():
        named.update(companies)
    return _message(shown.format(count=f"{len(named):,}"), lines, names, facts)


def _places(by_place: ByPlace) -> Iterator[str]:
    """Yield a line for each place with how many companies there are, and the first of them."""
    for where, companies in sorted(by_place.items()):
        named = _(", ").join(companies[:SHOWN])
        if len(companies) > SHOWN:
            named += " …"
        count = len(companies)
        text = ngettext("{count} company: {names}", "{count} companies: {names}", count)
        told = text.format(count=f"{count:,}", names=named)
        yield _("{connector}: {about}").format(connector=where, about=told) if where else told


def done_message(
    source: str, target: str, run: str, counts: Mapping[str, int], names: Names
) -> Message:
    """Return the message about a sync that came to its end."""
    text = _("{direction}: {created} registered, {updated} updated, {failed} failed.")
    line = text.format(
        direction=names.direction(source, target),
        created=f"{counts['created']:,}",
        updated=f"{counts['updated']:,}",
        failed=f"{counts['failed']:,}",
    )
    facts = {"event": "done", "run": run, "counts": dict(counts)}
    return _message(_("Done"), [line], names, facts, run)


def week_message(
    first: dt.date, last: dt.date, week: Mapping[str, int], open_: int, names: Names
) -> Message:
    """Return the summary of a week."""
    lines = [
        _("Fetches: {count}").format(count=f"{week['fetched']:,}"),
        _("Syncs: {count}").format(count=f"{week['synced']:,}"),
        _("Registered: {count}").format(count=f"{week['created']:,}"),
        _("Updated: {count}").format(count=f"{week['updated']:,}"),
        _("Failed: {count}").format(count=f"{week['failed']:,}"),
        _("Needs a person now: {count}").format(count=f"{open_:,}"),
    ]
    title = _("Week of {first} to {last}").format(first=first, last=last)
    facts = {"event": "weekly", "first": first.isoformat(), "last": last.isoformat()}
    return _message(title, lines, names, {**facts, "counts": dict(week), "open": open_})


def test_message(names: Names) -> Message:
    """Return a message that says only that messages arrive."""
    line = _("This is a test: messages of renkei arrive here.")
    return _message(_("Test"), [line], names, {"event": "test"})


test_message.__test__ = False  # type: ignore[attr-defined]  # pytest takes it for one of its own


def _message(
    title: str,
    lines: Sequence[str],
    names: Names,
    facts: Mapping[str, object],
    run: str = "",
) -> Message:
    about = f"{names.company}: {title}" if names.company else title
    return Message(
        id=secrets.token_hex(16),
        title=f"[renkei] {about}",
        text="\n".join(lines),
        link=names.link(run),
        facts={"schema_version": 1, "company": names.company or None, **facts},
    )
