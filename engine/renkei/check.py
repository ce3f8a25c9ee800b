"""Can the work be done? Tries connections, mappings and the clock; never raises."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from renkei.clock import Clock
from renkei.errors import RenkeiError
from renkei.i18n import _
from renkei.mapping import advice
from renkei.model import JST, Finding
from renkei.systems import Systems


@frozen(kw_only=True)
class Checked:
    """
    What a check found out about one subject: a connection, a mapping or the clock.

    *error* is what ended the check of this subject, or None.
    """

    subject: str
    findings: tuple[Finding, ...]
    error: RenkeiError | None = None


def check_all(systems: Systems) -> list[Checked]:
    """Return what was found out about each connection, each mapping and the clock."""
    found = [_tried(name, systems, _connection) for name in systems.config.connections]
    found += [_tried(use.use, systems, _mapping) for use in systems.config.mappings]
    found.append(Checked(subject=_("clock"), findings=_clock(systems.clock)))
    return found


def _tried(
    subject: str, systems: Systems, find: Callable[[Systems, str], tuple[Finding, ...]]
) -> Checked:
    try:
        return Checked(subject=subject, findings=find(systems, subject))
    except RenkeiError as error:
        problem = Finding("problem", error.message)
        return Checked(subject=subject, findings=(problem,), error=error)


def _connection(systems: Systems, name: str) -> tuple[Finding, ...]:
    reader = systems.reader(name)
    reader.connection.check_open()
    account = reader.check()
    if account is None:
        return (Finding("warning", _("The connector has no way to check its credentials.")),)
    who = Finding("ok", _("The token belongs to {account}.").format(account=account.name))
    hours = [
        Finding("note", _("Takes no requests at {hours} (JST).").format(hours=each))
        for each in reader.connection.hours_in_force
    ]
    return (who, *account.findings, *hours)


def _mapping(systems: Systems, name: str) -> tuple[Finding, ...]:
    mapping = systems.load(name)
    found = advice(mapping, systems.check(mapping), systems.transforms)
    paired = Finding("ok", _("{count} fields are paired.").format(count=len(mapping.pairs)))
    return (paired, *(Finding("warning", str(each)) for each in found))


def _clock(clock: Clock) -> tuple[Finding, ...]:
    shown = clock.now().astimezone(JST)
    return (Finding("note", _("It is {time:%Y-%m-%d %H:%M} in Japan.").format(time=shown)),)
