"""Faults on demand: what goes wrong, for which requests, and whether before or after the change.

A fault is a record with up to three parts: a wait, a hook, and a function from the true answer to
the answer that is sent. Everything here is built from those three.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from attrs import Factory, define, evolve, field, frozen

from renkei_sandbox.messages import Answer, Delivery, Fields, Kind, Request, dump

if TYPE_CHECKING:
    from renkei_sandbox.system import System

When: TypeAlias = Literal["before", "after"]
Change: TypeAlias = "Callable[[Answer, System], Answer]"
Hook: TypeAlias = Callable[[Request], object]

PAGE: Final = (
    '<!DOCTYPE html><html lang="ja"><head><title>ログイン</title></head>'
    '<body><form><input name="user"><input type="password"></form></body></html>'
)
HTML: Final = "text/html; charset=utf-8"


@frozen(kw_only=True)
class Fault:
    """One thing that goes wrong with a request."""

    name: str
    wait_s: float = 0.0
    hook: Hook | None = None
    change: Change | None = None
    blocks: bool = True
    """Whether, applied "before", it keeps a write from being carried out."""


def status(
    status: int,
    code: int | None = None,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | None = None,
) -> Fault:
    """Answer *status* with the vendor's own body for it, or with *body*; add *headers*."""

    def change(_: Answer, system: System) -> Answer:
        answer = system.failure(status, code)
        if body is not None:
            answer.body = body.encode() if isinstance(body, str) else body
        for name, value in (headers or {}).items():
            answer.headers[name.lower()] = value
        return answer

    return Fault(name="status", change=change)


def maintenance() -> Fault:
    """Answer as the vendor does during maintenance."""
    return Fault(name="maintenance", change=lambda _, system: system.maintenance())


def deliver(name: str, delivery: Delivery, *, blocks: bool = True) -> Fault:
    """Send the true answer in another manner."""

    def change(answer: Answer, _: System) -> Answer:
        return evolve(answer, delivery=delivery)

    return Fault(name=name, change=change, blocks=blocks)


def disconnect() -> Fault:
    """Close the connection without one byte of an answer."""
    return deliver("disconnect", Delivery(limit=0))


def reset() -> Fault:
    """Reset the connection (RST) without one byte of an answer."""
    return deliver("reset", Delivery(limit=0, reset=True))


def cut(k: int, part: Literal["answer", "body"] = "answer", *, reset: bool = False) -> Fault:
    """Send the first *k* bytes of the answer, or of its body, then close or reset."""
    return deliver("cut", Delivery(limit=k, part=part, reset=reset))


def raw(data: bytes | str) -> Fault:
    """Send exactly these bytes as the answer, then close."""
    return deliver("raw", Delivery(raw=data.encode() if isinstance(data, str) else data))


def drip(per_byte_s: float) -> Fault:
    """Send the true answer one byte at a time."""
    return deliver("drip", Delivery(per_byte_s=per_byte_s), blocks=False)


def slow(seconds: float) -> Fault:
    """Wait; "before": the change happens only after the wait; "after": only the answer waits."""
    return Fault(name="slow", wait_s=seconds, blocks=False)


def latency(seconds: float) -> Fault:
    """Wait before handling; the same as slow, under the name that measurements use."""
    return Fault(name="latency", wait_s=seconds, blocks=False)


def hook(call: Hook) -> Fault:
    """Run *call* with the request, in a thread of its own; it may edit people or send requests."""
    return Fault(name="hook", hook=call, blocks=False)


def truncate(
    keep: int = 0,
    total: Literal["true", "matching", "absent"] = "true",
    framing: Literal["auto", "close"] = "auto",
) -> Fault:
    """Keep the status and valid JSON, but only *keep* elements of a list (of an object: none)."""

    def change(answer: Answer, _: System) -> Answer:
        whole = json.loads(answer.content() or b"null")
        kept = whole[:keep] if isinstance(whole, list) else {}
        headers = dict(answer.headers)
        if total != "true" and "x-total-count" in headers:
            headers["x-total-count"] = str(len(kept))
        if total == "absent":
            headers.pop("x-total-count", None)
        delivery = Delivery(framing=framing)
        return evolve(answer, body=dump(kept), headers=headers, delivery=delivery)

    return Fault(name="truncate", change=change)


def html(status: int = 200) -> Fault:
    """Answer with a web page, as a proxy or a login wall does."""
    page = Answer(status=status, body=PAGE.encode(), headers={"content-type": HTML})
    return Fault(name="html", change=lambda *_: page)


def garbage() -> Fault:
    """Keep the status and claim JSON, but send none."""
    body = b'{"garbage": [\x00\xff\xfe, nope'
    return Fault(name="garbage", change=lambda answer, _: evolve(answer, body=body))


def redirect(url: str, status: int = 302) -> Fault:
    """Send the client to *url*."""
    answer = Answer(status=status, headers={"location": url})
    return Fault(name="redirect", change=lambda *_: answer)


def wrong_person() -> Fault:
    """Keep the status, but show somebody else."""

    def change(answer: Answer, system: System) -> Answer:
        return evolve(answer, body=dump(system.somebody_else(answer)))

    return Fault(name="wrong_person", change=change)


MAKERS: Final[dict[str, Callable[..., Fault]]] = {
    make.__name__: make
    for make in (
        *(status, maintenance, html, garbage, redirect, truncate, wrong_person),
        *(disconnect, reset, cut, raw, drip, slow, latency, hook),
    )
}
"""Every kind of fault by name, as `faults.add` and the control endpoint take them."""


@define(kw_only=True)
class Rule:
    """Which requests a fault is for: *times* of them, beginning with the *nth* that matches."""

    fault: Fault
    when: When = "before"
    method: str | None = None
    path: str | None = None
    query: Mapping[str, str] | None = None
    kind: Kind | None = None
    nth: int = 1
    times: int | None = 1
    seen: int = field(default=0, init=False)

    def due(self, request: Request, kind: Kind) -> bool:
        """Count *request* if it matches, and return whether the fault is for it."""
        if not self._matches(request, kind):
            return False
        self.seen += 1
        if self.seen < self.nth:
            return False
        return self.times is None or self.seen < self.nth + self.times

    def _matches(self, request: Request, kind: Kind) -> bool:
        if self.method not in (None, request.method) or self.kind not in (None, kind):
            return False
        if self.path is not None and re.search(self.path, request.path) is None:
            return False
        return (self.query or {}).items() <= request.query.items()

    def document(self) -> Fields:
        """Return the rule as JSON can hold it."""
        document: Fields = {"fault": self.fault.name}
        for name in ("when", "method", "path", "query", "kind", "nth", "times", "seen"):
            document[name] = getattr(self, name)
        return document


@define
class Faults:
    """The faults that are waiting for their requests, in the order they were added."""

    _rules: list[Rule] = Factory(list)
    _lock: threading.Lock = Factory(threading.Lock)

    def add(
        self,
        fault: Fault | str,
        *,
        when: When = "before",
        method: str | None = None,
        path: str | None = None,
        query: Mapping[str, str] | None = None,
        kind: Kind | None = None,
        nth: int = 1,
        times: int | None = 1,
        **options: object,
    ) -> Rule:
        """Let *fault* (or the one so named, made with *options*) happen to matching requests.

        Requests are counted from now: the *nth* match and the *times* - 1 after it (None: all).
        "before" means that the system's state stays as it was, "after" that the change was made.
        *path* is a regular expression, searched in the whole decoded path; *query* is
        what the query must have, at least.
        """
        made = MAKERS[fault](**options) if isinstance(fault, str) else fault
        rule = Rule(
            fault=made,
            when=when,
            method=method,
            path=path,
            query=query,
            kind=kind,
            nth=nth,
            times=times,
        )
        with self._lock:
            self._rules.append(rule)
        return rule

    def take(self, request: Request, kind: Kind) -> list[Rule]:
        """Return the rules that apply to *request*, counting it."""
        if not self._rules:
            return []
        with self._lock:
            return [rule for rule in self._rules if rule.due(request, kind)]

    def rules(self) -> list[Rule]:
        """Return everything added since the last clearing."""
        with self._lock:
            return list(self._rules)

    def clear(self) -> None:
        """Let nothing go wrong any more."""
        with self._lock:
            self._rules.clear()
