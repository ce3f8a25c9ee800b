"""A small good connector, and the small system that it speaks to; the kit is tried on both."""

from __future__ import annotations

import copy
import datetime as dt
import json
import re
import threading
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from renkei.connector import (
    JSON,
    Account,
    AnswerError,
    Choice,
    ClosedHours,
    Connection,
    Employee,
    Failure,
    FieldSpec,
    InDoubtError,
    Label,
    ListChangedError,
    NewField,
    Parallel,
    RecordError,
    Ref,
    RequestLimit,
    Value,
    Values,
    hookimpl,
    read_value,
)

PAGE = 5
SITES = ("S1", "S2")
EMPTY = dict.fromkeys(["joined", "left", "mail", "grade"])


def spec(name: str, ja: str, **more: Any) -> FieldSpec:
    return FieldSpec(name=name, label=Label(ja, name), **more)


class Fake:
    """The system: *people* by id, each with a note that no connector knows."""

    def __init__(self) -> None:
        self.people: dict[str, dict[str, Any]] = {}
        self.tokens: list[str] = []
        self.hidden: set[str] = set()
        self.lock = threading.Lock()
        fake = self

        class Handler(_Handler):
            system = fake

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join()

    def snapshot(self) -> dict[str, Any]:
        with self.lock:
            return copy.deepcopy(self.people)

    def numbered(self, number: str) -> dict[str, Any]:
        return next(row for row in self.people.values() if row["no"] == number)


class _Handler(BaseHTTPRequestHandler):
    system: Fake
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        path, query = self._asked()
        with self.system.lock:
            people = self.system.people
            if path == "/sites":
                self._answer(200, [{"code": code, "name": f"Site {code}"} for code in SITES])
            elif path == "/staff":
                self._list(sorted(people.values(), key=lambda row: str(row["id"])), query)
            elif (identity := path.rpartition("/")[2]) in people:
                self._answer(200, self._shown(people[identity]))
            else:
                self._answer(404, {"error": "nobody"})

    def _list(self, rows: list[dict[str, Any]], query: dict[str, str]) -> None:
        if "no" in query:
            rows = [row for row in rows if row["no"] == query["no"]]
        if "like" in query:
            rows = [row for row in rows if row["no"].startswith(query["like"])][:1]
        start = int(query.get("offset", "0"))
        after = start + PAGE if start + PAGE < len(rows) else None
        shown = [self._shown(row) for row in rows[start : start + PAGE]]
        page = {"people": shown, "next": after, "total": len(rows)}
        self._answer(200, page)

    def _shown(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if name not in self.system.hidden}

    def do_POST(self) -> None:
        body = self._body()
        with self.system.lock:
            lacking = [name for name in ("no", "family", "given", "site") if not body.get(name)]
            if lacking:
                self._answer(422, {"error": "lacking", "fields": lacking})
                return
            identity = f"p{len(self.system.people) + 1:04}"
            kept = {"id": identity, **EMPTY, "note": "kept by the system", **body}
            self.system.people[identity] = kept
            self._answer(201, kept)

    def do_PATCH(self) -> None:
        self._change(whole=False)

    def do_PUT(self) -> None:
        self._change(whole=True)

    def _change(self, *, whole: bool) -> None:
        body = self._body()
        identity = self._asked()[0].rpartition("/")[2]
        with self.system.lock:
            held = self.system.people.get(identity)
            if held is None:
                self._answer(404, {"error": "nobody"})
            elif wrong := [name for name in ("family", "given") if body.get(name, "x") is None]:
                self._answer(422, {"error": "lacking", "fields": wrong})
            else:
                base = {"id": identity, "no": held["no"], "site": held["site"], **EMPTY}
                kept = {**(base if whole else held), **body}
                self.system.people[identity] = kept
                self._answer(200, kept)

    def _asked(self) -> tuple[str, dict[str, str]]:
        self.system.tokens.append(self.headers.get("Authorization", ""))
        parts = urlsplit(self.path)
        return parts.path, {name: given[0] for name, given in parse_qs(parts.query).items()}

    def _body(self) -> dict[str, Any]:
        self.system.tokens.append(self.headers.get("Authorization", ""))
        raw: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        return raw

    def _answer(self, status: int, document: object) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - as http.server has it
        """Stay quiet."""


class Staff:
    """The good connector; each wrong one changes one of its methods."""

    FIELDS: tuple[FieldSpec, ...] = (
        spec("no", "社員番号", role="number", required=True, write="create", clearable=False),
        spec("family", "姓", role="family_name", required=True, clearable=False),
        spec("given", "名", role="given_name", required=True, clearable=False),
        spec("joined", "入社日", type="date", role="hired"),
        spec("left", "退職日", type="date", role="left"),
        spec("mail", "メール", max_length=60),
        spec("grade", "等級", allowed=("junior", "senior")),
        spec("site", "拠点", required=True, write="create", clearable=False, offered=True),
    )

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        headers = {"Authorization": f"Bearer {connection.token.reveal()}"}
        self.session = connection.session(headers=headers, classify=self.classify)

    def classify(self, failure: Failure) -> Any:
        if failure.write and failure.status == 422 and isinstance(failure.body, dict):
            fields = failure.body.get("fields")
            named = tuple(map(str, fields)) if isinstance(fields, list) else ()
            return RecordError("Staff refused this employee. Correct the data.", fields=named)
        return None

    @hookimpl
    def fields(self) -> Sequence[FieldSpec]:
        return self.FIELDS

    @hookimpl
    def request_limits(self) -> Sequence[RequestLimit]:
        return (RequestLimit(1000, 1),)

    @hookimpl
    def closed_hours(self) -> Sequence[ClosedHours]:
        return (ClosedHours(dt.time(3), dt.time(4)),)

    @hookimpl
    def in_parallel(self) -> Sequence[Parallel]:
        return ("writes",)

    @hookimpl
    def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:
        for row in self.rows({}):
            yield self.employee(row, fields)

    @hookimpl
    def read_employees(self, refs: Sequence[Ref], fields: Sequence[str]) -> Iterator[Employee]:
        for ref in refs:
            for row in self.by_number(ref.number) if ref.number else self.by_id(ref.id or ""):
                yield self.employee(row, fields)

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        answer = self.session.send("POST", "staff", body=to_json(values), idempotent=False).body
        if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
            raise InDoubtError(AnswerError("Staff named nobody. Look them up."))
        return str(answer["id"])

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        body = to_json(changes)
        answer = self.session.send("PATCH", "staff", current.id, body=body, idempotent=True).body
        return self.employee(answer, [each.name for each in self.FIELDS])

    @hookimpl
    def new_employee_fields(self) -> Sequence[NewField]:
        rows: Any = self.session.get("sites").body
        choices = tuple(Choice(row["code"], row["name"]) for row in rows)
        return (NewField("site", Label("拠点", "site"), choices),)

    @hookimpl
    def check(self) -> Account:
        self.session.get("sites")
        return Account("Staff")

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        count, offset = 0, 0
        while True:
            body = self.session.get("staff", query={**query, "offset": str(offset)}).body
            if not isinstance(body, dict) or not isinstance(body.get("people"), list):
                raise AnswerError("Staff: a page has no people. Check base_url.")
            people: Any = body["people"]
            yield from people
            count += len(people)
            if not isinstance(body.get("next"), int):
                break
            offset = int(str(body["next"]))
        if count != body.get("total"):
            raise ListChangedError("Staff: the list changed. Fetch again.")

    def by_number(self, number: str) -> Iterator[JSON]:
        yield from self.rows({"no": number})

    def by_id(self, identity: str) -> Iterator[JSON]:
        try:
            yield self.session.get("staff", identity).body
        except AnswerError as error:
            if error.code != "not_found":
                raise

    def employee(self, row: Any, fields: Sequence[str]) -> Employee:
        values = {
            each.name: read_value(each, row[each.name])
            for each in self.FIELDS
            if each.name in fields and each.name in row
        }
        return Employee(id=row["id"], values=values)


def to_json(values: Values) -> dict[str, JSON]:
    return {n: v.isoformat() if isinstance(v, dt.date) else v for n, v in values.items()}


def sample(i: int) -> dict[str, Value]:
    """Return person *i*, invented."""
    return {
        "no": f"K{i:04}",
        "family": "佐倉" if i % 2 else "髙﨑",
        "given": f"みなと{chr(0x4E00 + i)}",
        "joined": dt.date(2020, 4, 1) + dt.timedelta(i),
        "left": None if i % 3 else dt.date(2026, 3, 31),
        "mail": f"sakura{i}@example.jp",
        "grade": "junior" if i % 2 else "senior",
        "site": SITES[i % 2],
    }


def other(name: str, i: int) -> Value:
    """Return another value of a field of person *i*."""
    held = sample(i)[name]
    if name == "left":
        return dt.date(2026, 9, 30)
    if isinstance(held, dt.date):
        return held + dt.timedelta(30)
    if name == "grade":
        return "senior" if held == "junior" else "junior"
    return re.sub(r"^", "新", str(held)) if name != "mail" else f"neu{i}@example.jp"
