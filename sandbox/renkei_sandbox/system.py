"""What both systems have in common: a token, people, switches, faults, and the way of answering."""

from __future__ import annotations

import abc
import asyncio
import datetime as dt
import gzip
import hashlib
import itertools
import threading
from email.utils import format_datetime
from typing import ClassVar

from attrs import Factory, define, evolve

from renkei_sandbox.clock import Clock
from renkei_sandbox.faults import Faults, Rule
from renkei_sandbox.journal import Entry
from renkei_sandbox.messages import Answer, Commit, Fields, Kind, RefusalError, Request
from renkei_sandbox.normalise import normalise
from renkei_sandbox.table import Record, Table

_JSON = "application/json"
_KINDS: dict[str, Kind] = {
    "GET": "read",
    "POST": "create",
    "PUT": "update",
    "PATCH": "update",
    "DELETE": "delete",
}


@define(kw_only=True)
class Switches:
    """What can be changed about either system while it runs."""

    rate_limit: bool = True
    """Whether requests are counted and refused when there are too many."""
    maintenance: bool = False
    """Whether everything is answered as during maintenance."""
    no_read: set[str] = Factory(set)
    """Resources (such as "crews" or "employees") that the token may not read."""
    no_write: set[str] = Factory(set)
    """Resources that the token may not write."""
    normalise: list[str] = Factory(list)
    """Names of normalisers: what the system does to every free text before it stores it."""
    create_delay_s: float = 0.0
    """Seconds (by the sandbox's clock) until somebody just created can be read."""
    label: str | None = None
    """The content type that JSON is sent with, such as "text/html"; None: the vendor's own."""
    gzip_members: int = 0
    """In how many gzip members the body of an answer is packed; 0: it is not packed."""


class System(abc.ABC):
    """One vendor's system: its people, its token, and how it answers a request."""

    name: ClassVar[str]
    prefix: ClassVar[str]
    id_field: ClassVar[str]
    number_field: ClassVar[str]
    collection: ClassVar[str]
    switches: Switches

    def __init__(self, clock: Clock, seed: int, tenant: str = "") -> None:
        """Start without people; *tenant* is whose account it is, empty for the only one's."""
        self.clock = clock
        self.lock = threading.RLock()
        self.people = Table(self.number_field)
        self.masters: dict[str, list[Fields]] = {}
        self.faults = Faults()
        self.origin = ""
        self.token = self.first_token(tenant)
        self.revoked = False
        self._seed = seed
        self._serial = itertools.count(1)
        self._hidden_until: dict[str, dt.datetime] = {}

    # -- for tests ---------------------------------------------------------------------------

    @classmethod
    def first_token(cls, tenant: str) -> str:
        """Return the token that opens the account of *tenant* in the beginning."""
        return "-".join(filter(None, ("sandbox", cls.name, tenant, "token")))

    @property
    def base_url(self) -> str:
        """The address that a connection is configured with."""
        return self.origin + self.prefix

    def revoke(self) -> None:
        """Refuse the token from now on."""
        self.revoked = True

    def restore(self) -> None:
        """Accept the token again."""
        self.revoked = False

    def add(self, **fields: object) -> str:
        """Put a person in, unchecked, as an administrator of the system could; return the id."""
        with self.lock:
            identifier = str(fields.get(self.id_field) or self.new_id("person"))
            self.people[identifier] = self.new_record(identifier, fields)
        return identifier

    def edit(self, identifier: str, **fields: object) -> None:
        """Change a person, unchecked."""
        with self.lock:
            self.people[identifier].update({**fields, **self.stamp()})

    def remove(self, identifier: str) -> None:
        """Take a person out without a trace."""
        with self.lock:
            del self.people[identifier]

    def find(self, number: str | None) -> list[Record]:
        """Return the stored records with exactly this number."""
        with self.lock:
            return self.people.numbered(number)

    # -- for the server ----------------------------------------------------------------------

    async def respond(self, request: Request, entry: Entry) -> Answer:
        """Answer *request*, faults included, and write into *entry* what became of it."""
        answer = await self._answered(request, entry)
        _dress(answer, self.switches)
        return answer

    async def _answered(self, request: Request, entry: Entry) -> Answer:
        entry.kind = self.kind(request)
        rules = self.faults.take(request, entry.kind)
        if not rules:
            return self._handle(request, entry, blocked=False)
        entry.fault = "+".join(rule.fault.name for rule in rules)
        before = [rule for rule in rules if rule.when == "before"]
        after = [rule for rule in rules if rule.when == "after"]
        await _arrive(before, request)
        blocked = any(rule.fault.blocks for rule in before)
        answer = self._handle(request, entry, blocked=blocked)
        await _arrive(after, request)
        with self.lock:
            for rule in rules:
                if rule.fault.change is not None:
                    answer = rule.fault.change(answer, self)
        return answer

    def _handle(self, request: Request, entry: Entry, *, blocked: bool) -> Answer:
        with self.lock:
            entry.authorized = self.authorized(request)
            try:
                answer = self.answer(request)
            except RefusalError as refusal:
                answer = refusal.answer
            entry.person = answer.person
            if answer.commit is not None and not blocked:
                answer.commit.apply()
                entry.accepted = True
            self.finish(answer)
            answer.headers["date"] = _http_date(self.clock.now())
        return answer

    def kind(self, request: Request) -> Kind:
        """Return what *request* means to do, judged by its address alone."""
        depth = self.prefix.count("/")
        inside = request.segments[depth:]
        if self.collection in inside:
            return _KINDS.get(request.method, "other")
        if request.method == "GET" and "tokens" not in inside:
            return "read"
        return "other"

    def somebody_else(self, answer: Answer) -> object:
        """Return what this system says about anyone but the person of *answer*."""
        shown: Fields = {}
        for identifier, record in self.people.items():
            if identifier != answer.person:
                shown = self.show(record)
                break
        return [shown] if answer.content().startswith(b"[") else shown

    # -- for the vendors' parts --------------------------------------------------------------

    @abc.abstractmethod
    def answer(self, request: Request) -> Answer:
        """Return the answer, or raise a refusal; changes nothing but by the answer's commit."""

    @abc.abstractmethod
    def authorized(self, request: Request) -> bool:
        """Return whether the request carries the token in force."""

    @abc.abstractmethod
    def failure(self, status: int, code: int | None = None) -> Answer:
        """Return this vendor's own answer for *status* and *code*."""

    @abc.abstractmethod
    def maintenance(self) -> Answer:
        """Return what this vendor says during maintenance."""

    @abc.abstractmethod
    def show(self, record: Fields) -> Fields:
        """Return everything that this system says about a person."""

    @abc.abstractmethod
    def new_record(self, identifier: str, fields: Fields) -> Fields:
        """Return *fields* with what the system itself puts into a new record."""

    def finish(self, answer: Answer) -> None:  # noqa: B027 - optional
        """Add what every answer of this vendor carries."""

    def stamp(self) -> Fields:
        """Return what the system writes into a record with every change."""
        return {}

    def new_id(self, what: str) -> str:
        """Return 64 hex digits: the same ones for the same seed and history."""
        text = f"{self._seed}:{self.name}:{what}:{next(self._serial)}"
        return hashlib.sha256(text.encode()).hexdigest()

    def creation(self, identifier: str, record: Fields) -> Commit:
        """Return the change that stores a new person."""

        def apply() -> None:
            self.people[identifier] = record
            if self.switches.create_delay_s:
                delay = dt.timedelta(seconds=self.switches.create_delay_s)
                self._hidden_until[identifier] = self.clock.now() + delay

        return Commit(kind="create", apply=apply)

    def replacement(self, identifier: str, changes: Fields) -> Commit:
        """Return the change that stores new values of a person."""
        return Commit(kind="update", apply=lambda: self.people[identifier].update(changes))

    def normalised(self, fields: Fields) -> Fields:
        """Return *fields* as this system would store them."""
        return normalise(fields, self.switches.normalise)

    def hidden(self) -> set[str]:
        """Return who was created so lately that nobody can read it yet."""
        if not self._hidden_until:
            return set()
        now = self.clock.now()
        left = {key: until for key, until in self._hidden_until.items() if until > now}
        self._hidden_until = left
        return set(left)


async def _arrive(rules: list[Rule], request: Request) -> None:
    """Wait and run hooks, in the order the faults were added."""
    for rule in rules:
        if rule.fault.wait_s:
            await asyncio.sleep(rule.fault.wait_s)
        if rule.fault.hook is not None:
            await asyncio.to_thread(rule.fault.hook, request)


def _dress(answer: Answer, switches: Switches) -> None:
    """Give an answer the label and the packing that the switches ask for."""
    if switches.label is not None and _JSON in answer.headers.get("content-type", ""):
        answer.headers["content-type"] = switches.label
    if switches.gzip_members and answer.body:
        answer.body = _packed(answer.content(), switches.gzip_members)
        answer.headers["content-encoding"] = "gzip"


def _packed(body: bytes, members: int) -> bytes:
    size = max(1, -(-len(body) // members))
    packed = b""
    for start in range(0, len(body), size):
        part = body[start : start + size]
        packed += gzip.compress(part, mtime=0)
    return packed


def with_json(answer: Answer, content_type: str) -> Answer:
    """Return *answer* with its content type, if it has a body and no type yet."""
    if answer.body == b"" or "content-type" in answer.headers:
        return answer
    return evolve(answer, headers={"content-type": content_type, **answer.headers})


def _http_date(moment: dt.datetime) -> str:
    return format_datetime(moment.astimezone(dt.UTC), usegmt=True)
