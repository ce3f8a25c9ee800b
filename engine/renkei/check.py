"""Can the work be done? Tries every connection and mapping, and the clock; finds, and never raises."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from renkei.clock import Clock
from renkei.errors import RenkeiError
from renkei.i18n import _
from renkei.model import JST, Finding
from renkei.systems import Systems


@frozen(kw_only=True)
class Checked:
    """What a check found out about one subject: a connection, a mapping or the clock."""

    subject: str
    findings: tuple[Finding, ...]


def check_all(systems: Systems) -> list[Checked]:
    """Return what was found out about each connection, each mapping and the clock."""
    found = [
        Checked(subject=name, findings=_tried(lambda name=name: _connection(systems, name)))
        for name in systems.config.connections
    ]
    found += [
        Checked(subject=use.use, findings=_tried(lambda use=use: _mapping(systems, use.use)))
        for use in systems.config.mappings
    ]
    found.append(Checked(subject=_("clock"), findings=_clock(systems.clock)))
    return found


def _tried(find: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    try:
        return find()
    except RenkeiError as error:
        return (Finding("problem", error.message),)


def _connection(systems: Systems, name: str) -> tuple[Finding, ...]:
    reader = systems.reader(name)
    reader.connection.check_open()
    account = reader.check()
    if account is None:
        return (Finding("warning", _("The connector has no way to check its credentials.")),)
    who = Finding("ok", _("The token belongs to {account}.").format(account=account.name))
    hours = [
        Finding("ok", _("Takes no requests at {hours} (JST).").format(hours=each))
        for each in reader.connection.hours_in_force
    ]
    return (who, *account.findings, *hours)


def _mapping(systems: Systems, name: str) -> tuple[Finding, ...]:
    mapping = systems.load(name)
    systems.check(mapping)
    return (Finding("ok", _("{count} fields are paired.").format(count=len(mapping.pairs))),)


def _clock(clock: Clock) -> tuple[Finding, ...]:
    shown = clock.now().astimezone(JST)
    return (Finding("ok", _("It is {time:%Y-%m-%d %H:%M} in Japan.").format(time=shown)),)
