"""A small typed facade before a connector's hooks: every answer is checked, every failure named.

Pluggy checks names and arguments of hooks. What it does not check is checked here: an answer that
breaks its contract, an exception of any kind. A :class:`Reader` has no way to write.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NoReturn, TypeVar

from attrs import evolve

from renkei.errors import (
    ConnectorError,
    InDoubtError,
    ListChangedError,
    RecordError,
    RenkeiError,
    SystemFault,
)
from renkei.http.connection import Conditions, Connection
from renkei.people import (
    CLASSES,
    EMPLOYED,
    NEEDS,
    PARALLEL,
    Account,
    Choice,
    ClosedHours,
    Customer,
    Employee,
    FieldSpec,
    Need,
    NewField,
    Parallel,
    Ref,
    RequestLimit,
)
from renkei.plugins import finding
from renkei.plugins.choices import told_apart
from renkei.plugins.contract import (
    flaw,
    hidden_account,
    hidden_choice,
    hidden_customer,
    hidden_new_field,
    hide_in_error,
    is_id,
    is_sound_error,
    real_text,
)
from renkei.plugins.employed import Employed
from renkei.plugins.sieve import Sieve, Wanted
from renkei.private import is_never_read
from renkei.words.i18n import _, label

# Not one by one, which doubles the requests, and not all, of whom the last ones would be old:
# docs/decisions/2026-11-22-reading-again-in-batches.md
BATCH, AT_ONCE, MANY = 50, 500, 5_000
"""
How many employees are read again at a time: the second one where several writes may fly, the third
one where many are written together; then it is how many those are, too.
"""

LISTED = 50
"""How many employees of a list are looked at before they are handed on."""

READS = 3
"""How often a list is read that changes, or is cut off, while it is being read."""

T = TypeVar("T")
Word = TypeVar("Word", bound=str)

_WRITES = ("create_employee", "update_employee", "write_many")


def read_whole(read: Callable[[], T]) -> T:
    """Return what *read* does; a list that changes, or is cut off, is read again."""
    for _attempt in range(READS - 1):
        try:
            return read()
        except ListChangedError:
            continue
    return read()


class Reader:
    """A connector that can read and nothing else; every answer is checked."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.name = connection.name
        self._manager = finding.plug(connection)
        self._hook: Any = self._manager.hook
        # Options first: fields may depend on them, and their mistakes are told with their places.
        self._own_identity = self._read_options()
        specs = self._read_fields()
        self._employed = Employed(specs)
        self.fields = (*specs, *self._employed.own)
        self._types = {spec.name: CLASSES[spec.type] for spec in specs}
        self._number = _number_of(specs)
        self._sieve = Sieve(self._types, self._number, self._nonsense)

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of the hooks that the connector has."""
        known = sorted(vars(self._manager.hook))
        return tuple(hook for hook in known if finding.implements(self._manager, hook))

    @property
    def is_source_only(self) -> bool:
        """Whether nothing can be written to the system."""
        can_write = self.in_batches or finding.implements(self._manager, "create_employee")
        return not can_write

    @property
    def in_batches(self) -> bool:
        """Whether many are written together."""
        return finding.implements(self._manager, "write_many")

    @property
    def conditions(self) -> Conditions:
        """All that the connector declares of its system and of the account."""
        return Conditions(
            closed_hours=self.closed_hours,
            limits=self.request_limits,
            in_parallel=self.in_parallel,
            identity=self._own_identity,
        )

    @property
    def closed_hours(self) -> tuple[ClosedHours, ...]:
        """The hours of every day in which the system refuses calls."""
        return tuple(self._optional("closed_hours", ClosedHours))

    @property
    def request_limits(self) -> tuple[RequestLimit, ...]:
        """How many requests the system takes in which time."""
        return tuple(self._optional("request_limits", RequestLimit))

    @property
    def in_parallel(self) -> frozenset[Parallel]:
        """What may be done from several threads at a time."""
        return frozenset(self._words("in_parallel", PARALLEL) or ())

    @property
    def needs(self) -> frozenset[Need]:
        """What a connection has to say so that the connector can get in."""
        said = self._words("needs", NEEDS)
        return frozenset(NEEDS if said is None else said)

    def list_employees(self, at: dt.date, fields: Sequence[str]) -> Iterator[Employee]:
        """Iterate over all employees the system can show; see the hook of the same name."""
        asked = self._employed.asked(fields)
        with self._named("list_employees"):
            people = self._hook.list_employees(at=at, fields=asked)
        told = self._checked("list_employees", people, asked)
        if EMPLOYED not in fields:
            yield from told
            return
        for person in told:
            yield self._employed.told(person, at)

    def read_employees(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> list[Employee]:
        """Return those whom *refs* name, some at a time, or from the whole list if need be."""
        if not refs:
            return []
        asked, number = self._employed.asked(fields), self._number
        ids: set[str] = set()
        numbers: set[object] = set()
        for ref in refs:
            if ref.id is not None:
                ids.add(ref.id)
            if ref.number is not None:
                numbers.add(ref.number)

        def wanted() -> list[Employee]:
            # without the hook it is the whole list that is read
            people = self._read_again(refs, at, asked)
            return [p for p in people if p.id in ids or p.values.get(number) in numbers]

        found = read_whole(wanted)
        return [self._employed.told(p, at) for p in found] if EMPLOYED in fields else found

    def _read_again(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> Iterator[Employee]:
        if not finding.implements(self._manager, "read_employees"):
            # Read just alike: docs/decisions/2026-11-22-read-employees-takes-fields.md
            with self._named("read_employees"):
                people = self._hook.list_employees(at=at, fields=tuple(fields))
            yield from self._checked("read_employees", people, fields)
            return
        for start in range(0, len(refs), self.at_once):
            part = tuple(refs[start : start + self.at_once])
            with self._named("read_employees"):
                people = self._hook.read_employees(refs=part, at=at, fields=tuple(fields))
            yield from self._checked("read_employees", people, fields)

    @property
    def at_once(self) -> int:
        """How many employees the connector is asked to read again at a time."""
        if self.in_batches:
            return MANY
        return AT_ONCE if "writes" in self.connection.conditions.in_parallel else BATCH

    def new_employee_fields(self) -> tuple[NewField, ...]:
        """Return the required new-record fields with the choices of this moment."""
        offered = self._optional("new_employee_fields", NewField)
        names = [new.name for new in offered]
        for name in names:
            if name not in self._types or names.count(name) > 1:
                self._nonsense("new_employee_fields", name)
        promised = {spec.name for spec in self.fields if spec.offered}
        if broken := promised - set(names):
            self._nonsense("new_employee_fields", ", ".join(sorted(broken)))
        fields: list[NewField] = []
        for new in offered:
            hidden = hidden_new_field(new, self._hide)
            fields.append(evolve(hidden, choices=told_apart(hidden.choices)))
        return tuple(fields)

    @property
    def has_more_fields(self) -> bool:
        """Whether an account has fields that the connector by itself does not know."""
        asks = finding.takes(self._manager, "fields", "options")
        return self.connection.by_itself and (asks or self.can_discover)

    @property
    def can_discover(self) -> bool:
        """Whether the connector can read which fields an account has."""
        return finding.implements(self._manager, "discover")

    def discover(self) -> tuple[FieldSpec, ...]:
        """Return the fields that only this account has, without those that are never read."""
        found: dict[str, FieldSpec] = {}
        for spec in self._optional("discover", FieldSpec):
            if is_never_read(spec.name, spec.label.ja, spec.label.en):
                continue
            if spec.name in found:
                self._nonsense("discover", _("a name or a role occurs twice"))
            found[spec.name] = spec
        return tuple(found.values())

    def choices(self, field: str) -> tuple[Choice, ...]:
        """Return the codes that *field* can have at this moment, as far as the connector tells."""
        spec = next(spec for spec in self.fields if spec.name == field)
        if not finding.implements(self._manager, "choices"):
            return told_apart(self._offered(spec) or _allowed(spec))
        told = self._required("choices", Choice, field=field)
        hidden = [hidden_choice(each, self._hide) for each in told]
        return told_apart(hidden or _allowed(spec))

    def _offered(self, spec: FieldSpec) -> list[Choice]:
        """Return the choices that a new employee has for a field, if it can have any."""
        if not (spec.required or spec.offered):
            return []
        found: list[Choice] = []
        for new in self.new_employee_fields():
            if new.name == spec.name:
                found += new.choices
        return found

    def check(self) -> Account | None:
        """Prove the credentials; None if the connector has no way to."""
        if not finding.implements(self._manager, "check"):
            return None
        with self._named("check"):
            account: Account = self._hook.check()
            self._require_sound("check", account, Account)
            return hidden_account(account, self._hide)

    def account_name(self) -> Customer | None:
        """Return whose account it is, as far as the system tells; None: there is no such hook."""
        if not finding.implements(self._manager, "account_name"):
            return None
        with self._named("account_name"):
            told = self._hook.account_name()
            if told is None or type(told) is str:
                told = Customer(name=real_text(told or ""))
            self._require_sound("account_name", told, Customer)
            return hidden_customer(told, self._hide)

    def _hide(self, text: str) -> str:
        """Return a text that the connector has handed over, without the token."""
        return self.connection.token.hidden_in(text)

    def _read_options(self) -> str | None:
        """Let the connector look at its options; return which account they open, if it says so."""
        if self.connection.by_itself:
            return None
        if finding.implements(self._manager, "check_options"):
            with self._named("check_options"):
                self._hook.check_options(options=self.connection.options)
        if not finding.implements(self._manager, "identity"):
            return None
        with self._named("identity"):
            own: str = self._hook.identity()
            if not is_id(own):
                self._nonsense("identity", type(own).__name__)
            return own

    def _read_fields(self) -> tuple[FieldSpec, ...]:
        told = self._required("fields", FieldSpec, options=self.connection.options)
        of_all = {spec.name for spec in told}
        # Those of the last refresh: read at every fetch, they would change a mapping unseen.
        for spec in self.connection.own_fields.specs:
            if spec.name not in of_all:
                told.append(spec)
        specs = tuple(map(self._without_role, told))
        names = [spec.name for spec in specs]
        roles = [spec.role for spec in specs if spec.role]
        if _repeats(names) or _repeats(roles):
            self._nonsense("fields", _("a name or a role occurs twice"))
        if "number" not in roles and not self.has_more_fields:
            self._nonsense("fields", _("no field has the role number"))
        return specs

    def _without_role(self, spec: FieldSpec) -> FieldSpec:
        """Return *spec*, without a role that the file says this account does not have."""
        return evolve(spec, role=None) if spec.role in self.connection.without else spec

    def _required(self, hook: str, kind: type[T], **asked: object) -> list[T]:
        with self._named(hook):
            answers = list(getattr(self._hook, hook)(**asked))
            for answer in answers:
                self._require_sound(hook, answer, kind)
            return answers

    def _require_sound(self, hook: str, answer: object, kind: type) -> None:
        """Raise ConnectorError, which names what is wrong, unless *answer* is a sound *kind*."""
        if wrong := flaw(answer, kind):
            self._nonsense(hook, wrong)

    def _words(self, hook: str, known: Sequence[Word]) -> list[Word] | None:
        """Return which of the *known* words *hook* says; None if the connector lacks it."""
        if not finding.implements(self._manager, hook):
            return None
        with self._named(hook):
            said = list(getattr(self._hook, hook)())
            for each in said:
                if type(each) is not str or each not in known:
                    self._nonsense(hook, type(each).__name__)
            return said

    def _optional(self, hook: str, kind: type[T]) -> list[T]:
        return self._required(hook, kind) if finding.implements(self._manager, hook) else []

    @contextmanager
    def _named(self, hook: str) -> Iterator[None]:
        """
        Let our own errors through with the name; turn all others into ConnectorError.

        One employee refused and a write in doubt mean nothing where nothing is written. Nothing of
        ours may be yielded inside: a reader that stopped would look like a failing connector.
        """
        try:
            yield
        except RenkeiError as error:
            self._refuse_unsound(hook, error)
            raise
        except KeyboardInterrupt:  # a person wants to stop: the plug-in has not failed
            raise
        except BaseException as error:  # noqa: BLE001 - a plug-in may raise SystemExit or worse
            raise self._failed(hook, type(error).__name__) from None

    def _refuse_unsound(self, hook: str, error: RenkeiError) -> None:
        """Raise if *error* may not come from *hook*; else let it be one of ours, with the name."""
        misplaced = isinstance(error, (RecordError, InDoubtError)) and hook not in _WRITES
        if misplaced or not is_sound_error(error):
            raise self._failed(hook, type(error).__name__) from None
        error.where = error.where or self.name
        if isinstance(error, RecordError | SystemFault) and error.detail is not None:
            error.detail = real_text(error.detail)  # the system's own words, whatever they are
        hide_in_error(error, self._hide)

    def _failed(self, hook: str, what: str) -> ConnectorError:
        message = _("{name}: the connector failed in {hook} ({what}). Report this to its author.")
        return ConnectorError(message.format(name=self.name, hook=hook, what=what), where=self.name)

    def _nonsense(self, hook: str, what: str) -> NoReturn:
        message = _(
            "{name}: the connector's {hook} broke its contract: {what}. Report this to its author."
        )
        said = message.format(name=self.name, hook=hook, what=self._hide(what))
        raise ConnectorError(said, where=self.name)

    def _checked(self, hook: str, people: object, fields: Sequence[str]) -> Iterator[Employee]:
        wanted = self._sieve.wanted(fields)
        with self._named(hook):
            if not isinstance(people, Iterable):
                self._nonsense(hook, type(people).__name__)
            iterator = iter(people)
        while part := self._next(hook, iterator, wanted):
            yield from part

    def _next(self, hook: str, people: Iterator[object], wanted: Wanted) -> list[Employee]:
        """Return the next of *people*, some at a time; nobody after the last."""
        part: list[Employee] = []
        with self._named(hook):
            for person in islice(people, LISTED):
                if type(person) is not Employee:
                    self._nonsense(hook, type(person).__name__)
                if not is_id(person.id):
                    self._nonsense(hook, f"Employee.id: {type(person.id).__name__}")
                part.append(self._sieve.kept(hook, person, wanted))
        return part


def _number_of(specs: Iterable[FieldSpec]) -> str:
    """Return the name of the field with the number; nothing if only the account has one."""
    for spec in specs:
        if spec.role == "number":
            return spec.name
    return ""


def _repeats(words: Sequence[str]) -> bool:
    """Return whether one of *words* occurs twice."""
    return len(set(words)) != len(words)


def _allowed(spec: FieldSpec) -> list[Choice]:
    """Return the only values of a field as what can be chosen, if it has such."""
    values = spec.allowed or ()
    names = [label(each) for each in spec.allowed_labels] or values
    return [Choice(code, name) for code, name in zip(values, names, strict=True)]
