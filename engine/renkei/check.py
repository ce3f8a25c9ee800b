"""Can the work be done? Tries connections, mappings, the store and the clock; never raises."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

from attrs import frozen

from renkei.clock import Clock
from renkei.config.pairs import Pair, is_open
from renkei.errors import ConfigurationError, RenkeiError
from renkei.mapping.advising import advice
from renkei.mapping.model import FieldMapping
from renkei.model import KnownAccount
from renkei.people import JST, Finding
from renkei.plan.pairings import Pairings
from renkei.plugins.facade import Reader
from renkei.systems import Systems
from renkei.words.facts import moment_text
from renkei.words.i18n import _, ngettext
from renkei.words.sentences import customer_text


@frozen(kw_only=True)
class Checked:
    """
    What a check found out about one subject: a connection, a mapping, the store or the clock.

    *error* is what ended the check of this subject, or None.
    """

    subject: str
    findings: tuple[Finding, ...]
    error: RenkeiError | None = None


def check_all(
    systems: Systems,
    pairings: Pairings,
    store: Callable[[], tuple[Finding, ...]],
    account: Callable[[Reader], None],
    known: Callable[[Reader], KnownAccount | None],
) -> list[Checked]:
    """
    Return what was found out about each connection, each mapping, the store and the clock.

    *store* tries the report store, *account* whether a connection's account is ours, and *known*
    tells whose it is; like everything else they may raise what is wrong.
    """
    checked: list[Checked] = []
    for name in systems.config.connections:
        find = partial(_connection, systems, name, account, known)
        checked.append(_tried(name, find))
    for index, use in enumerate(systems.config.mappings):
        checked.append(_tried(use.use, partial(_mapping, pairings, index)))
    checked.append(_tried(_("report store"), store))
    checked.append(Checked(subject=_("clock"), findings=_clock(systems.clock)))
    return checked


def _tried(subject: str, find: Callable[[], tuple[Finding, ...]]) -> Checked:
    try:
        return Checked(subject=subject, findings=find())
    except RenkeiError as error:
        problem = Finding("problem", error.message)
        return Checked(subject=subject, findings=(problem,), error=error)


def _connection(
    systems: Systems,
    name: str,
    is_ours: Callable[[Reader], None],
    known: Callable[[Reader], KnownAccount | None],
) -> tuple[Finding, ...]:
    reader = systems.reader(name)
    is_ours(reader)
    reader.connection.check_open()
    account = reader.check()
    notes: list[Finding] = []
    for hours in reader.connection.hours_in_force:
        text = _("Takes no requests at {hours} (JST).").format(hours=hours)
        notes.append(Finding("note", text))
    notes += _confirmed(known(reader))
    is_here = systems.config.connection(name).loopback
    if not is_here:  # else it is the same clock, or an invented one
        notes += _off(reader.connection.clock_off_s)
    if reader.is_source_only:
        text = _("It is a source only: its connector cannot write.")
        notes.append(Finding("note", text))
    if account is None:
        text = _("The connector has no way to check its credentials.")
        return (Finding("warning", text), *notes)
    belongs = (
        _("The token belongs to {account}.") if reader.connection.token else _("This is {account}.")
    )
    who = Finding("ok", belongs.format(account=account.name))
    return (who, *account.findings, *notes)


CLOCK_OFF_S = 60.0
"""This many seconds off, dates and hours of two computers do not agree."""


def _off(seconds: float | None) -> Iterator[Finding]:
    """Yield that our clock is not that of a system, if that is known."""
    if seconds is not None and abs(seconds) > CLOCK_OFF_S:
        text = _(
            "The clock of this computer is {seconds} seconds off the system's. Let it be set over"
            " the network."
        )
        yield Finding("warning", text.format(seconds=f"{seconds:+.0f}"))


def _confirmed(known: KnownAccount | None) -> Iterator[Finding]:
    """Yield who has confirmed whose account it is, if its system tells."""
    if known is None or not known.customer.is_told:
        return
    shown = customer_text(known.customer)
    if known.confirmed_by is None:
        text = _("Nobody has confirmed yet that this is the right account: {account}.")
        yield Finding("note", text.format(account=shown))
    else:
        text = _("{who} has confirmed on {day} that this is the right account: {account}.")
        day = moment_text(known.confirmed_at)
        yield Finding("ok", text.format(who=known.confirmed_by, day=day, account=shown))


def _mapping(pairings: Pairings, index: int) -> tuple[Finding, ...]:
    use = pairings.config.mappings[index]
    mapping = pairings.load(use.use)
    fitted, fields = pairings.check(mapping, pairings.names_of(use.use))
    found = advice(fitted, fields, pairings.transforms)
    mapping.switches(use.settings)
    count = len(mapping.pairs)
    text = ngettext("{count} field is paired.", "{count} fields are paired.", count)
    paired = Finding("ok", text.format(count=count))
    warnings = [Finding("warning", str(each)) for each in found]
    told = (paired, *warnings)
    pairs = pairings.pairs_of(index)
    if pairs:
        return (*told, _used(pairings, pairs))
    if is_open(pairings.config, index, mapping):
        return (*told, _unnamed(pairings, mapping))
    return told


def _used(pairings: Pairings, pairs: Sequence[Pair]) -> Finding:
    """Return which connections a use is for, and in which direction if it is only one."""
    ways = [pair for pair in pairs if not pairings.at(pair.target).is_source_only]
    first = (ways or pairs)[0]
    pairings.between(first.source, first.target)  # no other use is for the same two
    if len(ways) == 1:
        text = _("It is for {first} → {second} only: {first} is a source only.")
    else:
        text = _("It is for {first} and {second}.")
    return Finding("ok", text.format(first=ways[0].source, second=ways[0].target))


def _unnamed(pairings: Pairings, mapping: FieldMapping) -> Finding:
    """Return what to do with a use that does not say which connections it is for."""
    message = _(
        "It is for no connections yet, as there are several of one kind: write which ones, such as"
        " sides: {{{sides}}}"
    )
    sides = ", ".join(f"{side}: …" for side in mapping.sides)
    told = message.format(sides=sides)
    if not pairings.declared():
        raise ConfigurationError(told, code="not_paired", where=str(pairings.config.path))
    return Finding("warning", told)


def _clock(clock: Clock) -> tuple[Finding, ...]:
    shown = clock.now().astimezone(JST)
    return (Finding("note", _("It is {time:%Y-%m-%d %H:%M} in Japan.").format(time=shown)),)
