"""
Both systems as fast as Python can be them: answers that are kept as bytes, and a set time for each.

It knows what renkei and the peers ask and nothing else; how the systems really behave is the
sandbox's business. ``python -m bench.server`` prints its port.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from urllib.parse import parse_qsl, unquote

from attrs import define, field

from bench.people import Company, Row, company

PER_PAGE = 100
Answer: TypeAlias = "tuple[int, bytes, str]"
"""Status, body and further headers."""


def dump(value: object) -> bytes:
    """Return *value* as JSON."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@define
class Window:
    """At most *count* requests in a second of the clock (``fixed``), or in any (``sliding``)."""

    kind: str
    count: int
    _taken: deque[float] = field(factory=deque)

    def takes(self, now: float) -> bool:
        """Count a request; tell whether it is within the limit."""
        begun = int(now) if self.kind == "fixed" else now - 1
        while self._taken and self._taken[0] < begun:
            self._taken.popleft()
        if len(self._taken) >= self.count:
            return False
        self._taken.append(now)
        return True


@define
class Systems:
    """What both systems hold and have been asked since the last reset."""

    company: Company
    latency_s: float = 0.0
    window: Window | None = None
    counts: dict[str, int] = field(factory=dict)
    _kept: dict[str, bytes] = field(factory=dict)
    _crews: list[Row] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self._crews = list(self.company.crews.values())
        self.counts = dict.fromkeys(("requests", "refusals", "writes"), 0)

    def answer(self, method: str, target: str, body: bytes, now: float) -> Answer:
        """Return the answer to one request."""
        path, _, query = target.partition("?")
        self.counts["requests"] += 1
        if self.window is not None and path.startswith("/v1/") and not self.window.takes(now):
            self.counts["refusals"] += 1
            return 429, b'{"code":6,"type":"too_many_requests"}', ""
        if method != "GET":
            self.counts["writes"] += 1
            return self._write(path, json.loads(body))
        return self._read(path, target, dict(parse_qsl(query)))

    def _read(self, path: str, target: str, query: Mapping[str, str]) -> Answer:
        if path in _TABLES:
            return 200, dump(_TABLES[path]), "x-total-count: 1\r\n"
        match path.strip("/").split("/"):
            case ["v1", "crews"] if "emp_status" in query:
                return 200, b"[]", "x-total-count: 0\r\n"  # asked for the retired: nobody is
            case ["v1", "crews"] if "page" in query and not {"id", "emp_code"} & query.keys():
                return 200, self._keep(target, lambda: self._page(query)), self._total()
            case ["v1", "crews"]:
                ids = [row["id"] for row in self._crews if row["emp_code"] == query.get("emp_code")]
                wanted = query["id"].split(",") if "id" in query else ids
                rows = [self.company.crews[each] for each in wanted if each in self.company.crews]
                return 200, dump(rows), f"x-total-count: {len(rows)}\r\n"
            case ["employees"]:
                everybody = self.company.employees
                return 200, self._keep("employees", lambda: dump(list(everybody.values()))), ""
            case ["employees", number]:
                rows = [r for r in self.company.employees.values() if r["code"] == unquote(number)]
                return (200, dump(rows[0]), "") if rows else (400, b'{"code":105}', "")
        return 404, b"{}", ""

    def _write(self, path: str, body: Row) -> Answer:
        match path.strip("/").split("/"):
            case ["employees"]:
                key = f"{len(self.company.employees) + 10**9:064x}"
                self.company.employees[key] = made = {**_BLANK, **body, "key": key}
            case ["employees", key]:
                made = self.company.employees[key]
                made.update(body)
            case ["v1", "crews"]:
                key = f"new{len(self.company.crews)}"
                self.company.crews[key] = made = {**body, "id": key}
                self._crews.append(made)
            case ["v1", "crews", key]:
                made = self.company.crews[key]
                made.update(body)
            case _:
                return 404, b"{}", ""
        self._kept.clear()
        return 200, dump(made), ""

    def _page(self, query: Mapping[str, str]) -> bytes:
        asked = query["fields"].split(",") if "fields" in query else None
        first = (int(query.get("page", "1")) - 1) * PER_PAGE
        rows = self._crews[first : first + PER_PAGE]
        if asked is None:
            return dump(rows)
        return dump([{name: row[name] for name in asked if name in row} for row in rows])

    def _total(self) -> str:
        return f"x-total-count: {len(self._crews)}\r\n"

    def _keep(self, name: str, make: Callable[[], bytes]) -> bytes:
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]


_TABLES: Mapping[str, Any] = {
    "/v1/companies": [{"id": "c1", "name": "株式会社みほん"}],
    "/v1/biz_establishments": [{"id": "b1", "name": "本社"}],
    "/divisions": [{"code": "1000", "name": "本社"}],
    "/working-types": [{"code": "1", "name": "正社員"}],
    "/company": {"code": "c1", "name": "株式会社みほん"},
}
_BLANK = {
    "resignationDate": "",
    "emailAddresses": [],
    "divisionName": "本社",
    "typeName": "正社員",
}


class Line(asyncio.Protocol):
    """One connection: requests in, answers out in their order, each after the set time."""

    def __init__(self, house: dict[str, Systems]) -> None:
        self._house = house
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        self._transport: Any = transport

    def data_received(self, data: bytes) -> None:
        """Take what has come; whole requests are answered."""
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].decode("latin-1")
            length = _length(head)
            if len(self._buffer) < end + 4 + length:
                return
            body = self._buffer[end + 4 : end + 4 + length]
            self._buffer = self._buffer[end + 4 + length :]
            method, target, _ = head.split("\r\n", 1)[0].split(" ")
            self._take(method, target, body)

    def _take(self, method: str, target: str, body: bytes) -> None:
        loop = asyncio.get_running_loop()
        if target.startswith("/_bench/"):
            self._send(200, dump(_control(self._house, target)), "")
            return
        systems = self._house["systems"]
        status, answer, headers = systems.answer(method, target, body, loop.time())
        loop.call_later(systems.latency_s, self._send, status, answer, headers)

    def _send(self, status: int, body: bytes, headers: str) -> None:
        head = (
            f"HTTP/1.1 {status} Told\r\ncontent-type: application/json\r\n"
            f"content-length: {len(body)}\r\n{headers}\r\n"
        )
        self._transport.writelines((head.encode(), body))


def _length(head: str) -> int:
    lower = head.lower()
    at = lower.find("\r\ncontent-length:")
    return 0 if at < 0 else int(lower[at + 17 :].split("\r\n", 1)[0])


def _control(house: dict[str, Systems], target: str) -> Mapping[str, object]:
    """``/_bench/reset?people=…&latency=…&kind=…&count=…`` begins anew; ``/_bench/counts`` tells."""
    path, _, query = target.partition("?")
    if path == "/_bench/reset":
        asked = dict(parse_qsl(query))
        kind = asked.get("kind", "none")
        window = None if kind == "none" else Window(kind, int(asked["count"]))
        made = company(int(asked["people"]))
        house["systems"] = Systems(made, float(asked.get("latency", "0")), window)
    return house["systems"].counts


async def main() -> None:
    """Serve until killed."""
    house = {"systems": Systems(Company())}
    server = await asyncio.get_running_loop().create_server(lambda: Line(house), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
