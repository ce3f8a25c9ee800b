"""True answers of either vendor, made wrong in one way or two; the same seed, the same bytes."""

from __future__ import annotations

import gzip
import hashlib
import json
import zlib
from collections.abc import Callable, Mapping
from random import Random
from typing import Any

from attrs import define, evolve, frozen

from renkei_sandbox.messages import Answer, Delivery

JSON_TYPE = "application/json; charset=utf-8"
TIMES = (
    *("0", "1", "42", "3600", "-5", "1.5", "soon", "", " ", "NaN", "nan", "inf", "-Infinity"),
    *("10000000000000000000000", "9" * 400, "1e3", "1e400", "0x10", "１２", "1,5", "5 seconds"),
    *("1795143600", "1795143600000", "2026-11-20T12:05:00+09:00", "Fri, 20 Nov 2026 03:05:00 GMT"),
    *("Thu, 01 Jan 1970 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT", "Fri, 20 Nov 2026"),
    *("Fri, 99 Foo 2026 25:61:61 XYZ", "2026年11月20日"),
)
"""What an announced wait may look like: seconds, dates, instants, and nothing of the kind."""

FAMILIES = ("x-rate-limit", "x-intensive-rate-limit", "x-daily-rate-limit", "x-ratelimit")
TOTALS = ("0", "1", "3", "11", "13", "999999999", "-1", "12.0", "", "many", "1e1", "９", "9" * 30)
LINKS = (
    '<https://evil.example.invalid/?page=2>; rel="next"',
    '<http://127.0.0.1:1/>; rel=next, <http://127.0.0.1:1/>; rel="last"',
    '<>; rel="next"',
    "rel=next",
    '</v1/crews?page=1>; rel="prev"',
    "",
    "<" * 500,
)
LOCATIONS = (
    "https://evil.example.invalid/login",
    "/",
    "",
    "//evil.example.invalid",
    "http://127.0.0.1:1/x",
    "javascript:alert(1)",
    "http://[::1",
    "?" * 300,
)
TYPES = (
    *("text/html", "text/html; charset=Shift_JIS", "text/plain", "application/octet-stream", ""),
    *("application/json; charset=utf-16", "application/json; charset=bogus", "image/png", ";;;"),
    *("application/problem+json", "application/json, text/html", "multipart/form-data"),
)
PACKINGS = ("br", "deflate", "zstd", "gzip, gzip", "gzip", "x-gzip", "identity", "", "none", "GZIP")
STATUSES = (
    *(201, 202, 203, 204, 205, 206, 207, 226, 299, 300, 301, 302, 303, 304, 305, 307, 308, 399),
    *(400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412, 413, 414, 415, 416, 418),
    *(421, 422, 423, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 505, 507, 508),
    *(511, 520, 521, 522, 523, 524, 525, 526, 527, 530, 599, 600, 700, 999),
)
TROUBLES = (500, 502, 503, 504, 520, 599)
"""Statuses that do not tell whether a write was carried out."""

PAGES = (
    "<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>",
    "<html><body><form action='/login'><input type='password'></form></body></html>",
    "<HTML><HEAD><META HTTP-EQUIV='refresh' CONTENT='0;url=http://portal.example.com'></HEAD>",
    '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>',
    "<!-- blocked --><script>location='https://waf.example.com/'</script>",
    "\n\n  <html lang='ja'><title>ただいまメンテナンス中です</title></html>",
    "<svg xmlns='http://www.w3.org/2000/svg'/>",
    "Request blocked. Support ID: 1234567890",
    "upstream connect error or disconnect/reset before headers",
    "error code: 1020",
    "ログインしてください",
    "[]<html></html>",
)
VALUES = (
    *("null", "true", "false", "0", "-1", "7", "1.0", "1.5", "-0", "1e3", "1e400", "-1e400"),
    *("NaN", "Infinity", "-Infinity", "9" * 19, "9" * 21, "9" * 5000, "0x10", "007", "1_000", "+1"),
    *('""', '" "', '"\u3000"', '"\\u0000"', '"\\ud800"', '"\\udfff\\ud800"', '"\\u202e"', '"0"'),
    *('"null"', '"2026/4/1"', '"20260401"', '"2026-02-30"', '"0000-00-00"', '"9999-12-31"'),
    *('"2026-W14-3"', '"令和8年4月1日"', '"2026-04-01T00:00:00+09:00"', '"unknown"', '"MALE"'),
    *('"retired "', '"𠮷"', '"葛\U000e0100"', '"か\u3099"', '"ﾊﾝｶｸ"', '"a@example.com"'),
    *("[]", "{}", "[[]]", "[null]", '["a"]', '{"id":"1"}', "'a'", "undefined", "", "[1,]", '{"a"}'),
    *('"' + "x" * 3000 + '"', "[" * 70 + "]" * 70, "[" * 3000, '"\x01"', '"\\x"', '"\\u12"'),
)
"""JSON, or nearly, as it stands where a value is due."""


@frozen
class Mutant:
    """A wrong answer and what was done to it."""

    changes: tuple[str, ...]
    status: int
    wire: bytes
    """The answer as it goes over the line, head and body."""
    body: bytes
    """The body as its sender meant it."""
    said: Mapping[str, str]
    """The headers that have a meaning to the reader."""

    @property
    def digest(self) -> bytes:
        """What tells one wrong answer from another."""
        return hashlib.sha256(self.wire).digest()

    def __str__(self) -> str:
        """Everything that is needed to make a fixture of it."""
        return f"{' + '.join(self.changes)}: {self.wire[:4000]!r} ({len(self.wire)} bytes)"

    def answer(self, true: Answer) -> Answer:
        """Return the answer to send in place of the *true* one."""
        return evolve(true, status=self.status, delivery=Delivery(raw=self.wire))


@define
class Draft:
    """An answer while it is made wrong; *head* are lines that are added as they are."""

    rng: Random
    status: int
    body: bytes
    headers: dict[str, str]
    line: str | None = None
    framing: str = "length"
    head: bytes = b""
    tail: bytes = b""

    def data(self) -> Any:
        """Return the body as JSON, or an empty list where it is none any more."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return []

    def put(self, data: object) -> None:
        """Let *data* be the body."""
        self.body = json.dumps(data, ensure_ascii=self.rng.random() < 0.3).encode(
            "utf-8", "surrogatepass"
        )

    def place(self) -> int:
        """Return a place in the body."""
        return self.rng.randrange(len(self.body) + 1)

    def wire(self) -> bytes:
        """Return the bytes on the line."""
        headers, body = dict(self.headers), self.body + self.tail
        if self.framing == "length":
            headers["content-length"] = str(len(body))
        elif self.framing == "chunked":
            headers["transfer-encoding"] = "chunked"
            half = len(body) // 2
            pieces = [piece for piece in (body[:half], body[half:]) if piece]
            body = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
            body += b"0\r\n\r\n"
        elif self.framing != "close":
            headers["content-length"] = self.framing
        first = (self.line or "HTTP/1.1 {code} X").format(code=self.status)
        lines = [first, *(f"{name}: {value}" for name, value in headers.items())]
        return "\r\n".join(lines).encode() + b"\r\n" + self.head + b"\r\n" + body


Mutation = Callable[[Draft], None]


# --- bytes --------------------------------------------------------------------------------------


def flip(draft: Draft) -> None:
    body = bytearray(draft.body or b" ")
    for _ in range(draft.rng.choice((1, 1, 2, 5))):
        body[draft.rng.randrange(len(body))] ^= 1 << draft.rng.randrange(8)
    draft.body = bytes(body)


def cut(draft: Draft) -> None:
    draft.body = draft.body[: draft.place()]


def drop(draft: Draft) -> None:
    start = draft.place()
    draft.body = draft.body[:start] + draft.body[start + draft.rng.randint(1, 40) :]


def insert(draft: Draft) -> None:
    at = draft.place()
    junk = draft.rng.choice(
        (draft.rng.randbytes(draft.rng.randint(1, 6)), b"\x00", b'"', b",", b"]", b"}", b"\\", b"<")
    )
    draft.body = draft.body[:at] + junk + draft.body[at:]


def swap(draft: Draft) -> None:
    a, b, c = sorted(draft.place() for _ in range(3))
    draft.body = draft.body[:a] + draft.body[b:c] + draft.body[a:b] + draft.body[c:]


def repeat(draft: Draft) -> None:
    a, b = sorted(draft.place() for _ in range(2))
    draft.body = draft.body[:b] + draft.body[a:b] + draft.body[b:]


def encoding(draft: Draft) -> None:
    text = draft.body.decode("utf-8", "replace")
    marked = draft.rng.choice(("\ufeff", "\ufeff\ufeff", "")) + text
    name = draft.rng.choice(("utf-8", "utf-16", "utf-16-le", "cp932", "euc_jp", "latin-1", "utf-7"))
    draft.body = marked.encode(name, "replace")


def blank(draft: Draft) -> None:
    choices = (b"", b" ", b"\n\n", b"null", b"{}", b"[]", b'""', b"0", b"[{}]", b"[null]", b"\x00")
    draft.body = draft.rng.choice(choices)
    draft.headers["x-request-id"] = draft.rng.randbytes(4).hex()


def page(draft: Draft) -> None:
    draft.body = draft.rng.choice(PAGES).encode()
    draft.headers["x-request-id"] = draft.rng.randbytes(4).hex()
    draft.headers["content-type"] = draft.rng.choice(("text/html; charset=utf-8", JSON_TYPE))


# --- JSON ---------------------------------------------------------------------------------------


def _slots(data: Any) -> list[tuple[Any, Any]]:
    """Return every place in *data* that holds something, as (container, key)."""
    found, containers = [], [data]
    for container in containers:
        keys = list(container) if isinstance(container, dict) else range(len(container))
        for key in keys:
            found.append((container, key))
            if isinstance(container[key], (dict, list)):
                containers.append(container[key])
    return found


def _slot(draft: Draft) -> tuple[Any, Any, Any]:
    """Return the data, and one place in it."""
    data = draft.data()
    if not isinstance(data, (dict, list)) or not data:
        data = [{"id": "1"}]
    container, key = draft.rng.choice(_slots(data))
    return data, container, key


def value(draft: Draft) -> None:
    data, container, key = _slot(draft)
    container[key] = "@@here@@"
    raw = draft.rng.choice(VALUES).encode("utf-8", "surrogatepass")
    draft.put(data)
    draft.body = draft.body.replace(b'"@@here@@"', raw)


def type_(draft: Draft) -> None:
    data, container, key = _slot(draft)
    was = container[key]
    container[key] = draft.rng.choice((str(was), [was], {"value": was}, [was, was], len(str(was))))
    draft.put(data)


def lacking(draft: Draft) -> None:
    data, container, key = _slot(draft)
    del container[key]
    draft.put(data)


def renamed(draft: Draft) -> None:
    data, container, key = _slot(draft)
    if isinstance(container, dict):
        new = draft.rng.choice((key.upper(), f" {key}", f"{key}\u200b", "", "__proto__"))
        container[new] = container.pop(key)
    draft.put(data)


def twice(draft: Draft) -> None:
    """One object says the same key twice, once with another value."""
    data, container, key = _slot(draft)
    if not isinstance(container, dict):
        container[key] = {"id": container[key]}
        container, key = container[key], "id"
    other = draft.rng.choice(VALUES[:12])
    kept = json.dumps(container[key], ensure_ascii=False)
    name = json.dumps(key)
    container[key] = "@@here@@"
    draft.put(data)
    raw = f"{kept}, {name}: {other}" if draft.rng.random() < 0.5 else f"{other}, {name}: {kept}"
    draft.body = draft.body.replace(b'"@@here@@"', raw.encode("utf-8", "surrogatepass"))


def records(draft: Draft) -> None:
    """Whole people are lost, doubled, mixed up or somebody else."""
    data, rng = draft.data(), draft.rng
    rows = data if isinstance(data, list) else [data]
    rows = [row for row in rows if isinstance(row, dict)] or [{}]
    at, other = rng.randrange(len(rows)), rng.randrange(len(rows))
    match rng.randrange(9):
        case 0:
            del rows[at]
        case 1:
            rows.insert(other, rows[at])
        case 2:
            shared = [key for key in rows[at] if key in rows[other]]
            for key in rng.sample(shared, min(len(shared), rng.randint(1, 3))):
                rows[at][key], rows[other][key] = rows[other][key], rows[at][key]
        case 3:
            rng.shuffle(rows)
        case 4:
            rows = rows[:at]
        case 5:
            rows[at] = rng.choice((None, 7, "x", [], [rows[at]], {}))
        case 6:
            rows[at] = {**rows[at], "id": "x" * 64, "key": "x" * 64}
        case 7:
            rows[at] = {**rows[at], "extra": {"a": [rng.random()]}, "Id": 1}
        case _:
            rows = [*rows, *({**row, "id": f"{n}", "key": f"{n}"} for n, row in enumerate(rows))]
    wrapped = {"rows": rows} if rng.random() < 0.1 else rows
    draft.put(wrapped if isinstance(data, list) or not rows else rows[0])


def deep(draft: Draft) -> None:
    depth = draft.rng.choice((65, 200, 2000, 200_000))
    opening, closing = draft.rng.choice(((b"[", b"]"), (b'{"a":', b"}")))
    draft.body = opening * depth + b"1" + closing * draft.rng.choice((0, depth - 1, depth))


def large(draft: Draft) -> None:
    data, container, key = _slot(draft)
    container[key] = "漢" * draft.rng.choice((10_000, 400_000))
    draft.put(data)


# --- the head -----------------------------------------------------------------------------------


def limits(draft: Draft) -> None:
    for _ in range(draft.rng.randint(1, 3)):
        family = draft.rng.choice(FAMILIES)
        tail = draft.rng.choice(("", "", "-second", "-minute"))
        room = draft.rng.choice(("0", "0", "0", "-1", "1", "", "NaN", "none", "9" * 30))
        draft.headers[f"{family}-remaining{tail}"] = room
        draft.headers[f"{family}-reset{tail}"] = draft.rng.choice(TIMES)
    if draft.rng.random() < 0.5:
        draft.headers["retry-after"] = draft.rng.choice(TIMES)


def total(draft: Draft) -> None:
    draft.headers["x-total-count"] = draft.rng.choice(TOTALS)
    if draft.rng.random() < 0.3:
        del draft.headers["x-total-count"]
    if draft.rng.random() < 0.5:
        records(draft)


def link(draft: Draft) -> None:
    draft.headers["link"] = draft.rng.choice(LINKS)


def media(draft: Draft) -> None:
    draft.headers["content-type"] = draft.rng.choice(TYPES)
    if draft.rng.random() < 0.5:
        flip(draft)


def packing(draft: Draft) -> None:
    draft.headers["content-encoding"] = draft.rng.choice(PACKINGS)
    packed = gzip.compress(draft.body, mtime=draft.rng.randrange(2**31))
    match draft.rng.randrange(8):
        case 0:
            draft.body = packed
        case 1:
            draft.body = packed[: draft.rng.randrange(len(packed))]
        case 2:
            draft.body = packed + draft.rng.randbytes(3)
        case 3:
            draft.body = gzip.compress(packed, mtime=0)
        case 4:
            draft.body = zlib.compress(draft.body)
        case 5:
            broken = bytearray(packed)
            broken[draft.rng.randrange(len(broken))] ^= 1 << draft.rng.randrange(8)
            draft.body = bytes(broken)
        case 6:
            draft.headers["content-encoding"] = "gzip"
            draft.body = gzip.compress(b"[" + b" " * 2_000_000, mtime=draft.rng.randrange(2**31))


def framing(draft: Draft) -> None:
    size = len(draft.body)
    choices = ("close", "chunked", f"{size + 7}", f"{max(0, size - 7)}", "-1", "x", f"{size}, 5")
    draft.framing = draft.rng.choice(choices)
    if draft.framing == "chunked" and draft.rng.random() < 0.5:
        draft.framing = "close"
        draft.headers["transfer-encoding"] = draft.rng.choice(("chunked", "gzip, chunked", "x"))
        draft.body = draft.rng.choice((b"5\r\n[]", b"zz\r\n[]\r\n0\r\n\r\n", draft.body))
    if draft.rng.random() < 0.5:
        draft.tail = draft.rng.choice(
            (b" ", b"\n", b"[]", b"null", b"\x00", b"HTTP/1.1 200 OK\r\n")
        )


def junk(draft: Draft) -> None:
    """Header lines that are none, are too many, or say the same name twice."""
    rng = draft.rng
    draft.head = rng.choice(
        (
            b"no colon here\r\n",
            b": nameless\r\n",
            b"x-odd: \x00\x01\r\n",
            b"x-odd: \xff\xfe" + rng.randbytes(2).hex().encode() + b"\r\n",
            b"x-folded: a\r\n  b\r\n",
            b"content-length: 3\r\n",
            b"content-type: text/html\r\n",
            b"set-cookie: " + rng.randbytes(8).hex().encode() + b"; Domain=.com\r\n",
            b"x-many: 1\r\n" * 500,
            b"x-long: " + b"y" * 120_000 + b"\r\n",
        )
    )


def status_line(draft: Draft) -> None:
    """An odd first line; {code} is what the status is in the end."""
    draft.line = draft.rng.choice(
        (
            "HTTP/1.1 {code}",
            "HTTP/1.0 {code} OK",
            "HTTP/2 {code} OK",
            "ICY {code} OK",
            "http/1.1 {code} ok",
            " HTTP/1.1 {code} OK",
            "HTTP/1.1  {code} OK",
            "HTTP/1.1 {code} 良い",
            "HTTP/1.1 OK",
            "HTTP/1.1 2000 OK",
            "HTTP/1.1 -200 OK",
            "HTTP/1.1 20 OK",
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 {code} OK",
            "HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\nHTTP/1.1 {code} OK",
            "HTTP/1.1 101 Switching Protocols\r\nupgrade: x",
            "",
            "GET / HTTP/1.1",
            "SSH-2.0-OpenSSH_9.6",
        )
    )
    if draft.rng.random() < 0.5:
        draft.headers["x-request-id"] = draft.rng.randbytes(4).hex()


def status(draft: Draft) -> None:
    draft.status = draft.rng.choice(STATUSES)
    if draft.rng.random() < 0.3:
        draft.headers["retry-after"] = draft.rng.choice(TIMES)
    if 300 <= draft.status < 400:
        redirect(draft)


def refused(draft: Draft) -> None:
    """An error in the shape of either vendor, with codes that exist and codes that do not."""
    rng = draft.rng
    draft.status = rng.choice((400, 401, 403, 404, 422, 429, 500, 503))
    code = rng.choice((*range(1, 16), 100, 104, 105, 111, 222, 300, 303, 308, 401, 429, 526))
    odd = rng.choice((code, code, str(code), f"{code}.0", [code], None, True, -code, 10**18, 0.5))
    text = rng.choice(("不正です", "x" * 3000, "\ud800", None, 5, ["a"], "email が必須です"))
    entry = {"code": odd, "message": text, "field": rng.choice(("email", "a b", "\u202e", 5, None))}
    shapes = (
        {"errors": [entry]},
        {"errors": entry},
        {"errors": [entry, None, "x"]},
        entry,
        [entry],
        {**entry, "type": rng.choice(("forbidden", "plan_limit_exceeded", "odd", 5)), "errors": []},
        {"error": entry},
        {"code": [entry]},
    )
    draft.put(rng.choice(shapes))
    if rng.random() < 0.5:
        draft.headers["retry-after"] = rng.choice(TIMES)


def redirect(draft: Draft) -> None:
    if not 300 <= draft.status < 400:
        draft.status = draft.rng.choice((301, 302, 303, 307, 308))
    draft.headers["location"] = draft.rng.choice(LOCATIONS)
    draft.headers["x-request-id"] = draft.rng.randbytes(4).hex()


def trouble(draft: Draft) -> None:
    """A gateway's own words, which tell nothing about what became of the request."""
    draft.status = draft.rng.choice(TROUBLES)
    draft.rng.choice((page, blank, cut))(draft)
    if draft.rng.random() < 0.5:
        draft.headers["retry-after"] = draft.rng.choice(TIMES)


BODY: tuple[Mutation, ...] = (
    *(flip, flip, cut, drop, insert, swap, repeat, encoding, blank, page),
    *(value, value, value, type_, lacking, renamed, twice, records, records, deep, large),
)
HEAD: tuple[Mutation, ...] = (limits, total, link, media, packing, framing, junk, status_line)
ANSWERS: tuple[Mutation, ...] = (*BODY, *HEAD, status, status, refused, redirect)
"""What can happen to the answer to a read."""

ACCEPTED: tuple[Mutation, ...] = (*BODY, *HEAD, redirect, trouble, trouble)
"""What can happen to the answer to a write that was carried out: no word that it was refused."""

REFUSED: tuple[Mutation, ...] = (*BODY, *HEAD)
"""What can happen to a refusal: it stays one."""


def mutate(seed: str, answer: Answer, mutations: tuple[Mutation, ...]) -> Mutant:
    """Return *answer* with one of the *mutations*, or two."""
    rng = Random(seed)
    headers = {name: text for name, text in answer.headers.items() if name != "date"}
    draft = Draft(rng, answer.status, answer.content(), headers)
    chosen = rng.sample(mutations, rng.choice((1, 1, 1, 2)))
    for mutation in chosen:
        mutation(draft)
    return Mutant(
        changes=tuple(mutation.__name__ for mutation in chosen),
        status=draft.status,
        wire=draft.wire(),
        body=draft.body,
        said=draft.headers,
    )
