"""The control endpoints under /_sandbox/: what the Python API does, for other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import attrs

from renkei_sandbox.journal import Journal
from renkei_sandbox.messages import Answer, Fields, Request, dump

if TYPE_CHECKING:
    from renkei_sandbox.box import Sandbox
    from renkei_sandbox.system import Switches, System

_HEADERS: Final = {"content-type": "application/json; charset=utf-8"}


class Control:
    """Answers the control endpoints; their requests are not in the journal."""

    def __init__(self, box: Sandbox, journal: Journal) -> None:
        """Control *box*."""
        self._box, self._journal = box, journal

    def answer(self, request: Request) -> Answer:
        """Do what is asked; 400 with a sentence if it makes no sense."""
        try:
            status, body = self._do(request)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            message = f"{type(error).__name__}: {error}"
            status, body = 400, {"error": message}
        return Answer(status=status, body=dump(body), headers=dict(_HEADERS))

    def _do(self, request: Request) -> tuple[int, object]:
        sent: Any = request.json() if request.body else {}
        match request.method, request.segments[1:]:
            case "GET", ("",) | ():
                return 200, self._overview()
            case "GET", ("journal",):
                return 200, self._entries(request.query.get("system"), request.query.get("tenant"))
            case "DELETE", ("journal",):
                self._journal.clear()
                return 200, {}
            case (("GET" | "PUT"), ("clock",)):
                return 200, self._clock(sent)
            case method, (name, *rest) if name in self._box.systems:
                system = self._box.systems[name]
                with system.lock:
                    return _system(system, method, rest, sent, request.query)
            case _:
                return 404, {"error": "no such control endpoint"}

    def _entries(self, system: str | None, tenant: str | None) -> list[Fields]:
        """Return what the journal has of *system* and *tenant*; None is any of them."""
        entries = self._journal.entries()
        if system is not None:
            entries = [entry for entry in entries if entry.system == system]
        if tenant is not None:
            entries = [entry for entry in entries if entry.tenant == tenant]
        return [entry.document() for entry in entries]

    def _overview(self) -> Fields:
        systems: dict[str, Fields] = {}
        for name, system in self._box.systems.items():
            systems[name] = {"base_url": system.base_url, "token": system.token}
        return {
            "now": self._box.clock.now().isoformat(),
            "systems": systems,
            "cases": self._box.cases,
            "tenants": self._box.tenants.tokens(),
        }

    def _clock(self, sent: Fields) -> Fields:
        clock = self._box.clock
        if "now" in sent:
            (clock.freeze if sent.get("frozen") else clock.set)(sent["now"])
        elif sent.get("frozen"):
            clock.freeze()
        if "advance" in sent:
            clock.advance(float(sent["advance"]))
        return {"now": clock.now().isoformat(), "frozen": clock.frozen}


def _system(
    system: System, method: str, rest: list[str], sent: Fields, query: dict[str, str]
) -> tuple[int, object]:
    match method, rest:
        case (("GET" | "PATCH"), ["switches"]):
            return 200, set_switches(system.switches, sent)
        case "PUT", ["token"]:
            (system.revoke if sent["revoked"] else system.restore)()
            return 200, {"token": system.token, "revoked": system.revoked}
        case _, ["faults"]:
            return _faults(system, method, sent)
        case _, ["people", *identifier]:
            return _people(system, method, identifier, sent, query)
        case "GET", ["masters"]:
            return 200, system.masters
        case "PUT", ["masters", name] if name in system.masters:
            system.masters[name] = sent["rows"]
            return 200, system.masters[name]
        case _:
            return 404, {"error": "no such control endpoint"}


def _faults(system: System, method: str, sent: Fields) -> tuple[int, object]:
    if method == "POST":
        system.faults.add(**sent)
    elif method == "DELETE":
        system.faults.clear()
    return 200, [rule.document() for rule in system.faults.rules()]


def _people(
    system: System, method: str, rest: list[str], sent: Fields, query: dict[str, str]
) -> tuple[int, object]:
    match method, rest:
        case "GET", []:
            number = query.get("number")
            return 200, list(system.people.values()) if number is None else system.find(number)
        case "POST", []:
            return 201, {"id": system.add(**sent)}
        case "GET", [identifier]:
            return 200, system.people[identifier]
        case "PATCH", [identifier]:
            system.edit(identifier, **sent)
            return 200, system.people[identifier]
        case "DELETE", [identifier]:
            system.remove(identifier)
            return 200, {}
        case _:
            return 404, {"error": "no such control endpoint"}


def set_switches(switches: Switches, changes: Fields) -> Fields:
    """Set the switches named in *changes* and return all of them.

    Raises:
        ValueError: If there is no switch of that name; nothing is set then.
    """
    known = attrs.fields_dict(type(switches)).keys()
    if unknown := changes.keys() - known:
        message = f"no such switch: {', '.join(sorted(unknown))}"
        raise ValueError(message)
    for name, value in changes.items():
        is_set = isinstance(getattr(switches, name), set)
        setattr(switches, name, set(value) if is_set else value)
    shown = attrs.asdict(switches)
    for name, value in shown.items():
        if isinstance(value, set):
            shown[name] = sorted(value)  # JSON has no sets
    return shown
