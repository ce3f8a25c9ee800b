"""Checks of looking people up: what is not found is created again, so nobody may be missed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from contextlib import suppress

import pytest

from renkei.connector import Employee, RecordError, Ref
from renkei.testing.kit.promise import NOTHING_CHANGES, promise
from renkei.testing.kit.tenant import Tenant
from renkei.words.i18n import N_

NO_LONGER = N_("The system takes no two numbers of which one begins with the other.")


class LookUpChecks:
    """What settles a doubt, and what is asked right before each write."""

    @promise(N_("Somebody looked up by id is as in the list."))
    def test_a_look_up_by_id_agrees_with_the_list(self, tenant: Tenant) -> None:
        ids = tenant.people(3)
        whole = tenant.look()
        for identity in ids:
            found = tenant.found(Ref(id=identity))
            tenant.same(_ids(found), [identity], "who is found by id")
            tenant.same(found[0].values, whole[identity].values, "somebody looked up by id")

    @promise(N_("Somebody looked up by number is as in the list."))
    def test_a_look_up_by_number_agrees_with_the_list(self, tenant: Tenant) -> None:
        ids = tenant.people(3)
        whole = tenant.look()
        for i, identity in enumerate(ids):
            found = tenant.found(Ref(number=_number(tenant, i)))
            tenant.same(_ids(found), [identity], "who is found by number")
            tenant.same(found[0].values, whole[identity].values, "somebody looked up by number")

    @promise(N_("Many are looked up at once, by id and by number, and nobody is missed."))
    def test_many_are_looked_up_at_once(self, tenant: Tenant) -> None:
        ids = tenant.people(12)
        refs = [Ref(id=identity) for identity in ids[:6]]
        refs += [Ref(number=_number(tenant, i)) for i in range(4, 12)]
        found = tenant.found(*refs, Ref(number="0417-nobody"))
        tenant.same(sorted(set(_ids(found))), sorted(ids), "who is found among many")

    @promise(N_("One field is enough to look somebody up."))
    def test_a_look_up_needs_one_field(self, tenant: Tenant) -> None:
        [identity, _other] = tenant.people(2)
        found = tenant.found(Ref(id=identity), fields=[tenant.number])
        wanted = {tenant.number: tenant.look()[identity].values[tenant.number]}
        tenant.same([dict(p.values) for p in found], [wanted], "the number alone, by id")

    @promise(N_("Whoever is not there is nobody, by id and by number: no error, nobody else."))
    def test_nobody_is_nobody(self, tenant: Tenant) -> None:
        ids = tenant.people(3)
        unknown = re.sub(r"\d", "9", ids[0])
        unknown = unknown if unknown not in ids else f"{unknown}9"
        absent = _number(tenant, tenant.author.past_a_page)
        tenant.same(tenant.found(Ref(id=unknown)), [], "who is found by an id that nobody has")
        tenant.same(tenant.found(Ref(number=absent)), [], "who is found by a number of nobody")

    @promise(N_("Of two numbers that begin alike, the one that was asked for is found."))
    def test_a_number_is_found_exactly(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        number, ids = _number(tenant, 0), dict[str, str]()
        # The longer number comes first, so that a search for how it begins would find it.
        with suppress(RecordError):
            ids[f"{number}7"] = tenant.create(1, **{tenant.number: f"{number}7"}).id
        ids[number] = tenant.create(0).id
        if len(ids) < 2 and (shorter := number[:-1]):
            with suppress(RecordError):
                ids[shorter] = tenant.create(1, **{tenant.number: shorter}).id
        if len(ids) < 2:
            pytest.skip(NO_LONGER)
        for each, identity in ids.items():
            found = tenant.found(Ref(number=each))
            tenant.same(_ids(found), [identity], f"who is found as {each!r}")

    @promise(N_("A look-up shows at once what has been changed."))
    def test_a_look_up_is_fresh(self, tenant: Tenant) -> None:
        [identity] = tenant.people(1)
        if not tenant.changeable:
            pytest.skip(NOTHING_CHANGES)
        name = next(iter(tenant.changeable))
        tenant.found(Ref(id=identity), Ref(number=_number(tenant, 0)))
        value = tenant.author.other(name, 0)
        tenant.update(identity, {name: value})
        for ref in (Ref(id=identity), Ref(number=_number(tenant, 0))):
            [person] = tenant.found(ref)
            tenant.alike(person.values, {name: value}, "somebody looked up after a change")


def _ids(people: Iterable[Employee]) -> list[str]:
    return [person.id for person in people]


def _number(tenant: Tenant, i: int) -> str:
    """Return the number of person *i*."""
    return str(tenant.author.sample(i)[tenant.number])
