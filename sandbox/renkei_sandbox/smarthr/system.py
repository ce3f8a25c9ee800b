"""SmartHR's API: who may call, which call is meant, and what it answers."""

from __future__ import annotations

import datetime as dt
import random
import re
import uuid
from collections.abc import Mapping
from typing import Any, ClassVar, Final

from renkei_sandbox.clock import Clock
from renkei_sandbox.faults import HTML, PAGE
from renkei_sandbox.limits import FixedWindow
from renkei_sandbox.messages import Answer, Fields, RefusalError, Request, dump
from renkei_sandbox.names import COMPANY
from renkei_sandbox.smarthr import crews, masters, shape
from renkei_sandbox.smarthr.checks import is_id
from renkei_sandbox.smarthr.lists import Page, QueryError, ordered
from renkei_sandbox.smarthr.switches import SmartHRSwitches
from renkei_sandbox.system import System, with_json

_JSON: Final = "application/json;charset=utf-8"
_TYPES: Final = {
    1: (400, "bad_request", "不正なリクエストパラメータです。"),
    2: (401, "unauthorized_token", "無効なアクセストークンです"),
    3: (403, "forbidden", "アクセス権限がありません"),
    4: (404, "not_found", "指定されたリソースは見つかりませんでした"),
    5: (500, "internal_server_error", "サーバー内部でエラーが発生しました"),
    6: (429, "too_many_requests", "リクエスト制限の上限を超えました"),
    7: (403, "plan_limit_exceeded", "ご利用中のプランの登録可能人数を超えています"),
    8: (400, "non_deletable_resource", "削除できないリソースです"),
    9: (503, "service_maintenance", "メンテナンス中です"),
    15: (403, "ip_not_permitted", "許可されていないIPアドレスからのアクセスです"),
}
_CODES: Final = {400: 1, 401: 2, 403: 3, 404: 4, 429: 6, 500: 5, 503: 9}
_TIMESTAMP: Final = re.compile(rb'"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3})\+09:00"')


class SmartHR(System):
    """The HR system."""

    name: ClassVar[str] = "smarthr"
    prefix: ClassVar[str] = "/smarthr/api"
    id_field: ClassVar[str] = "id"
    number_field: ClassVar[str] = "emp_code"
    collection: ClassVar[str] = "crews"

    def __init__(self, clock: Clock, seed: int, tenant: str = "", called: str = COMPANY) -> None:
        """Start with tables and without people; the company is *called* so."""
        super().__init__(clock, seed, tenant)
        self.switches: SmartHRSwitches = SmartHRSwitches()
        self.masters = masters.build(self.new_id, called)
        self.chance = random.Random(seed)
        self.cache: dict[object, tuple[int, list[Any]]] = {}
        self._second, self._minute, self._hour = FixedWindow(1), FixedWindow(60), FixedWindow(3600)

    # -- the order of checks -----------------------------------------------------------------

    def answer(self, request: Request) -> Answer:
        """Check the caller, then do what is asked."""
        switches = self.switches
        if switches.maintenance:
            return self.maintenance()
        if not self.authorized(request):
            return self.refusal(2)
        if switches.ip_not_permitted:
            return self.refusal(15)
        if switches.rate_limit and not self._within_limits():
            return self.refusal(6)
        return self._route(request)

    def authorized(self, request: Request) -> bool:
        """Return whether the token came as a bearer, or as the user of basic authentication."""
        return request.token == self.token and not self.revoked

    def _within_limits(self) -> bool:
        switches = self.switches
        # each counts, even if one before it has refused
        within = [
            self._second.take(switches.second_limit),
            self._minute.take(switches.minute_limit),
            self._hour.take(switches.hourly_limit),
        ]
        if not all(within) and not switches.count_refused:
            for window in (self._second, self._minute, self._hour):
                window.give_back()
        return all(within)

    def finish(self, answer: Answer) -> None:
        """Add the limits' headers, which are on every answer, and the content type."""
        answer.headers = {**with_json(answer, _JSON).headers, **self._limit_headers()}
        if answer.status == 429 and self.switches.retry_after:
            answer.headers["retry-after"] = str(max(1, self._second.reset_s()))
        if self.switches.timestamps == "Z" and answer.body:
            answer.body = _TIMESTAMP.sub(_in_utc, answer.content())

    def _limit_headers(self) -> dict[str, str]:
        switches = self.switches
        second = (self._second, switches.second_limit)
        minute = (self._minute, switches.minute_limit)
        families = {
            "x-rate-limit-{}": (self._hour, switches.hourly_limit),
            "x-intensive-rate-limit-{}": second if switches.intensive == "second" else minute,
        }
        if switches.second_headers:
            families["x-rate-limit-{}-second"] = second
        told: dict[str, str] = {}
        for family, (window, limit) in families.items():
            told[family.format("limit")] = str(limit)
            told[family.format("remaining")] = str(window.remaining(limit))
            told[family.format("reset")] = str(window.reset_s())
        return told

    # -- answers -----------------------------------------------------------------------------

    def refusal(self, code: int, errors: list[Fields] | None = None) -> Answer:
        """Return the error envelope for *code*."""
        status, kind, message = _TYPES[code]
        body = {"code": code, "type": kind, "message": message, "errors": errors}
        return Answer(status=status, body=dump(body))

    def failure(self, status: int, code: int | None = None) -> Answer:
        """Return SmartHR's envelope for *status*; a gateway's page where it has none."""
        known = _CODES.get(status) if code is None else code
        if known not in _TYPES:
            return Answer(status=status, body=PAGE.encode(), headers={"content-type": HTML})
        answer = self.refusal(known)
        answer.status = status
        answer.headers = {"content-type": _JSON, **self._limit_headers()}
        return answer

    def maintenance(self) -> Answer:
        """Return 503 with code 9."""
        return self.failure(503)

    def show(self, record: Mapping[str, Any]) -> Fields:
        """Return the full shape of a person, as far as the token may read it."""
        shown = shape.crew(record, self.masters)
        switches = self.switches
        # the status is stored beside the date; whether the one ever follows the other is not known
        left = shown["resigned_at"]
        if switches.status_follows_date and left and left < self.clock.today().isoformat():
            shown["emp_status"] = "retired"
        for name in switches.hidden:
            if switches.hidden_as == "omitted":
                shown.pop(name, None)
            elif name in shown:
                shown[name] = None
        return shown

    # -- routes ------------------------------------------------------------------------------

    def _route(self, request: Request) -> Answer:
        inside = request.segments[2:]
        if inside[:1] != ("v1",) or len(inside) < 2:
            return self.refusal(4)
        resource = inside[1]
        if resource != "crews" and resource not in self.masters:
            return self.refusal(4)
        rights = self.switches.no_read if request.method == "GET" else self.switches.no_write
        if resource in rights:
            return self.refusal(3)
        try:
            if resource == "crews":
                return crews.answer(self, request, inside[2:])
            return self._master(request, resource, inside[2:])
        except QueryError as error:
            wrong = {"message": f"{error}は不正な値です。", "resource": None, "field": str(error)}
            raise RefusalError(self.refusal(1, [wrong])) from None

    def _master(self, request: Request, resource: str, rest: tuple[str, ...]) -> Answer:
        """Answer a list, or one row where that resource has such a call."""
        if request.method != "GET" or len(rest) > 1:
            return self.refusal(4)
        rows = self._shown_masters(resource)
        if rest:
            if resource in masters.READABLE_BY_ID:
                for row in rows:
                    if row["id"] == rest[0]:
                        return Answer(status=200, body=dump(row))
            return self.missing(rest[0])
        if resource == "departments" and request.query.get("code"):
            rows = [row for row in rows if row["code"] == request.query["code"]]
        if resource in masters.SORTABLE and request.query.get("sort"):
            strict = self.switches.unknown_sort == "refuse"
            rows = ordered(rows, request.query["sort"], strict=strict)
        page = Page.of(request.query, self.switches)
        headers = page.headers(len(rows), request, self.origin)
        return Answer(status=200, body=dump(page.cut(rows)), headers=headers)

    def _shown_masters(self, resource: str) -> list[Fields]:
        rows = self.masters[resource]
        if resource != "departments":
            return rows
        shown: list[Fields] = []
        for row in rows:
            if row["discontinued"] and not self.switches.discontinued_listed:
                continue
            whole = shape.department(rows, row["id"])
            if whole is not None:
                shown.append(whole)
        return shown

    def missing(self, identifier: str) -> Answer:
        """Return the answer to an id that leads nowhere."""
        if self.switches.malformed_id == 400 and not is_id(identifier):
            return self.refusal(1)
        return self.refusal(4)

    # -- records -----------------------------------------------------------------------------

    def new_id(self, what: str) -> str:
        """Return a UUID: the same ones for the same seed and history."""
        return str(uuid.UUID(hex=super().new_id(what)[:32], version=4))

    def timestamp(self) -> str:
        """Return the present instant as it is stored."""
        return self.clock.now().isoformat(timespec="milliseconds")

    def stamp(self) -> Fields:
        """Return the instant of the change."""
        return {"updated_at": self.timestamp()}

    def new_record(self, identifier: str, fields: Fields) -> Fields:
        """Return *fields* as a new person."""
        now = self.timestamp()
        made = {"id": identifier, "emp_code": None, "emp_status": "employed"}
        return {**made, "created_at": now, "updated_at": now, **fields}


def _in_utc(match: re.Match[bytes]) -> bytes:
    moment = dt.datetime.fromisoformat(f"{match[1].decode()}+09:00").astimezone(dt.UTC)
    return f'"{moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")}"'.encode()
