"""Checks of what goes wrong between connector and system: never a short list, never two creates."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from renkei.connector import (
    AccessError,
    AnswerError,
    Employee,
    InDoubtError,
    RecordError,
    Ref,
    RenkeiError,
    UnavailableError,
)
from renkei.errors import ConnectorError, SystemFault
from renkei.testing.kit.promise import NOTHING_CHANGES, promise
from renkei.testing.kit.tenant import Tenant
from renkei.testing.proxy import Cut, Fault, Instead, Reply, Request, refusal
from renkei.words.i18n import N_

REFUSALS: dict[int, type[RenkeiError]] = {
    401: AccessError,
    403: AccessError,
    429: UnavailableError,
    500: UnavailableError,
    503: UnavailableError,
}
NONSENSE = {
    "web_page": (b"text/html", b"<html>maintenance</html>"),
    "object": (b"application/json", b"{}"),
    "null": (b"application/json", b"null"),
    "text": (b"application/json", b'"busy"'),
}
_HALF = Instead(lambda answer: answer[: -max(1, len(answer.partition(b"\r\n\r\n")[2]) // 2)])


class FaultChecks:
    """Each with a proxy between connector and system; a connector without HTTP skips them."""

    @promise(N_("A refused list is an error, and never an empty list."))
    @pytest.mark.parametrize("status", REFUSALS)
    def test_a_refused_list_is_an_error(self, tenant: Tenant, status: int) -> None:
        tenant.needs_http()
        tenant.people(2)
        with tenant.disturbed(lambda _request: refusal(status)):
            what = f"a list that is refused with {status}"
            tenant.raises(REFUSALS[status], tenant.listed, what)

    @promise(N_("A refused look-up is an error, and never nobody."))
    @pytest.mark.parametrize("status", REFUSALS)
    def test_a_refused_look_up_is_an_error(self, tenant: Tenant, status: int) -> None:
        tenant.needs_http()
        ids = tenant.people(2)
        number = str(tenant.author.sample(0)[tenant.number])
        with tenant.disturbed(lambda _request: refusal(status)):
            for ref in (Ref(id=ids[0]), Ref(number=number)):
                work = lambda ref=ref: tenant.found(ref)  # noqa: E731
                what = f"a look-up of {ref} that is refused with {status}"
                tenant.raises(REFUSALS[status], work, what)

    @promise(N_("A request that is refused once for want of room is sent again."))
    @pytest.mark.parametrize("status", [429, 503])
    def test_a_short_trouble_passes(self, tenant: Tenant, status: int) -> None:
        tenant.needs_http()
        tenant.people(2)
        whole = tenant.listed()
        seen: list[Request] = []

        def once(request: Request) -> Fault | None:
            seen.append(request)
            return refusal(status) if len(seen) == 1 else None

        with tenant.disturbed(once):
            tenant.same(tenant.listed(), whole, f"the list after one {status}")

    @promise(N_("A list whose end cannot be read is an error, and never a shorter list."))
    @pytest.mark.parametrize("fault", ["status_500", "status_404", "cut", "nonsense"])
    def test_a_failing_page_is_an_error(self, tenant: Tenant, fault: str) -> None:
        tenant.needs_http()
        tenant.people(tenant.author.past_a_page)
        with tenant.disturbed(lambda _request: None) as requests:
            tenant.listed(tenant.open())  # one that has learnt nothing yet, here and below
        count = len(requests)
        faults: dict[str, Fault] = {
            "status_500": refusal(500),
            "status_404": refusal(404),
            "cut": _HALF,
            "nonsense": _answer(*NONSENSE["object"]),
        }
        seen: list[Request] = []

        def last(request: Request) -> Fault | None:
            seen.append(request)
            return faults[fault] if len(seen) >= count else None  # whatever is tried again, too

        reader = tenant.open()
        with tenant.disturbed(last):
            what = f"a list with {fault} at its end"
            error = tenant.raises(SystemFault, lambda: tenant.listed(reader), what)
        tenant.holds(not isinstance(error, ConnectorError), f"{fault}: {error.message}")

    @promise(N_("An answer that is no list is an error, and never an empty list."))
    @pytest.mark.parametrize("kind", NONSENSE)
    def test_nonsense_is_no_list(self, tenant: Tenant, kind: str) -> None:
        tenant.needs_http()
        tenant.people(1)
        with tenant.disturbed(lambda _request: _answer(*NONSENSE[kind])):
            tenant.raises(AnswerError, tenant.listed, f"a list that is answered with {kind}")

    @promise(N_("A refused write is told, and nothing is stored."))
    @pytest.mark.parametrize("status", [400, 403, 409, 422, 429])
    def test_a_refused_write_is_told(self, tenant: Tenant, status: int) -> None:
        tenant.needs_http()
        [identity, _other] = tenant.people(2)
        before = tenant.look()
        kind = REFUSALS.get(status, RecordError)
        with tenant.disturbed(lambda request: refusal(status) if request.writes else None):
            what = f"a create that is refused with {status}"
            tenant.raises(kind, lambda: tenant.create(5), what)
            if tenant.changeable:
                what = f"an update that is refused with {status}"
                tenant.raises(kind, _an_update(tenant, before[identity]), what)
        tenant.changed_only(before, identity, {}, f"after writes that were refused with {status}")

    @promise(N_("A create without an answer is in doubt, sent once, and found by its number."))
    @pytest.mark.parametrize("lost", ["answer", "status_500", "half"])
    def test_a_lost_create_is_in_doubt(self, tenant: Tenant, lost: str) -> None:
        tenant.needs_http()
        tenant.people(1)
        faults: dict[str, Fault] = {"answer": Cut(0), "status_500": _failed(), "half": _HALF}
        with tenant.disturbed(lambda request: faults[lost] if request.writes else None) as requests:
            tenant.raises(InDoubtError, lambda: tenant.create(1), f"a create with a lost {lost}")
        writes = [request for request in requests if request.writes]
        tenant.same(len(writes), 1, "how often a create without an answer was sent")
        number = str(tenant.author.sample(1)[tenant.number])
        found = tenant.found(Ref(number=number))
        tenant.same(len(found), 1, "how many people the look-up finds after a lost answer")
        tenant.alike(found[0].values, tenant.person(1), "somebody whose answer was lost")
        tenant.same(len(tenant.look()), 2, "how many people there are after a lost answer")

    @promise(N_("An update without an answer is told or tried again, and changes nothing else."))
    def test_a_lost_update_does_no_harm(self, tenant: Tenant) -> None:
        tenant.needs_http()
        tenant.needs_writes()
        [identity, _other] = tenant.people(2)
        if not tenant.changeable:
            pytest.skip(NOTHING_CHANGES)
        before = tenant.look()
        name, lost = next(iter(tenant.changeable)), []

        def once(request: Request) -> Fault | None:
            if request.writes:
                lost.append(request)
            return Cut(0) if request.writes and len(lost) == 1 else None

        with tenant.disturbed(once):
            try:
                _an_update(tenant, before[identity])()
            except RenkeiError as error:
                told = isinstance(error, InDoubtError)
                tenant.holds(told, f"an update with a lost answer: {error.message}")
        tenant.holds(0 < len(lost) <= 3, f"an update with a lost answer was sent {len(lost)} times")
        changes = {name: tenant.author.other(name, 0)}
        tenant.changed_only(before, identity, changes, "after an update with a lost answer")


def _an_update(tenant: Tenant, person: Employee) -> Callable[[], object]:
    """Return what changes the first field of *person*, who is person 0."""
    name = next(iter(tenant.changeable))
    changes = {name: tenant.author.other(name, 0)}
    return lambda: tenant.staff.update_employee(person, changes)


def _answer(kind: bytes, body: bytes) -> Reply:
    """Return a good answer of this content."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + kind
    return Reply(head + b"\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def _failed() -> Instead:
    """Return a fault: the system does its work, and then says that it has failed."""
    raw = refusal(500).raw
    return Instead(lambda _answer: raw)
