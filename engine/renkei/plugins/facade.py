"""A small typed facade before a connector's hooks: every answer is checked, every failure named.

Pluggy checks names and arguments of hooks. What it does not check is checked here: an answer that
breaks its contract, an exception of any kind. A :class:`Reader` has no way to write.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, NoReturn, TypeVar

from attrs import evolve, field, frozen

from renkei.errors import (
    AnswerError,
    ConnectorError,
    InDoubtError,
    RecordError,
    RenkeiError,
    SystemFault,
    UnavailableError,
)
from renkei.http import Connection
from renkei.mapping.values import is_empty
from renkei.people import (
    CLASSES,
    EMPLOYED,
    NEEDS,
    PARALLEL,
    Account,
    BatchWrite,
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
    Value,
    Values,
)
from renkei.plugins import finding
from renkei.plugins.choices import told_apart
from renkei.plugins.contract import (
    hidden_account,
    hidden_choice,
    hidden_customer,
    hidden_new_field,
    hide_in_error,
    is_id,
    is_sound,
    is_sound_error,
    real_text,
)
from renkei.plugins.employed import Employed
from renkei.private import SHORTEST, is_never_read, looks_like_my_number
from renkei.text import is_storable
from renkei.words.i18n import _, label

BATCH, AT_ONCE, MANY = 50, 500, 5_000
"""
How many employees are read again at a time: the second one where several writes may fly, the third
one where many are written together; then it is how many those are, too.
"""

SHAPES = 1000
"""So many combinations of fields that are filled are known of one list."""

LISTED = 50
"""How many employees of a list are looked at before they are handed on."""

T = TypeVar("T")
Word = TypeVar("Word", bound=str)

_WRITES = ("create_employee", "update_employee", "write_many")


class Reader:
    """A connector that can read and nothing else; every answer is checked."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.name = connection.name
        self._manager = finding.plug(connection)
        self._hook: Any = self._manager.hook
        self._read_options()
        specs = self._read_fields()
        self._employed = Employed(specs)
        self.fields = (*specs, *self._employed.own)
        self._types = {spec.name: CLASSES[spec.type] for spec in specs}
        self._number = next((spec.name for spec in specs if spec.role == "number"), "")

    @property
    def hooks(self) -> tuple[str, ...]:
        """The names of the hooks that the connector has."""
        known = vars(self._manager.hook)
        return tuple(sorted(h for h in known if finding.implements(self._manager, h)))

    @property
    def is_source_only(self) -> bool:
        """Whether nothing can be written to the system."""
        writes = ("create_employee", "write_many")
        return not any(finding.implements(self._manager, hook) for hook in writes)

    @property
    def in_batches(self) -> bool:
        """Whether many are written together."""
        return finding.implements(self._manager, "write_many")

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
        yield from told if EMPLOYED not in fields else (self._employed.told(p, at) for p in told)

    def read_employees(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> list[Employee]:
        """Return those whom *refs* name, some at a time, or from the whole list if need be."""
        if not refs:
            return []
        asked, number = self._employed.asked(fields), self._number
        ids = {ref.id for ref in refs if ref.id is not None}
        numbers = {ref.number for ref in refs if ref.number is not None}
        return [
            self._employed.told(person, at) if EMPLOYED in fields else person
            for person in self._read_again(refs, at, asked)
            if person.id in ids or person.values.get(number) in numbers
        ]

    def _read_again(
        self, refs: Sequence[Ref], at: dt.date, fields: Sequence[str]
    ) -> Iterator[Employee]:
        if not finding.implements(self._manager, "read_employees"):
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
        fields = tuple(hidden_new_field(new, self._hide) for new in offered)
        names = [new.name for new in fields]
        for name in names:
            if name not in self._types or names.count(name) > 1:
                self._nonsense("new_employee_fields", name)
        promised = {spec.name for spec in self.fields if spec.offered}
        if broken := promised - set(names):
            self._nonsense("new_employee_fields", ", ".join(sorted(broken)))
        return tuple(evolve(new, choices=told_apart(new.choices)) for new in fields)

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
        found = [
            spec
            for spec in self._optional("discover", FieldSpec)
            if not is_never_read(spec.name, spec.label.ja, spec.label.en)
        ]
        names = [spec.name for spec in found]
        if len(set(names)) != len(names):
            self._nonsense("discover", _("a name or a role occurs twice"))
        return tuple(found)

    def choices(self, field: str) -> tuple[Choice, ...]:
        """Return the codes that *field* can have at this moment, as far as the connector tells."""
        spec = next(spec for spec in self.fields if spec.name == field)
        if finding.implements(self._manager, "choices"):
            told = self._required("choices", Choice, field=field)
            found = [hidden_choice(each, self._hide) for each in told]
        else:
            offered = self.new_employee_fields() if spec.required or spec.offered else ()
            found = [choice for new in offered if new.name == field for choice in new.choices]
        return told_apart(found or _allowed(spec))

    def check(self) -> Account | None:
        """Prove the credentials; None if the connector has no way to."""
        if not finding.implements(self._manager, "check"):
            return None
        with self._named("check"):
            account: Account = self._hook.check()
            if not is_sound(account, Account):
                self._nonsense("check", type(account).__name__)
            return hidden_account(account, self._hide)

    def account_name(self) -> Customer | None:
        """Return whose account it is, as far as the system tells; None: there is no such hook."""
        if not finding.implements(self._manager, "account_name"):
            return None
        with self._named("account_name"):
            told = self._hook.account_name()
            if told is None or type(told) is str:
                told = Customer(name=real_text(told or ""))
            if not is_sound(told, Customer):
                self._nonsense("account_name", type(told).__name__)
            return hidden_customer(told, self._hide)

    def _hide(self, text: str) -> str:
        """Return a text that the connector has handed over, without the token."""
        return self.connection.token.hidden_in(text)

    def _read_options(self) -> None:
        """Let the connector look at its options, and say which account they open."""
        if self.connection.by_itself:
            return
        if finding.implements(self._manager, "check_options"):
            with self._named("check_options"):
                self._hook.check_options(options=self.connection.options)
        if finding.implements(self._manager, "identity"):
            with self._named("identity"):
                own = self._hook.identity()
                if not is_id(own):
                    self._nonsense("identity", type(own).__name__)
                self.connection.own_identity = own

    def _read_fields(self) -> tuple[FieldSpec, ...]:
        told = self._required("fields", FieldSpec, options=self.connection.options)
        of_all = {spec.name for spec in told}
        own = [spec for spec in self.connection.own_fields.specs if spec.name not in of_all]
        without = self.connection.without
        specs = tuple(
            evolve(spec, role=None) if spec.role in without else spec for spec in (*told, *own)
        )
        names = [spec.name for spec in specs]
        roles = [spec.role for spec in specs if spec.role]
        if len(set(names)) != len(names) or len(set(roles)) != len(roles):
            self._nonsense("fields", _("a name or a role occurs twice"))
        if "number" not in roles and not self.has_more_fields:
            self._nonsense("fields", _("no field has the role number"))
        return specs

    def _required(self, hook: str, kind: type[T], **asked: object) -> list[T]:
        with self._named(hook):
            answers = list(getattr(self._hook, hook)(**asked))
            for answer in answers:
                if not is_sound(answer, kind):
                    self._nonsense(hook, type(answer).__name__)
            return answers

    def _words(self, hook: str, known: Sequence[Word]) -> list[Word] | None:
        """Return which of the *known* words *hook* says; None if the connector lacks it."""
        if not finding.implements(self._manager, hook):
            return None
        with self._named(hook):
            said = list(getattr(self._hook, hook)())
            if odd := [each for each in said if type(each) is not str or each not in known]:
                self._nonsense(hook, type(odd[0]).__name__)
            return said

    def _optional(self, hook: str, kind: type[T]) -> list[T]:
        return self._required(hook, kind) if finding.implements(self._manager, hook) else []

    @contextmanager
    def _named(self, hook: str) -> Iterator[None]:
        """
        Let our own errors through with the name; turn all others into ConnectorError.

        One employee refused and a write in doubt mean nothing where nothing is written. Nothing of
        ours may be yielded inside: whoever stopped reading would look like a failing connector.
        """
        try:
            yield
        except RenkeiError as error:
            self._refuse_unsound(hook, error)
            raise
        except KeyboardInterrupt:
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
        wanted = _Wanted({name: kind for name, kind in self._types.items() if name in set(fields)})
        with self._named(hook):
            if not isinstance(people, Iterable):
                self._nonsense(hook, type(people).__name__)
            iterator = iter(people)
        while part := self._next(hook, iterator, wanted):
            yield from part

    def _next(self, hook: str, people: Iterator[object], wanted: _Wanted) -> list[Employee]:
        """Return the next of *people*, some at a time; nobody after the last."""
        part: list[Employee] = []
        with self._named(hook):
            for person in islice(people, LISTED):
                if type(person) is not Employee or not is_id(person.id):
                    self._nonsense(hook, type(person).__name__)
                part.append(self._readable(hook, person, wanted))
        return part

    def _readable(self, hook: str, person: Employee, asked: _Wanted) -> Employee:
        """Keep the fields that were asked for; text that no system can take becomes unreadable."""
        if type(person.unreadable) is not tuple:
            self._nonsense(hook, type(person.unreadable).__name__)
        values = dict(person.values)  # a copy: the connector may go on with its own
        if not person.unreadable and person.others == {} and asked.are_plain(values):
            return Employee(id=person.id, values=values, extra=person.extra)
        wanted = asked.types
        unreadable = [name for name in wanted if name in person.unreadable]
        for name in _odd(values, wanted):
            value = values.pop(name)
            if name not in wanted:
                self._require_known(hook, name)
            elif type(value) is not wanted[name]:
                self._nonsense(hook, f"{name}: {type(value).__name__}")
            elif value:
                unreadable.append(name)
            else:
                values[name] = None
        others = self._others(hook, person, wanted) if person.others != {} else {}
        withheld = self._withhold(values, others)
        return Employee(
            id=person.id,
            values=values,
            unreadable=tuple(dict.fromkeys([*unreadable, *withheld]))
            if withheld
            else tuple(unreadable),
            withheld=withheld,
            extra=person.extra,
            others=others,
        )

    def _withhold(
        self, values: dict[str, Value], others: dict[str, tuple[Value, ...]]
    ) -> tuple[str, ...]:
        """Take out what looks like a My Number, before anybody keeps it; return of which fields."""
        found = [
            name
            for name, value in values.items()
            if ((type(value) is str and len(value) >= SHORTEST) or type(value) is int)
            and self._is_private(name, value)
        ]
        found += [
            name
            for name, further in others.items()
            if name not in found and any(self._is_private(name, value) for value in further)
        ]
        for name in found:
            values.pop(name, None)
            others.pop(name, None)
        return tuple(found)

    def _is_private(self, name: str, value: Value) -> bool:
        return looks_like_my_number(value) and name != self._number

    def _others(
        self, hook: str, person: Employee, wanted: Mapping[str, type]
    ) -> dict[str, tuple[Value, ...]]:
        """Return the further values that say something and that can be stored."""
        kept = {}
        for name, further in person.others.items():
            if name not in wanted:
                self._require_known(hook, name)
                continue
            if type(further) is not tuple:
                self._nonsense(hook, f"{name}: {type(further).__name__}")
            for value in further:
                if value is not None and type(value) is not wanted[name]:
                    self._nonsense(hook, f"{name}: {type(value).__name__}")
            if told := tuple(v for v in further if not is_empty(v) and _is_storable(v)):
                kept[name] = told
        return kept

    def _require_known(self, hook: str, name: str) -> None:
        """Require that there is a field of this name, though nobody has asked for it."""
        if name not in self._types:
            self._nonsense(hook, name)


@frozen
class Written:
    """What a system answered to a write: the *id*, and the *employee* as it has them, if it did."""

    id: str
    employee: Employee | None = None


class Writer(Reader):
    """A connector that can also write, one employee at a time or many together."""

    def write(self, writes: Sequence[BatchWrite]) -> list[Written | RenkeiError]:
        """
        Carry out *writes*, one alone unless the connector takes many; return what came of each.

        What is raised is about all of them.
        """
        if self.in_batches:
            return self._write_many(writes)
        (one,) = writes
        if one.current is None:
            return [self.create_employee(one.values)]
        return [self.update_employee(one.current, one.values)]

    def create_employee(self, values: Values) -> Written:
        """Create one employee; see the hook of the same name."""
        self.connection.before_write()
        with self._in_doubt("create_employee"):
            return self._created("create_employee", self._hook.create_employee(values=values))

    def update_employee(self, current: Employee, changes: Values) -> Written:
        """Change the given fields of *current*; see the hook of the same name."""
        self.connection.before_write()
        with self._in_doubt("update_employee"):
            answer = self._hook.update_employee(current=current, changes=changes)
            return self._updated("update_employee", current, answer)

    def _write_many(self, writes: Sequence[BatchWrite]) -> list[Written | RenkeiError]:
        self.connection.before_write()
        with self._in_doubt("write_many"):
            answers = self._hook.write_many(writes=tuple(writes))
            if type(answers) not in (list, tuple) or len(answers) != len(writes):
                self._nonsense("write_many", type(answers).__name__)
            return [self._one_of(*each) for each in zip(writes, answers, strict=True)]

    def _one_of(self, write: BatchWrite, answer: object) -> Written | RenkeiError:
        """Return what came of one write of a batch; an error is about this person alone."""
        if isinstance(answer, RenkeiError):
            self._refuse_unsound("write_many", answer)
            return _doubted(answer)
        if write.current is None:
            return self._created("write_many", answer)
        return self._updated("write_many", write.current, answer)

    def _created(self, hook: str, answer: object) -> Written:
        if type(answer) is Employee:
            return self._written(hook, answer)
        if type(answer) is not str or not is_id(answer):
            self._nonsense(hook, type(answer).__name__)
        return Written(answer)

    def _updated(self, hook: str, current: Employee, answer: object) -> Written:
        if type(answer) is not Employee:
            return Written(current.id)
        if answer.id != current.id:
            self._nonsense(hook, "another id")
        return self._written(hook, answer)

    def _written(self, hook: str, person: Employee) -> Written:
        if not is_id(person.id):
            self._nonsense(hook, type(person.id).__name__)
        return Written(person.id, self._readable(hook, person, _Wanted(self._types)))

    @contextmanager
    def _in_doubt(self, hook: str) -> Iterator[None]:
        """After a plug-in has failed in the middle of a write nobody knows what the system did."""
        try:
            with self._named(hook):
                yield
        except RenkeiError as error:
            raise _doubted(error) from None

    def wait_for_room(self) -> None:
        """Block until a request may be sent; raises ClosedError in closed hours."""
        self.connection.wait_for_room()


Shape = tuple[object, ...]
"""The names of somebody's values, then their types."""


@frozen
class _Wanted:
    """What was asked for: the type of each field; and which shapes of values are known as sound."""

    types: Mapping[str, type]
    _sound: dict[Shape, tuple[list[str], list[str]]] = field(init=False, factory=dict)
    """By shape: the names of the texts and of the whole numbers."""

    def are_plain(self, values: Mapping[str, Any]) -> bool:
        """Tell at a glance whether *values* can be kept as they are, as those of most people."""
        shape = (*values, *map(type, values.values()))
        known = self._sound.get(shape)
        if known is None:
            if len(self._sound) == SHAPES or not all(map(self._is_sound, values.items())):
                return False
            known = self._sound[shape] = _of_type(values, str), _of_type(values, int)
        names, numbers = known
        texts = [*map(values.__getitem__, names)]
        if "" in texts or not is_storable("".join(texts)):
            return False
        for text in texts:
            if len(text) >= SHORTEST and looks_like_my_number(text):
                return False
        return not any(looks_like_my_number(values[name]) for name in numbers)

    def _is_sound(self, item: tuple[str, Any]) -> bool:
        """Tell whether a field was asked for and its value is of its type, or None."""
        name, value = item
        return name in self.types and type(value) in (self.types[name], type(None))


def _of_type(values: Mapping[str, Any], kind: type) -> list[str]:
    return [name for name, value in values.items() if type(value) is kind]


def _doubted(error: RenkeiError) -> RenkeiError:
    """Return the error of a write, in doubt unless the system certainly did nothing."""
    certain = isinstance(error, UnavailableError) and error.nothing_done
    doubtful = isinstance(error, ConnectorError | AnswerError | UnavailableError)
    return InDoubtError(error) if doubtful and not certain else error


def _odd(values: Values, wanted: Mapping[str, type]) -> list[str]:
    """Return the names of those *values* that are not just what was asked for."""
    odd = [
        name
        for name, value in values.items()
        if (name not in wanted or value is not None)
        and (type(value) is not wanted.get(name) or value == "")
    ]
    texts = [value for value in values.values() if type(value) is str]
    if not is_storable("".join(texts)):  # one look at all of them, as nearly all are
        odd += [
            n for n, v in values.items() if type(v) is str and n not in odd and not is_storable(v)
        ]
    return odd


def _allowed(spec: FieldSpec) -> list[Choice]:
    """Return the only values of a field as what can be chosen, if it has such."""
    values = spec.allowed or ()
    labels = [label(each) for each in spec.allowed_labels] or values
    return [Choice(*each) for each in zip(values, labels, strict=True)]


def _is_storable(value: Value) -> bool:
    return not isinstance(value, str) or is_storable(value)
