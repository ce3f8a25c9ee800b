"""Checks of how a connector behaves: hours, limits, secrets, and several threads at a time."""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest

from renkei.connector import JST, ClosedError, Ref, RenkeiError, RequestLimit
from renkei.testing.kit.promise import promise
from renkei.testing.kit.tenant import Haste, Tenant
from renkei.testing.proxy import Fault, Hold, Request, Script, refusal
from renkei.words.i18n import N_

NO_HOURS = N_("It declares no closed hours.")
NOT_PARALLEL = N_("It does not say that it may be called from several threads.")
MANY = 6


class ConductChecks:
    """What a connector owes its system, and the people in it."""

    @promise(N_("In its closed hours nothing is sent."))
    def test_closed_hours_are_kept(self, tenant: Tenant) -> None:
        tenant.needs_http()
        if not (hours := tenant.staff.closed_hours):
            pytest.skip(NO_HOURS)
        today = tenant.staff.connection.clock.today()
        for each in hours:
            clock = Haste(dt.datetime.combine(today, each.start, JST) + dt.timedelta(seconds=1))
            # None: those that it declares; otherwise a tenant on this computer has none.
            reader = tenant.open(closed_hours=None, clock=clock)
            with tenant.disturbed(lambda _request: None) as requests:
                work = lambda reader=reader: tenant.listed(reader)  # noqa: E731
                tenant.raises(ClosedError, work, f"a list at {each}")
            tenant.same(requests, [], f"requests at {each}")

    @promise(N_("Every request keeps to the request limits."))
    def test_limits_are_kept(self, tenant: Tenant) -> None:
        tenant.needs_http()
        [identity, *_rest] = tenant.people(2)
        clock, times = Haste(), list[float]()
        reader = tenant.open(clock=clock, limits=(RequestLimit(2, 60.0),))
        today = clock.today()
        with tenant.disturbed(lambda _request: times.append(clock.monotonic())):
            for _ in range(3):
                tenant.listed(reader)
                reader.read_employees([Ref(id=identity)], today, tenant.names)
        near: list[float] = []
        for at, next_but_one in zip(times, times[2:], strict=False):
            between = next_but_one - at
            if between < 59:
                near.append(between)
        tenant.same(near, [], "seconds between a request and the next but one, with two a minute")

    @promise(N_("No message holds a token or a person's value, whatever the system says."))
    def test_messages_hold_no_secret(self, tenant: Tenant) -> None:
        tenant.needs_http()
        tenant.people(1)
        values = list(_values(tenant))
        said = {"error": tenant.token, "message": " ".join(values), "errors": values}
        for status in (400, 401, 404, 500):
            for error in _errors(tenant, partial(_refused, status, said)):
                fields = getattr(error, "fields", ())
                texts = " ".join(map(str, (error.message, error.hint, error.where, *fields)))
                told = "***" in texts or tenant.tokens(texts)
                tenant.holds(not told, f"an error after {status} holds the token")
                odd = [value for value in values if value in texts]
                tenant.same(odd, [], f"values of a person in an error after {status}")

    @promise(N_("Nothing is printed or logged, and no address holds the token."))
    def test_nothing_is_printed(
        self,
        tenant: Tenant,
        capfd: pytest.CaptureFixture[str],
        caplog: pytest.LogCaptureFixture,
    ) -> None:
        capfd.readouterr()
        [identity, _other] = tenant.people(2)
        tenant.look()
        if tenant.changeable and not tenant.staff.is_source_only:
            name = next(iter(tenant.changeable))
            tenant.update(identity, {name: tenant.author.other(name, 0)})
        out, err = capfd.readouterr()
        tenant.same(tenant.tokens(out + err), 0, "how often the token was printed")
        tenant.same((out, err), ("", ""), "what was printed")
        tenant.same(tenant.tokens(caplog.text), 0, "how often the token was logged")
        said = [value for value in _values(tenant) if value in caplog.text]
        tenant.same(said, [], "what was logged")
        requests = tenant.proxy.requests if tenant.proxy else []
        shown = [request.method for request in requests if tenant.tokens(request.path)]
        tenant.same(shown, [], "requests with the token in their address")

    @promise(N_("People who are written at the same time are not mixed up."))
    def test_writes_at_the_same_time_are_apart(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        if "writes" not in tenant.staff.in_parallel:
            pytest.skip(NOT_PARALLEL)
        with ThreadPoolExecutor(MANY) as pool, _together(tenant):
            made = list(pool.map(tenant.create, range(MANY)))
        shown = tenant.look()
        ids = {each.id for each in made}
        tenant.same(sorted(shown), sorted(ids), "who was created")
        for i, each in enumerate(made):
            tenant.alike(shown[each.id].values, tenant.person(i), f"person {i} of several")
        if not tenant.changeable:
            return
        name = next(iter(tenant.changeable))
        changes = [{name: tenant.author.other(name, i)} for i in range(MANY)]
        people = [shown[each.id] for each in made]
        with ThreadPoolExecutor(MANY) as pool, _together(tenant):
            list(pool.map(tenant.staff.update_employee, people, changes))
        after = tenant.look()
        for i, person in enumerate(people):
            wanted = {**person.values, **changes[i]}
            tenant.alike(after[person.id].values, wanted, f"person {i} of several, changed")


@contextmanager
def _together(tenant: Tenant) -> Iterator[None]:
    """Hold the answers to writes in the block until some are on their way, or for a moment."""
    if tenant.proxy is None:
        yield
        return
    enough, writes = threading.Event(), list[Request]()

    def hold(request: Request) -> Fault | None:
        if request.writes:
            writes.append(request)
        if len(writes) >= MANY:
            enough.set()
        return Hold(enough) if request.writes else None

    timer = threading.Timer(0.3, enough.set)
    timer.start()
    try:
        with tenant.disturbed(hold):
            yield
    finally:
        timer.cancel()
        enough.set()


def _refused(status: int, said: object, _request: Request) -> Fault:
    return refusal(status, said)


def _values(tenant: Tenant) -> Iterator[str]:
    """Yield what tells who person 0 is, as text."""
    for name, value in tenant.person(0).items():
        text = value.isoformat() if isinstance(value, dt.date) else str(value)
        # Anything shorter, or a word of a list, may be in a message by chance.
        telling = len(text) > 2 and tenant.writable[name].allowed is None
        if telling and text != tenant.token:  # the token is looked for by itself
            yield text


def _errors(tenant: Tenant, script: Script) -> Iterator[RenkeiError]:
    """Yield the error that each hook ends with while every request follows *script*."""
    [person] = tenant.look().values()
    name = next(iter(tenant.changeable), tenant.number)
    changes = {name: tenant.author.other(name, 0)} if tenant.changeable else {}
    works: list[Callable[[], object]] = [
        tenant.listed,
        lambda: tenant.found(Ref(id=person.id)),
        lambda: tenant.found(Ref(number=str(person.values[tenant.number]))),
        tenant.staff.check,
    ]
    if not tenant.staff.is_source_only:
        works.append(lambda: tenant.create(0))
        works.append(lambda: tenant.staff.update_employee(person, changes))
    with tenant.disturbed(script):
        for work in works:
            try:
                work()
            except RenkeiError as error:
                yield error
