"""Checks of writing: what was sent is stored, all of it, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TypeVar

import pytest
from attrs import evolve

from renkei.connector import FieldSpec, RecordError, Ref, RenkeiError, Value
from renkei.mapping.values import parse
from renkei.testing.kit.promise import NOTHING_CHANGES, promise
from renkei.testing.kit.tenant import Tenant
from renkei.words.i18n import N_

NOTHING_CLEARS = N_("No field can be emptied.")
NOTHING_LIMITED = N_("No field has a limited length.")
ONE_CHANGES = N_("Only one field can be changed.")
NO_CHOICES = N_("It offers no choices for new employees.")
NO_ANSWER = N_("Its writes return no employee; the engine reads them back.")

T = TypeVar("T")


class WritingChecks:
    """What a sync stands on."""

    @promise(N_("A create makes exactly one person, and returns their id."))
    def test_a_create_makes_exactly_one_person(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        tenant.people(2)
        before, stored = tenant.values(), tenant.stored()
        made = tenant.create(2)
        after, kept = tenant.values(), tenant.stored()
        new = sorted(set(after) - set(before))
        tenant.same(new, [made.id], "who is new after a create")
        tenant.same(_of(before, after), before, "the others, after a create")
        if stored is not None and kept is not None:
            tenant.same(sorted(set(kept) - set(stored)), [made.id], "who is stored since")
            others = _of(stored, kept)
            tenant.same(others, dict(stored), "what is stored of the others, after a create")

    @promise(N_("A create stores every field that was sent."))
    def test_a_create_stores_every_field(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        for i in range(2):
            made = tenant.create(i)
            tenant.alike(tenant.look()[made.id].values, tenant.person(i), f"person {i}, created")
            said = "".join(_texts((tenant.stored() or {}).get(made.id)))
            absent: list[str] = []
            for name, text in _free_texts(tenant, i):
                if said and text not in said:
                    absent.append(name)
            tenant.same(absent, [], f"fields of person {i} that raw(url) does not show as sent")

    @promise(N_("What is required is enough, and nothing is invented for the rest."))
    def test_the_required_fields_are_enough(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        person = tenant.person(0)
        values: dict[str, Value] = {}
        for name, spec in tenant.writable.items():
            is_needed = spec.required or spec.wanted
            if is_needed and name in person:
                values[name] = person[name]
        made = tenant.send(values)
        shown = tenant.look()[made.id].values
        tenant.alike(shown, values, "somebody with the required fields only")
        rest = [name for name in tenant.writable if name not in values]
        invented = [name for name in rest if shown.get(name) not in (None, False)]
        tenant.same(invented, [], "fields that were not sent, and have a value")

    @promise(N_("Without one of the required fields nobody is created, and that is told."))
    def test_required_fields_are_required(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        required = [name for name, spec in tenant.writable.items() if spec.required]
        tenant.holds(required, "no field is required: who is somebody without a number or a name?")
        for name in required:
            values = tenant.person(0)
            values.pop(name, None)
            what = f"a create without {name}"
            tenant.raises(RecordError, lambda v=values: tenant.send(v), what)  # type: ignore[misc]
        tenant.same(sorted(tenant.look()), [], "people who were created without a required field")

    @promise(N_("Each offered choice is taken as it is offered."))
    def test_offered_choices_are_taken(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        offered = tenant.staff.new_employee_fields()
        if not offered:
            pytest.skip(NO_CHOICES)
        i = 0
        for new in offered:
            for choice in new.choices[:2]:
                made = tenant.create(i, **{new.name: choice.code})
                shown = tenant.look()[made.id].values
                wanted = {new.name: parse(choice.code, tenant.writable[new.name].type)}
                tenant.alike(shown, wanted, f"person {i}, created with a choice")
                i += 1

    @promise(N_("An update changes that field of that person, and nothing else."))
    def test_an_update_changes_that_field_only(self, tenant: Tenant) -> None:
        for name in _changeable(tenant):
            ids = tenant.people(3)
            before, stored = tenant.look(), tenant.stored()
            changes = {name: tenant.author.other(name, 1)}
            tenant.update(ids[1], changes)
            tenant.changed_only(before, ids[1], changes, f"an update of {name}")
            _nothing_lost(tenant, stored, ids[1], before[ids[1]].values.get(name), name)

    @promise(N_("An update needs no other field than those that it changes."))
    def test_an_update_needs_no_other_field(self, tenant: Tenant) -> None:
        names = _changeable(tenant)
        ids = tenant.people(2)
        before = tenant.look()
        changes = {name: tenant.author.other(name, 0) for name in names[:2]}
        tenant.update(ids[0], changes, fields=[tenant.number, *changes])
        tenant.changed_only(before, ids[0], changes, "an update of somebody of whom little is read")

    @promise(N_("An update takes people as the list shows them, and changes many fields at once."))
    def test_an_update_takes_people_from_the_list(self, tenant: Tenant) -> None:
        names = _changeable(tenant)
        ids = tenant.people(2)
        before = tenant.look()
        changes = {name: tenant.author.other(name, 0) for name in names}
        tenant.staff.update_employee(before[ids[0]], changes)
        tenant.changed_only(before, ids[0], changes, "an update of every field")

    @promise(N_("An update stands on people as they were read last, not as they once were."))
    def test_an_update_stands_on_the_last_look(self, tenant: Tenant) -> None:
        names = _changeable(tenant)
        if len(names) < 2:
            pytest.skip(ONE_CHANGES)
        [identity] = tenant.people(1)
        first, second = names[:2]
        theirs = {first: tenant.author.other(first, 0)}
        ours = {second: tenant.author.other(second, 0)}
        writer, today = tenant.open(), tenant.staff.connection.clock.today()
        tenant.listed(writer)
        tenant.update(identity, theirs)  # by somebody else
        [current] = writer.read_employees([Ref(id=identity)], today, tenant.names)
        before = tenant.look()
        writer.update_employee(current, ours)
        tenant.changed_only(before, identity, ours, "an update after somebody else's")

    @promise(N_("What may be emptied is emptied, and nothing else is."))
    def test_fields_are_emptied(self, tenant: Tenant) -> None:
        clearable = [name for name in _changeable(tenant) if tenant.changeable[name].clearable]
        if not clearable:
            pytest.skip(NOTHING_CLEARS)
        ids = tenant.people(2)
        for name in clearable:
            if tenant.look()[ids[0]].values.get(name) is None:
                tenant.update(ids[0], {name: tenant.author.other(name, 0)})
            before = tenant.look()
            tenant.update(ids[0], {name: None})
            tenant.changed_only(before, ids[0], {name: None}, f"after {name} was emptied")

    @promise(N_("Somebody who is gone is refused, and is not created by an update."))
    def test_nobody_is_not_updated(self, tenant: Tenant) -> None:
        name = _changeable(tenant)[0]
        [identity] = tenant.people(1)
        before = tenant.look()
        gone = evolve(before[identity], id=f"{identity}9")
        changes = {name: tenant.author.other(name, 0)}
        work = lambda: tenant.staff.update_employee(gone, changes)  # noqa: E731
        tenant.raises(RecordError, work, "an update of somebody who is not there")
        tenant.changed_only(before, identity, {}, "after an update of somebody who is not there")

    @promise(N_("What a write returns is what the system has."))
    def test_the_answer_of_a_write_is_true(self, tenant: Tenant) -> None:
        name = _changeable(tenant)[0]
        made = tenant.create(0)
        if made.employee is not None:
            shown = tenant.look()[made.id].values
            tenant.alike(shown, made.employee.values, "what a create returned")
        changes = {name: tenant.author.other(name, 0)}
        answer = tenant.update(made.id, changes)
        if answer.employee is not None:
            shown = tenant.look()[made.id].values
            tenant.alike(shown, answer.employee.values, "what an update returned")
        if made.employee is answer.employee is None:
            pytest.skip(NO_ANSWER)

    @promise(N_("Somebody who was created is found by number at once."))
    def test_whoever_was_created_is_found(self, tenant: Tenant) -> None:
        for i in range(3):
            made = tenant.create(i)
            number = str(tenant.person(i)[tenant.number])
            found = [person.id for person in tenant.found(Ref(number=number))]
            tenant.same(found, [made.id], f"who is found as {number!r}")

    @promise(N_("A text as long as the field allows is stored whole, or refused."))
    def test_the_longest_text_is_stored_whole(self, tenant: Tenant) -> None:
        tenant.needs_writes()
        limited = [name for name, spec in tenant.writable.items() if spec.max_length]
        if not limited:
            pytest.skip(NOTHING_LIMITED)
        tenant.people(1)
        for i, name in enumerate(limited, 1):
            if name in tenant.changeable:
                _update_at_length(tenant, name)
            else:
                _create_at_length(tenant, i, name)


def _free_texts(tenant: Tenant, i: int) -> Iterator[tuple[str, str]]:
    """Yield the texts of person *i* that stand for nothing but themselves, with their fields."""
    for name, value in tenant.person(i).items():
        if isinstance(value, str) and tenant.writable[name].allowed is None:
            yield name, value


def _changeable(tenant: Tenant) -> list[str]:
    """Return the names of the fields that an update may change; skip if there is none."""
    tenant.needs_writes()
    if not tenant.changeable:
        pytest.skip(NOTHING_CHANGES)
    return list(tenant.changeable)


def _update_at_length(tenant: Tenant, name: str) -> None:
    """Let an update of person 0 send the longest text that field *name* allows."""
    before, identity = tenant.look(), tenant.ids[0]
    text = _longest(tenant.changeable[name], tenant.author.other(name, 0))
    try:
        tenant.update(identity, {name: text})
    except RenkeiError as error:
        tenant.holds(isinstance(error, RecordError), f"{name}: {error.message}")
        text = str(before[identity].values.get(name) or "")
    tenant.changed_only(before, identity, {name: text or None}, f"a long {name}")


def _create_at_length(tenant: Tenant, i: int, name: str) -> None:
    """Let a create of person *i* send the longest text that field *name* allows."""
    before = tenant.values()
    text = _longest(tenant.writable[name], tenant.author.sample(i)[name])
    try:
        made = tenant.send(tenant.person(i, **{name: text}))
    except RenkeiError as error:
        tenant.holds(isinstance(error, RecordError), f"{name}: {error.message}")
        tenant.same(tenant.values(), before, f"everybody, after a long {name} was refused")
    else:
        tenant.alike(tenant.look()[made.id].values, {name: text}, f"a long {name}")


def _longest(spec: FieldSpec, value: Value) -> str:
    """Return a text just as long as the field allows, made of *value*."""
    length = spec.max_length or 1
    return (str(value) * length)[-length:]


def _nothing_lost(
    tenant: Tenant,
    stored: Mapping[str, object] | None,
    person: str,
    before: Value,
    name: str,
) -> None:
    """Fail the check if the system has lost what it stored beside the field that was changed."""
    now = tenant.stored()
    if stored is None or now is None:
        return
    wanted = dict(stored)
    held = wanted.pop(person, None)
    tenant.same(
        _of(wanted, now), wanted, f"what is stored of the others, after an update of {name}"
    )
    after = dict(_leaves(now.get(person)))
    lost: list[str] = []
    for path, value in _leaves(held):
        # What the field itself held may be gone: that is the change.
        had_value = value not in (None, "", str(before))
        if had_value and after.get(path) in (None, ""):
            lost.append(path)
    tenant.same(lost, [], f"what an update of {name} has emptied beside it")


def _of(people: Iterable[str], told: Mapping[str, T]) -> dict[str, T | None]:
    """Return what is *told* of these *people*, by id."""
    return {identity: told.get(identity) for identity in people}


def _leaves(stored: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield what is stored, with its place."""
    if isinstance(stored, Mapping):
        for name, part in stored.items():
            yield from _leaves(part, f"{path}.{name}" if path else str(name))
    elif isinstance(stored, list | tuple):
        for place, part in enumerate(stored):
            yield from _leaves(part, f"{path}[{place}]")
    else:
        yield path, stored


def _texts(stored: object) -> Iterator[str]:
    for _path, value in _leaves(stored):
        yield str(value)
