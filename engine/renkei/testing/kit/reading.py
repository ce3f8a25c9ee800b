"""Checks of the list: everybody, once, as they are now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import pytest

from renkei.connector import Employee, Value, Values
from renkei.testing.kit.promise import promise
from renkei.testing.kit.tenant import Tenant
from renkei.words.i18n import N_

NO_LEFT = N_("Nobody can be made to leave: no writable field tells it.")
NO_LEAVER = N_("Nobody among the first samples has left.")
SOME = 12
"""Among this many samples there should be somebody who has left."""
NOTHING_HIDDEN = N_("The author cannot hide a field: the system shows all, or cannot be told.")
NO_HIRED = N_("Nobody can be hired later: no writable field has the role hired.")


class ReadingChecks:
    """What a fetch stands on."""

    @promise(N_("An empty system has an empty list."))
    def test_an_empty_system_lists_nobody(self, tenant: Tenant) -> None:
        tenant.same(len(tenant.listed()), 0, "people in an empty tenant")

    @promise(N_("Everybody is listed once, also past the end of a page."))
    def test_everybody_is_listed_once(self, tenant: Tenant) -> None:
        ids = tenant.people(tenant.author.past_a_page)
        listed = [person.id for person in tenant.listed(tenant.open())]
        tenant.same(len(listed), len(set(listed)), "how many different people are listed")
        tenant.same(sorted(set(ids) - set(listed)), [], "people who are missing from the list")
        tenant.same(sorted(set(listed) - set(ids)), [], "people whom nobody has created")

    @promise(N_("The list says the same when it is read again."))
    def test_the_list_is_stable(self, tenant: Tenant) -> None:
        tenant.people(3)
        first = _by_id(tenant.listed())
        again = _by_id(tenant.listed())
        tenant.same(again, first, "the list when it is read again")

    @promise(N_("The list shows at once who has been added and what has been changed."))
    def test_the_list_is_fresh(self, tenant: Tenant) -> None:
        tenant.people(2)
        reader, before = tenant.open(), tenant.staff
        tenant.listed(reader)
        [*_rest, new] = tenant.people(3)
        listed = _by_id(tenant.listed(reader))
        tenant.holds(new in listed, "somebody who was added is not in the list when it is read")
        sample = tenant.author.sample(0)
        filled = [name for name in tenant.changeable if sample[name] is not None]
        if not filled or tenant.staff.is_source_only:
            return
        name = filled[0]
        tenant.staff = tenant.open()
        tenant.update(tenant.ids[0], {name: tenant.author.other(name, 0)})
        tenant.staff = before
        listed = _by_id(tenant.listed(reader))
        wanted = {name: tenant.author.other(name, 0)}
        tenant.alike(listed[tenant.ids[0]], wanted, "the list after a change")

    @promise(N_("People who have left stay in the list, and can be looked up."))
    def test_people_who_left_are_listed(self, tenant: Tenant) -> None:
        i, who = _somebody_who_left(tenant)
        tenant.holds(who in tenant.look(), "somebody who has left is not in the list")
        from renkei.connector import Ref

        number = str(tenant.author.sample(i)[tenant.number])
        for ref, by in ((Ref(id=who), "id"), (Ref(number=number), "number")):
            found = [person.id for person in tenant.found(ref)]
            tenant.same(found, [who], f"somebody who has left, looked up by {by}")

    @promise(N_("People whose first day is still to come are in the list."))
    def test_future_people_are_listed(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        hired, left = tenant.role("hired"), tenant.role("left")
        if hired is None:
            pytest.skip(NO_HIRED)
        later = tenant.staff.connection.clock.today() + dt.timedelta(30)
        days: dict[str, Value] = {hired: later}
        if left is not None:
            days[left] = None
        made = tenant.create(0, **days)
        tenant.holds(made.id in tenant.look(), "somebody with a first day to come is not listed")

    @promise(N_("A field can be asked for alone, and then has the value that it has in the list."))
    def test_one_field_is_enough(self, tenant: Tenant) -> None:
        tenant.people(2)
        whole = tenant.look()
        for name in tenant.names:
            alone = _by_id(tenant.listed(fields=[name]))
            wanted = {i: _only(name, person.values) for i, person in whole.items()}
            tenant.same(alone, wanted, f"{name}, asked for alone")
            if name not in tenant.writable:
                continue
            for i, identity in tenant.ids.items():
                sent = {name: tenant.author.sample(i)[name]}
                tenant.alike(alone[identity], sent, f"person {i}, asked for {name} alone")

    @promise(N_("A field that the token may not read is unknown, and not empty."))
    def test_what_is_hidden_is_unknown(self, tenant: Tenant) -> None:
        if not tenant.author.gives("hide"):
            pytest.skip(NOTHING_HIDDEN)
        [who] = tenant.people(1)
        sample, shown = tenant.person(0), tenant.look()[who].values
        filled = [name for name in sample if shown.get(name) is not None]
        tenant.holds(filled, "the list shows no value of person 0 that could be hidden")
        for name in filled:
            tenant.author.hide(tenant.url, name)
        # the number may be what the system finds somebody by, and hide them altogether
        for person in tenant.listed(tenant.open()):
            told = sorted(name for name in filled if name in person.values)
            tenant.same(told, [], "fields that the token may not read, and are told all the same")

    @promise(N_("Reading changes nothing, and asks for nothing that a fetch may not."))
    def test_reading_writes_nothing(self, tenant: Tenant) -> None:
        ids = tenant.people(2)
        before, stored = tenant.values(), tenant.stored()
        free = _writes_while_reading(tenant, ids, read_only=False)
        held = _writes_while_reading(tenant, ids, read_only=True)
        tenant.same(free, held, "requests that only leave where writing is allowed")
        tenant.same(tenant.values(), before, "everybody, after reading")
        tenant.same(tenant.stored(), stored, "what the system stores, after reading")

    @promise(N_("What it offers for new employees names its fields, with different choices."))
    def test_choices_belong_to_fields(self, tenant: Tenant) -> None:
        offered = tenant.staff.new_employee_fields()
        unknown = [new.name for new in offered if new.name not in tenant.writable]
        tenant.same(unknown, [], "offered fields that cannot be written")
        for new in offered:
            codes = [choice.code for choice in new.choices]
            tenant.holds(codes, f"{new.name} is offered without a choice")
            tenant.same(len(set(codes)), len(codes), f"how many different codes {new.name} has")


def _by_id(people: Iterable[Employee]) -> dict[str, Values]:
    """Return what is told of each of *people*."""
    return {person.id: person.values for person in people}


def _only(name: str, values: Values) -> Values:
    """Return field *name* of *values* alone; nothing if it is not known."""
    return {name: values[name]} if name in values else {}


def _somebody_who_left(tenant: Tenant) -> tuple[int, str]:
    """Return who has left and their id: made so by the author, or by what tells it."""
    if tenant.author.gives("retire"):
        [who] = tenant.people(1)
        tenant.author.retire(tenant.url, 0)
        return 0, who
    today = tenant.staff.connection.clock.today()
    told: dict[str, Value] = {
        "left": today - dt.timedelta(40),
        "retired": True,
        "employed": False,
    }
    gone: dict[str, Value] = {}
    for role, each in told.items():
        name = tenant.role(role)
        if name is not None:
            gone[name] = each
    if not gone:
        pytest.skip(NO_LEFT)
    if not tenant.staff.is_source_only:
        hired = tenant.role("hired")
        since = {hired: today - dt.timedelta(400)} if hired else {}
        return 0, tenant.create(0, **gone, **since).id
    for i in range(SOME):
        sample = tenant.author.sample(i)
        for name, each in gone.items():
            if _tells(sample[name], each, today):
                return i, tenant.people(i + 1)[i]
    pytest.skip(NO_LEAVER)


def _tells(value: Value, gone: Value, today: dt.date) -> bool:
    """Return whether *value* is that of somebody who has left, as *gone* is."""
    return value < today if isinstance(value, dt.date) else value == gone


def _writes_while_reading(tenant: Tenant, ids: list[str], *, read_only: bool) -> list[str]:
    """Read in every way there is; return the requests that are no plain reads."""
    from renkei.connector import Ref

    reader = tenant.open(read_only=read_only)
    today = reader.connection.clock.today()
    seen = len(tenant.proxy.requests) if tenant.proxy else 0
    tenant.listed(reader)
    reader.read_employees([Ref(id=ids[0])], today, tenant.names)
    reader.read_employees([Ref(number="0417-nobody")], today, tenant.names)
    reader.new_employee_fields()
    reader.account_name()
    reader.check()
    requests = tenant.proxy.requests[seen:] if tenant.proxy else []
    return sorted(f"{each.method} {each.path}" for each in requests if each.writes)
