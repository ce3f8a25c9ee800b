"""Touch On Time's API: who may call and when, which call is meant, and what it answers."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final

from renkei_sandbox.clock import Clock
from renkei_sandbox.faults import HTML, PAGE
from renkei_sandbox.limits import SlidingWindow
from renkei_sandbox.messages import Answer, Commit, Fields, RefusalError, Request, dump
from renkei_sandbox.names import COMPANY
from renkei_sandbox.system import System, with_json
from renkei_sandbox.touchontime import checks, employees, errors, masters
from renkei_sandbox.touchontime.history import Transfers
from renkei_sandbox.touchontime.switches import TouchOnTimeSwitches

_JSON: Final = "application/json; charset=utf-8"
_BASE: Final = ("code", "key", "gender", "lastName", "firstName")


class TouchOnTime(System):
    """The attendance system."""

    name: ClassVar[str] = "touchontime"
    prefix: ClassVar[str] = "/touchontime/v1.0"
    id_field: ClassVar[str] = "key"
    number_field: ClassVar[str] = "code"
    collection: ClassVar[str] = "employees"

    def __init__(self, clock: Clock, seed: int, tenant: str = "", called: str = COMPANY) -> None:
        """Start with tables and without people; the company is *called* so."""
        super().__init__(clock, seed, tenant)
        self.switches: TouchOnTimeSwitches = TouchOnTimeSwitches()
        self.masters = masters.build(tenant, called)
        self.transfers = Transfers()
        self.deleted: dict[str, Fields] = {}
        """Deleted employees by key; their codes stay taken."""
        self._window = SlidingWindow()
        self._order: tuple[int, list[Mapping[str, Any]]] = (-1, [])

    # -- the order of checks -----------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """Check token, address, hours, rate and right, in this order; then do what is asked."""
        switches = self.switches
        inside = request.segments[2:]
        if request.segments[1:2] != ("v1.0",) or not inside:
            return errors.error(404, errors.NO_ROUTE)
        if switches.maintenance:
            return self.maintenance()
        # the vendor lets a token be asked about and renewed in the closed hours, too
        if inside[0] == "tokens":
            return self._tokens(request, inside[1:])
        if not self.authorized(request) or not switches.ip_permitted:
            return self._refused()
        if switches.closed_hours and self.is_closed():
            return errors.closed(switches.bands)
        if switches.rate_limit:
            self._count()
        if inside[0] in (switches.no_read if request.method == "GET" else switches.no_write):
            return self._refused()
        return self._route(request, inside)

    def authorized(self, request: Request) -> bool:
        """Return whether the request carries the token in force."""
        given = request.headers.get("authorization", "")
        return given == f"Bearer {self.token}" and not self.revoked

    def is_closed(self) -> bool:
        """Return whether it is a closed hour by the sandbox's clock."""
        now = self.clock.now().time()
        for band in self.switches.bands:
            start, end = map(dt.time.fromisoformat, band)
            if start <= now < end:
                return True
        return False

    def _count(self) -> None:
        switches = self.switches
        if self._window.take(switches.limit, switches.limit_window_s):
            return
        if switches.limit_status == 403:
            raise RefusalError(errors.error(403, errors.LIMIT))
        raise RefusalError(errors.flat(429, switches.limit_code))

    def _refused(self) -> Answer:
        # a token, an address and a right that are not good are refused in the same words
        status, code = self.switches.refusal.split("/")
        return errors.error(int(status), int(code))

    def _route(self, request: Request, inside: tuple[str, ...]) -> Answer:
        if inside[0] == "employees":
            return employees.answer(self, request, inside[1:])
        if request.method != "GET" or len(inside) > 1 or inside[0] not in self.masters:
            return errors.error(404, errors.NO_ROUTE)
        rows = self.masters[inside[0]]
        if inside[0] == "company":
            return Answer(status=200, body=dump(rows[0]))
        if inside[0] == "employee-groups" and not self.switches.groups_used:
            rows = []
        wanted = request.query.get("additionalFields", "").split(",")
        left_out = set(masters.ADDITIONAL.get(inside[0], ())) - set(wanted)
        shown = [dict(row) for row in rows]
        for row in shown:
            for name in left_out:
                row.pop(name, None)
        return Answer(status=200, body=dump(shown))

    def _tokens(self, request: Request, rest: tuple[str, ...]) -> Answer:
        """Answer the calls about tokens, which are open at all hours."""
        good = rest[:1] == (self.token,) and not self.revoked
        match request.method, rest[1:]:
            case "GET", ("available",):
                if not good and self.switches.invalid_available == "error":
                    return self._refused()
                return Answer(status=200, body=dump({"available": good}))
            case _ if not self.authorized(request) or not good:
                return self._refused()
            case "POST", ():
                new = self.new_id("token")[:32]
                commit = Commit(kind="other", apply=lambda: setattr(self, "token", new))
                return Answer(status=201, body=dump({"token": new}), commit=commit)
            case "DELETE", ():
                return Answer(status=204, commit=Commit(kind="other", apply=self.revoke))
            case _:
                return errors.error(404, errors.NO_ROUTE)

    # -- answers -----------------------------------------------------------------------------

    def finish(self, answer: Answer) -> None:
        """Add the content type."""
        answer.headers = with_json(answer, _JSON).headers

    def failure(self, status: int, code: int | None = None) -> Answer:
        """Return Touch On Time's body for *status*; a gateway's page where it has none."""
        answer = errors.usual(status, code)
        if answer is None:
            return Answer(status=status, body=PAGE.encode(), headers={"content-type": HTML})
        answer.headers = {"content-type": _JSON}
        return answer

    def maintenance(self) -> Answer:
        """Return 500 with code 300."""
        return self.failure(500, errors.UNAVAILABLE)

    def show(self, record: Mapping[str, Any]) -> Fields:
        """Return everything about an employee that is not null, as of today."""
        return self.shower(self.clock.today(), checks.OPTIONAL)(record)

    def shower(
        self, at: dt.date, additional: tuple[str, ...], *, groups: bool = True
    ) -> Callable[[Mapping[str, Any]], Fields]:
        """Return a function that shows employees as of *at* with these *additional* fields."""
        switches = self.switches
        divisions = {row["code"]: row["name"] for row in self.masters["divisions"]}
        types = {row["code"]: row["name"] for row in self.masters["working-types"]}
        names = _BASE + additional
        transfers = self.transfers

        def show(record: Mapping[str, Any]) -> Fields:
            key = record["key"]
            dated = transfers.as_of(key, record, at) if key in transfers else record
            division, kind = dated["divisionCode"], dated["typeCode"]
            shown: Fields = {
                "divisionCode": division,
                "divisionName": divisions.get(division),
                "typeCode": kind,
                "typeName": types.get(kind),
            }
            shown.update((name, record.get(name)) for name in names)
            if groups:
                shown["employeeGroups"] = record.get("employeeGroups") or []
            if shown["gender"] is None and switches.gender_unset == checks.NO_GENDER:
                shown["gender"] = checks.NO_GENDER
            if switches.email_blanks and shown.get("emailAddresses"):
                shown["emailAddresses"] = ["", *filter(None, shown["emailAddresses"]), ""]
            # Touch On Time leaves out what is null
            return {name: value for name, value in shown.items() if value is not None}

        return show

    def ordered(self) -> list[Mapping[str, Any]]:
        """Return everybody in the order of the admin screen, remembered until somebody changes."""
        hidden = self.hidden()
        if self._order[0] != self.people.version:
            rows: list[Mapping[str, Any]] = sorted(self.people.values(), key=_screen_order)
            self._order = (self.people.version, rows)
        if hidden:
            return [row for row in self._order[1] if row["key"] not in hidden]
        return self._order[1]

    # -- records -----------------------------------------------------------------------------

    def new_record(self, identifier: str, fields: Fields) -> Fields:
        """Return *fields* as a new employee."""
        minutes = self.switches.default_minutes
        made = {
            "key": identifier,
            "divisionCode": self.masters["divisions"][0]["code"],
            "typeCode": self.masters["working-types"][0]["code"],
        }
        if minutes is not None:
            made["allDayRegardingWorkInMinute"] = minutes
        return {**made, **fields}


def _screen_order(record: Mapping[str, Any]) -> tuple[bool, str, str, str]:
    return (
        bool(record.get("resignationDate")),
        record["divisionCode"],
        record["typeCode"],
        record.get("code") or "",
    )
