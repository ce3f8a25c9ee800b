"""One connector before one empty tenant, as the checks use them; everything asserted is counted."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Self, TypeVar
from urllib.parse import urlsplit

import pytest
from attrs import define, field

from renkei.clock import Clock
from renkei.connector import Employee, FieldSpec, Ref, RenkeiError, Value, Values
from renkei.http.address import is_loopback
from renkei.http.secret import Secret
from renkei.plugins.facade import Reader
from renkei.plugins.writer import Writer, Written
from renkei.testing.kit.promise import NO_HTTP, NO_WRITES
from renkei.testing.opening import opened
from renkei.testing.proxy import Proxy, Request, Script
from renkei.text import comparable

if TYPE_CHECKING:
    from renkei.testing.kit.author import Author

TOKEN = "kit-token-0417"  # noqa: S105 - of a test system, and long enough to be found

NO_ADD = "The connector cannot write: give `add`, which puts person i into the system without it."

SECRET = pytest.StashKey[Secret]()
"""Where a test of the kit keeps the token that no report of it may show."""

E = TypeVar("E", bound=RenkeiError)
K = TypeVar("K")
V = TypeVar("V")


class Haste(Clock):
    """A clock whose waits take no time: what is slept is only counted."""

    slept_s = 0.0

    def monotonic(self) -> float:
        """Return seconds, those that were slept included."""
        return super().monotonic() + self.slept_s

    def sleep(self, seconds: float) -> None:
        """Go on at once."""
        self.slept_s += max(0.0, seconds)


class Listed(dict[K, V]):
    """What a list shows of people, by what they are asked for; nobody may be missing."""

    def __missing__(self, key: K) -> NoReturn:
        pytest.fail(f"the list leaves out {key!r}, who is in the system", pytrace=False)


@define(eq=False)
class Tenant:
    """
    An empty tenant with a connector before it; a proxy stands between if it is reached by HTTP.

    *staff* is the connector as the engine has it. *asserted* counts what has been looked at. What
    a check says never shows the token, which may be that of a trial tenant.
    """

    author: Author
    url: str | None
    proxy: Proxy | None
    stack: ExitStack
    asserted: int = 0
    staff: Writer = field(init=False)
    ids: dict[int, str] = field(factory=dict)

    @classmethod
    @contextmanager
    def opened(cls, author: Author, url: str | None) -> Iterator[Self]:
        """Open the connector of *author* before the tenant at *url*."""
        with ExitStack() as stack:
            # With a proxy in between faults are real bytes.
            http = url is not None and url.startswith(("http://", "https://"))
            proxy = stack.enter_context(Proxy(url)) if url is not None and http else None
            tenant = cls(author, url, proxy, stack)
            tenant.staff = tenant.open()
            yield tenant

    # -- the connector ---------------------------------------------------------------------------

    def open(self, **more: Any) -> Writer:  # noqa: ANN401 - as `opened` takes them
        """Open the connector once more; *more* is for :func:`renkei.testing.opened`."""
        given = {"token": TOKEN, "clock": self.clock(), **self.author.settings(self.url)}
        if self._is_here:
            given |= {"closed_hours": (), "limits": ()}
        given |= {"clock": self.clock(), **more}
        factory = self.author.factory
        address = None if self.proxy is None else self.proxy.url
        return self.stack.enter_context(opened(factory, address, **given))

    def clock(self) -> Clock:
        """Return a clock like the author's; on this computer its waits take no time."""
        given: Clock | None = self.author.settings(self.url).get("clock")
        if not self._is_here:
            return given or Clock()
        return Haste(None if given is None else given.now())

    @property
    def token(self) -> str:
        """The token that is sent."""
        return secret_of(self.author, self.url).reveal()

    def tokens(self, text: str) -> int:
        """Return how often *text* shows the token, in any form in which it is sent."""
        secret = secret_of(self.author, self.url)
        stars = repr(secret)
        # Hiding puts stars in the place of each; the text may have held stars before.
        return secret.hidden_in(text).count(stars) - text.count(stars)

    @property
    def _is_here(self) -> bool:
        host = urlsplit(self.url).hostname if self.url and self.proxy else None
        return host is None or is_loopback(host)

    @property
    def specs(self) -> tuple[FieldSpec, ...]:
        """The connector's own fields; the name of one that the engine works out begins with @."""
        return own(self.staff.fields)

    @property
    def names(self) -> list[str]:
        """The names of all fields."""
        return [spec.name for spec in self.specs]

    @property
    def number(self) -> str:
        """The name of the field that holds the number."""
        return next(spec.name for spec in self.specs if spec.role == "number")

    @property
    def writable(self) -> dict[str, FieldSpec]:
        """The fields that somebody can have written: those that can be sent, all of a source."""
        if self.staff.is_source_only:
            return {spec.name: spec for spec in self.specs}
        return {spec.name: spec for spec in self.specs if spec.write != "never"}

    @property
    def changeable(self) -> dict[str, FieldSpec]:
        """The fields that an update may change."""
        return {spec.name: spec for spec in self.specs if spec.write == "always"}

    def role(self, role: str) -> str | None:
        """Return the name of the field of this role, if it can be written."""
        for name, spec in self.writable.items():
            if spec.role == role:
                return name
        return None

    # -- people ----------------------------------------------------------------------------------

    def person(self, i: int, **changes: Value) -> dict[str, Value]:
        """Return what creates person *i*: their sample with *changes*, without what is empty."""
        values = {**self.author.sample(i), **changes}
        return {name: value for name, value in values.items() if value is not None}

    def create(self, i: int, **changes: Value) -> Written:
        """Let the connector create person *i*."""
        made = self.send(self.person(i, **changes))
        self.ids[i] = made.id
        return made

    def send(self, values: Values) -> Written:
        """Let the connector create somebody with these values."""
        self.needs_writes()
        if self.staff.in_batches:  # a file that was not read since it changed is not written
            self.found(Ref(number=str(values.get(self.number))))
        return self.staff.create_employee(values)

    def people(self, count: int) -> list[str]:
        """Have people 0 to *count* - 1 in the system; return their ids."""
        missing = [i for i in range(count) if i not in self.ids]
        if missing and self.staff.is_source_only and not self.author.gives("add"):
            pytest.fail(NO_ADD, pytrace=False)
        if missing and self.author.gives("add"):
            self._add(missing)
        else:
            for i in missing:
                self.create(i)
        return [self.ids[i] for i in range(count)]

    def _add(self, missing: Sequence[int]) -> None:
        """Let the author put people into the system; their ids are told by their numbers."""
        for i in missing:
            self.author.add(self.url, i)
        ids = Listed[Value, str]()
        for person in self.look().values():
            ids[person.values.get(self.number)] = person.id
        for i in missing:
            self.ids[i] = ids[self.author.sample(i)[self.number]]

    def listed(self, reader: Reader | None = None, fields: Sequence[str] = ()) -> list[Employee]:
        """Return the list as *reader* (or *staff*) has it now."""
        reader = reader or self.staff
        at = reader.connection.clock.today()
        return list(reader.list_employees(at, list(fields) or self.names))

    def look(self) -> dict[str, Employee]:
        """Return everybody by id, as a connector sees them that knows nothing from before."""
        found = Listed[str, Employee]()
        for person in self.listed(self.open()):
            found[person.id] = person
        return found

    def values(self) -> dict[str, Values]:
        """Return what a look tells of everybody, by id."""
        found = Listed[str, Values]()
        for identity, person in self.look().items():
            found[identity] = person.values
        return found

    def found(self, *refs: Ref, fields: Sequence[str] = ()) -> list[Employee]:
        """Return whom *refs* name."""
        at = self.staff.connection.clock.today()
        return self.staff.read_employees(refs, at, list(fields) or self.names)

    def update(self, person: str, changes: Values, fields: Sequence[str] = ()) -> Written:
        """Read somebody again, as the engine does before each write, and change them."""
        self.needs_writes()
        found = self.found(Ref(id=person), fields=fields)
        self.same(len(found), 1, "how many people a look-up by id finds before an update")
        return self.staff.update_employee(found[0], changes)

    def stored(self) -> Mapping[str, object] | None:
        """Return what the system stores, where the author can tell."""
        return self.author.raw(self.url) if self.author.gives("raw") else None

    # -- what is not there -----------------------------------------------------------------------

    def needs_writes(self) -> None:
        """Skip the check of a connector that only reads."""
        if self.staff.is_source_only:
            pytest.skip(NO_WRITES)

    def needs_http(self) -> Proxy:
        """Skip the check of a connector without HTTP; else return the proxy before the system."""
        if self.proxy is None:
            pytest.skip(NO_HTTP)
        return self.proxy

    @contextmanager
    def disturbed(self, script: Script) -> Iterator[list[Request]]:
        """Let the proxy follow *script* in the block; yield the requests of the block."""
        proxy = self.needs_http()
        seen: list[Request] = []

        def watched(request: Request) -> Any:  # noqa: ANN401 - a fault or None
            seen.append(request)
            return script(request)

        proxy.script, before = watched, proxy.script
        try:
            yield seen
        finally:
            proxy.script = before

    # -- asserting -------------------------------------------------------------------------------

    def holds(self, condition: object, said: str) -> None:
        """Fail the check with *said* unless *condition* holds."""
        self.asserted += 1
        if not condition:
            pytest.fail(secret_of(self.author, self.url).hidden_in(said), pytrace=False)

    def same(self, found: object, wanted: object, what: str) -> None:
        """Fail the check unless *what* is what it should be."""
        told = f"{what}: {_short(found)}, and it should be {_short(wanted)}"
        self.holds(found == wanted, told)

    def alike(self, found: Values, wanted: Values, whose: str) -> None:
        """Fail the check unless *found* says of every field what *wanted* says of it."""
        odd: list[str] = []
        for name, value in wanted.items():
            shown = found.get(name)
            if key(shown) != key(value):
                odd.append(f"{name} is {shown!r} instead of {value!r}")
        self.holds(not odd, f"{whose}: {'; '.join(odd)}")

    def raises(self, kind: type[E], work: Callable[[], object], what: str) -> E:
        """Fail the check unless *work* ends with an error of *kind*; return the error."""
        try:
            result = work()
        except RenkeiError as error:
            told = f"{what}: {type(error).__name__} ({error.message}), not {kind.__name__}"
            self.holds(isinstance(error, kind), told)
            if isinstance(error, kind):
                return error
        else:
            told = f"{what}: no error but {_short(result)}; it should be {kind.__name__}"
            self.holds(condition=False, said=told)
        raise AssertionError  # not reached: whatever does not hold has failed the check

    def changed_only(
        self, before: Mapping[str, Employee], person: str, changes: Values, what: str
    ) -> None:
        """Fail the check unless everybody is as *before*, but for *changes* of one *person*."""
        after = self.look()
        self.same(sorted(after), sorted(before), f"{what}: who is listed")
        writable = self.writable
        for identity, held in before.items():
            wanted = {name: value for name, value in held.values.items() if name in writable}
            if identity == person:
                wanted |= changes
            self.alike(after[identity].values, wanted, f"{what}: {identity}")


def secret_of(author: Author, url: str | None) -> Secret:
    """Return the token that *author* gives for the tenant at *url*."""
    return Secret(author.settings(url).get("token", TOKEN))


def own(specs: Iterable[FieldSpec]) -> tuple[FieldSpec, ...]:
    """Return those of *specs* that the connector itself describes."""
    return tuple(spec for spec in specs if not spec.name.startswith("@"))


def key(value: Value) -> Value:
    """Return what counts when values are compared: not the width of letters, nor outer spaces."""
    return comparable(value) if isinstance(value, str) else value


def _short(value: object) -> str:
    """Return *value* as a message can hold it."""
    return textwrap.shorten(repr(value), 300, placeholder=" …")
