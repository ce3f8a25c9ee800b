"""Connectors with one mistake each: the good one, with one method that is wrong."""

from __future__ import annotations

import datetime as dt
import json
import sys
import time
import unicodedata
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from attrs import evolve, frozen
from tests.testing.staff import PAGE, Staff, to_json

from renkei.connector import (
    JSON,
    AccessError,
    AnswerError,
    Choice,
    Employee,
    Failure,
    FieldSpec,
    InDoubtError,
    Label,
    NewField,
    RecordError,
    Ref,
    RenkeiError,
    UnavailableError,
    Values,
    hookimpl,
)


@frozen
class Mistake:
    """One wrong connector, the check that has to turn red, and the *story* behind it."""

    factory: type[Staff]
    check: str
    story: str


MISTAKES: list[Mistake] = []


def mistake(check: str) -> Any:
    """Add a class to the table: *check* catches it, and its docstring is the story."""

    def add(cls: type[Staff]) -> type[Staff]:
        MISTAKES.append(Mistake(cls, check, str(cls.__doc__)))
        return cls

    return add


def without_checks(self: Staff, query: dict[str, str], *, step: int = PAGE) -> Iterator[JSON]:
    """Yield page after page by a *step* of its own, and believe whatever comes."""
    offset = 0
    while True:
        page: Any = self.session.get("staff", query={**query, "offset": str(offset)}).body
        yield from page["people"]
        if page["next"] is None:
            return
        offset += step


# -- reading -----------------------------------------------------------------------------------


@mistake("test_everybody_is_listed_once")
class OnePage(Staff):
    """It reads the first page only."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        page: Any = self.session.get("staff", query=query).body
        yield from page["people"]


@mistake("test_everybody_is_listed_once")
class WrongStep(Staff):
    """Its pages leave somebody out at each end."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        return without_checks(self, query, step=PAGE + 1)


@mistake("test_everybody_is_listed_once")
class Overlapping(Staff):
    """Its pages overlap: some people come twice."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        return without_checks(self, query, step=PAGE - 1)


@mistake("test_the_list_is_fresh")
class StaleList(Staff):
    """It keeps the list, and shows the same one again."""

    kept: list[Any] | None = None

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        if query:
            return super().rows(query)
        if self.kept is None:
            self.kept = list(super().rows(query))
        return iter(self.kept)


@mistake("test_the_list_is_fresh")
class FirstSeen(Staff):
    """It lists everybody as they were when it first saw them."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.seen: dict[str, JSON] = {}

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        for row in super().rows(query):
            yield row if query else self.seen.setdefault(str(dict(row)["id"]), row)  # type: ignore[arg-type]


@mistake("test_a_look_up_is_fresh")
class StaleLookUp(Staff):
    """It remembers who was looked up by number."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.known: dict[str, list[JSON]] = {}

    def by_number(self, number: str) -> Iterator[JSON]:
        if number not in self.known:
            self.known[number] = list(super().by_number(number))
        return iter(self.known[number])


@mistake("test_what_is_hidden_is_unknown")
class EmptyIfHidden(Staff):
    """What the token may not read is told as empty, and would be filled or compared."""

    def employee(self, row: Any, fields: Sequence[str]) -> Employee:
        held = super().employee(row, fields)
        return evolve(held, values={**dict.fromkeys(fields), **held.values})


@mistake("test_people_who_left_are_listed")
class OnlyCurrent(Staff):
    """People who have left are not listed."""

    @hookimpl
    def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:
        today = dt.datetime.now(dt.UTC).date().isoformat()
        for row in self.rows({}):
            if isinstance(row, dict) and str(row["left"] or "9999") > today:
                yield self.employee(row, fields)


@mistake("test_people_who_left_are_listed")
class LooksUpCurrent(Staff):
    """People who have left are not found, so that they would be created a second time."""

    def by_number(self, number: str) -> Iterator[JSON]:
        today = dt.datetime.now(dt.UTC).date().isoformat()
        for row in self.rows({"no": number}):
            if isinstance(row, dict) and str(row["left"] or "9999") > today:
                yield row


@mistake("test_people_who_left_are_listed")
class OnlyActive(Staff):
    """People no longer active are not listed; no date tells when somebody has left."""

    FIELDS = (
        *(spec for spec in Staff.FIELDS if spec.role != "left"),
        FieldSpec(name="active", label=Label("在籍", "active"), type="boolean", role="employed"),
    )

    @hookimpl
    def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:
        for row in self.rows({}):
            if isinstance(row, dict) and row.get("active") is not False:
                yield self.employee(row, fields)


@mistake("test_future_people_are_listed")
class OnlyHired(Staff):
    """People who begin later are not listed."""

    @hookimpl
    def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:
        today = dt.datetime.now(dt.UTC).date().isoformat()
        for row in self.rows({}):
            if isinstance(row, dict) and str(row["joined"] or "") <= today:
                yield self.employee(row, fields)


@mistake("test_one_field_is_enough")
class IgnoresFields(Staff):
    """It shows the same three fields, whatever it is asked for."""

    def employee(self, row: Any, fields: Sequence[str]) -> Employee:
        return super().employee(row, ["no", "family", "given"])


@mistake("test_one_field_is_enough")
class NeedsNumber(Staff):
    """It fails unless the number is among the fields."""

    def employee(self, row: Any, fields: Sequence[str]) -> Employee:
        person = super().employee(row, fields)
        return evolve(person, values={**person.values, "no": person.values["no"]})


@mistake("test_reading_writes_nothing")
class MarksWhatItReads(Staff):
    """It notes in the system who has been looked up."""

    def by_id(self, identity: str) -> Iterator[JSON]:
        for row in super().by_id(identity):
            self.session.send("PATCH", "staff", identity, body={"seen": "yes"}, idempotent=True)
            yield row


@mistake("test_reading_writes_nothing")
class MarksInSilence(Staff):
    """It notes who has been looked up, and swallows that it may not."""

    def by_id(self, identity: str) -> Iterator[JSON]:
        for row in super().by_id(identity):
            with suppress(RenkeiError):
                self.session.send("PATCH", "staff", identity, body={}, idempotent=True)
            yield row


@mistake("test_fields_are_described_offline")
class AsksForFields(Staff):
    """It asks the system which fields there are."""

    @hookimpl
    def fields(self) -> Sequence[FieldSpec]:
        self.session.get("sites")
        return self.FIELDS


@mistake("test_an_empty_system_lists_nobody")
class ListsItself(Staff):
    """It lists the account itself as a person."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        yield from super().rows(query)
        if not query:
            yield {"id": "account", "no": None}


@mistake("test_the_list_is_stable")
class MovingIds(Staff):
    """The id that it shows changes with every list."""

    lists = 0

    @hookimpl
    def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:
        self.lists += 1
        for row in self.rows({}):
            person = self.employee(row, fields)
            yield evolve(person, id=f"{person.id}-{self.lists}")


@mistake("test_choices_belong_to_fields")
class OffersNothing(Staff):
    """It offers a field without a choice."""

    @hookimpl
    def new_employee_fields(self) -> Sequence[NewField]:
        return (NewField("site", Label("拠点", "site"), ()),)


@mistake("test_offered_choices_are_taken")
class OffersLabels(Staff):
    """The code that it offers is the label, which the system does not take as one."""

    @hookimpl
    def new_employee_fields(self) -> Sequence[NewField]:
        [new] = super().new_employee_fields()
        return (evolve(new, choices=tuple(Choice(c.label, c.label) for c in new.choices)),)

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        return super().create_employee({**values, "site": str(values["site"])[-2:]})


# -- looking up --------------------------------------------------------------------------------


@mistake("test_nobody_is_nobody")
class RaisesForNobody(Staff):
    """An id that is gone is an error."""

    def by_id(self, identity: str) -> Iterator[JSON]:
        yield self.session.get("staff", identity).body


@mistake("test_nobody_is_nobody")
class RaisesForNoNumber(Staff):
    """A number that nobody has is an error."""

    def by_number(self, number: str) -> Iterator[JSON]:
        found = list(super().by_number(number))
        if not found:
            raise AnswerError("Staff: nobody has this number.")
        return iter(found)


@mistake("test_a_number_is_found_exactly")
class FindsByPrefix(Staff):
    """It takes the first one whose number begins so."""

    def by_number(self, number: str) -> Iterator[JSON]:
        return self.rows({"like": number})


@mistake("test_a_number_is_found_exactly")
class ShortNumbers(FindsByPrefix):
    """It takes five characters at most, and the first one whose number begins so."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        if len(str(values["no"])) > 5:
            raise RecordError("The number is too long. Shorten it.", fields=("no",))
        return super().create_employee(values)


@mistake("test_many_are_looked_up_at_once")
class FirstOnly(Staff):
    """Of several references it looks up the first."""

    @hookimpl
    def read_employees(self, refs: Sequence[Ref], fields: Sequence[str]) -> Iterator[Employee]:
        for ref in refs[:1]:
            for row in self.by_number(ref.number) if ref.number else self.by_id(ref.id or ""):
                yield self.employee(row, fields)


@mistake("test_a_look_up_by_number_agrees_with_the_list")
class SearchShowsLess(Staff):
    """By number it shows less of a person than the list does."""

    def by_number(self, number: str) -> Iterator[JSON]:
        for row in super().by_number(number):
            if isinstance(row, dict):
                yield {**row, "mail": None}


@mistake("test_a_look_up_by_id_agrees_with_the_list")
class ReadsAnother(Staff):
    """By id it finds nobody whose id it has not listed."""

    def by_id(self, identity: str) -> Iterator[JSON]:
        return iter(())


@mistake("test_a_look_up_needs_one_field")
class LooksUpWhole(Staff):
    """Its look-up fails unless the family name is among the fields."""

    @hookimpl
    def read_employees(self, refs: Sequence[Ref], fields: Sequence[str]) -> Iterator[Employee]:
        for person in super().read_employees(refs, fields):
            yield evolve(person, values={**person.values, "family": person.values["family"]})


@mistake("test_whoever_was_created_is_found")
class FindsLate(Staff):
    """People just created are only found by number once the list has been read."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.known: set[str] = set()

    def by_number(self, number: str) -> Iterator[JSON]:
        return super().by_number(number) if number in self.known else iter(())


# -- writing -----------------------------------------------------------------------------------


@mistake("test_a_create_stores_every_field")
class DropsField(Staff):
    """It forgets the e-mail address of somebody new."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        return super().create_employee({n: v for n, v in values.items() if n != "mail"})


@mistake("test_a_create_stores_every_field")
class CutsText(Staff):
    """It shortens names without a word."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        return super().create_employee({**values, "family": str(values["family"])[:1]})


@mistake("test_a_create_stores_every_field")
class DayEarly(Staff):
    """It reads every date a day early."""

    def employee(self, row: Any, fields: Sequence[str]) -> Employee:
        person = super().employee(row, fields)
        early = {
            name: value - dt.timedelta(1)
            for name, value in person.values.items()
            if isinstance(value, dt.date)
        }
        return evolve(person, values={**person.values, **early})


@mistake("test_a_create_makes_exactly_one_person")
class NamesAnother(Staff):
    """It returns the id of somebody else."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        super().create_employee(values)
        return "p0001"


@mistake("test_a_create_makes_exactly_one_person")
class CreatesTwice(Staff):
    """It sends a create a second time, to be sure."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        super().create_employee(values)
        return super().create_employee(values)


@mistake("test_a_create_makes_exactly_one_person")
class ReportsBefore(Staff):
    """It reports success before anything has been sent."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        return f"p{int(str(values['no'])[1:]) + 1:04}"


@mistake("test_the_required_fields_are_enough")
class InventsDefault(Staff):
    """It fills in an address for people who have none."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        return super().create_employee({"mail": "none@example.jp", **values})


def declared(name: str, **more: Any) -> tuple[FieldSpec, ...]:
    """Return the fields with one that is declared wrongly."""
    return tuple(evolve(each, **more) if each.name == name else each for each in Staff.FIELDS)


@mistake("test_the_required_fields_are_enough")
class RequiresMore(Staff):
    """The system requires a field that it calls optional."""

    FIELDS = declared("site", required=False)


@mistake("test_required_fields_are_required")
class RequiresLess(Staff):
    """It calls a field required that the system does not."""

    FIELDS = declared("mail", required=True)


@mistake("test_an_update_changes_that_field_only")
class UpdateResets(Staff):
    """Its update replaces the whole record by the changes."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        self.session.send("PUT", "staff", current.id, body=to_json(changes), idempotent=True)
        return None


@mistake("test_an_update_changes_that_field_only")
class UpdateLoses(Staff):
    """Its update replaces the record by the fields that it knows, and loses the rest."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        body = to_json({**current.values, **changes})
        self.session.send("PUT", "staff", current.id, body=body, idempotent=True)
        return None


@mistake("test_an_update_changes_that_field_only")
class UpdatesAnother(Staff):
    """It updates the first person of the list."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        self.session.send("PATCH", "staff", "p0001", body=to_json(changes), idempotent=True)
        return None


@mistake("test_an_update_changes_that_field_only")
class AddsDefault(Staff):
    """Its update sends a grade along that nobody has asked for."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        return super().update_employee(current, {"grade": "senior", **changes})


@mistake("test_an_update_needs_no_other_field")
class NeedsWhole(Staff):
    """Its update fails for somebody of whom not everything was read."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        body = {each.name: current.values[each.name] for each in self.FIELDS}
        return super().update_employee(current, {**body, **changes})


@mistake("test_fields_are_emptied")
class DoesNotClear(Staff):
    """It leaves out what is to be emptied."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        sent = {name: value for name, value in changes.items() if value is not None}
        return super().update_employee(current, sent)


@mistake("test_an_update_stands_on_the_last_look")
class PutsBack(Staff):
    """Its update sends the whole record as the list showed it once: what changed since is lost."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.known: dict[str, Values] = {}

    @hookimpl
    def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:
        for row in self.rows({}):
            held = self.employee(row, fields)
            self.known[held.id] = held.values
            yield held

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        free = ("family", "given", "joined", "left", "mail")
        once = {name: v for name, v in self.known.get(current.id, {}).items() if name in free}
        return super().update_employee(current, {**once, **changes})


@mistake("test_an_update_takes_people_from_the_list")
class NeedsLookUp(Staff):
    """Its update fails for somebody who comes from the list."""

    @hookimpl
    def list_employees(self, fields: Sequence[str]) -> Iterator[Employee]:
        for row in self.rows({}):
            yield evolve(self.employee(row, fields), extra="list")

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        if current.extra == "list":
            raise RecordError("Staff has not looked this employee up.")
        return super().update_employee(current, changes)


@mistake("test_the_longest_text_is_stored_whole")
class CutsAddress(Staff):
    """It says that 60 characters fit, and sends 50 of them."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        cut = {n: v[:50] if isinstance(v, str) else v for n, v in changes.items()}
        return super().update_employee(current, cut)


@mistake("test_the_longest_text_is_stored_whole")
class CutsNumber(Staff):
    """It says that a number may have 12 characters, and sends 10 of them."""

    FIELDS = (evolve(Staff.FIELDS[0], max_length=12), *Staff.FIELDS[1:])

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        return super().create_employee({**values, "no": str(values["no"])[:10]})


@mistake("test_any_text_is_stored_or_refused")
class OneLine(Staff):
    """It ends a text where some programs end a line."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        cut = {n: v.splitlines()[0] if isinstance(v, str) else v for n, v in changes.items()}
        return super().update_employee(current, cut)


@mistake("test_any_row_of_updates_adds_up")
class EverySecond(Staff):
    """Of two updates of one person it sends the first."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        self.sent: set[str] = set()

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        if current.id in self.sent:
            return None
        self.sent.add(current.id)
        return super().update_employee(current, changes)


@mistake("test_nobody_is_not_updated")
class Upserts(Staff):
    """An update of somebody who is gone creates them again."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        try:
            return super().update_employee(current, changes)
        except RecordError:
            super().create_employee({**current.values, **changes})
            return None


@mistake("test_the_answer_of_a_write_is_true")
class AnswersWhatWasSent(Staff):
    """It swallows that half of the changes were left out, and returns what was to be sent."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        kept = {name: value for name, value in values.items() if name != "grade"}
        return Employee(id=str(super().create_employee(kept)), values=values)


@mistake("test_any_text_is_stored_or_refused")
class Normalises(Staff):
    """It writes other characters than those that it was given."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        plain = {
            name: unicodedata.normalize("NFKC", value) if isinstance(value, str) else value
            for name, value in changes.items()
        }
        return super().update_employee(current, plain)


@mistake("test_a_second_fetch_finds_nothing")
class ReadsAsShown(Staff):
    """It cannot read back what it writes: every fetch finds the same differences."""

    def employee(self, row: Any, fields: Sequence[str]) -> Employee:
        person = super().employee(row, fields)
        values = dict(person.values)
        if values.get("grade") is not None:
            values["grade"] = "junior"
        return evolve(person, values=values)


@mistake("test_there_and_back_changes_nothing")
class AddsOnReading(Staff):
    """What it reads has a mark that nobody wrote."""

    def employee(self, row: Any, fields: Sequence[str]) -> Employee:
        person = super().employee(row, fields)
        values = dict(person.values)
        if isinstance(values.get("given"), str):
            values["given"] = f"{values['given']}*"
        return evolve(person, values=values)


@mistake("test_samples_fit_the_fields")
class TakesOther(Staff):
    """It knows other grades than the system."""

    FIELDS = declared("grade", allowed=("1", "2"))


# -- trouble -----------------------------------------------------------------------------------


@mistake("test_a_refused_list_is_an_error")
class EmptyWithoutRight(Staff):
    """A token that may not read sees an empty list."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        try:
            yield from super().rows(query)
        except AccessError:
            return


@mistake("test_a_refused_look_up_is_an_error")
class NobodyInTrouble(Staff):
    """A look-up in a moment of trouble finds nobody."""

    def by_number(self, number: str) -> Iterator[JSON]:
        try:
            yield from super().by_number(number)
        except UnavailableError:
            return


@mistake("test_a_short_trouble_passes")
class GivesUp(Staff):
    """It takes a moment of trouble for the end."""

    def classify(self, failure: Failure) -> Any:
        if failure.status in (429, 503):
            return UnavailableError("Staff is out of order.", again=False)
        return super().classify(failure)


@mistake("test_a_failing_page_is_an_error")
class KeepsWhatItHas(Staff):
    """A page that fails ends the list."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        try:
            yield from without_checks(self, query)
        except UnavailableError:
            return


@mistake("test_a_failing_page_is_an_error")
class NotFoundIsTheEnd(Staff):
    """A page that is not found ends the list."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        try:
            yield from without_checks(self, query)
        except AnswerError as error:
            if error.code != "not_found":
                raise


@mistake("test_nonsense_is_no_list")
class TakesAnything(Staff):
    """An answer without people is an empty list."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        page = self.session.get("staff", query=query).body
        yield from page.get("people") or [] if isinstance(page, dict) else []  # type: ignore[misc]


@mistake("test_a_refused_write_is_told")
class SwallowsRefusal(Staff):
    """It takes a refused create for one that was there already."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        try:
            return super().create_employee(values)
        except RecordError:
            return "p0001"


@mistake("test_a_refused_write_is_told")
class SwallowsRefusedUpdate(Staff):
    """It takes a refused update for done."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        try:
            return super().update_employee(current, changes)
        except RecordError:
            return None


@mistake("test_a_refused_write_is_told")
class MisreadsRefusal(Staff):
    """It says of a refused person that the whole system is out of order."""

    def classify(self, failure: Failure) -> Any:
        return UnavailableError("Staff is out of order.") if failure.status == 409 else None


@mistake("test_a_lost_create_is_in_doubt")
class RepeatsCreate(Staff):
    """It says that a create may be sent again."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        body: Any = self.session.send("POST", "staff", body=to_json(values), idempotent=True).body
        return str(body["id"])


@mistake("test_a_lost_create_is_in_doubt")
class TriesAgain(Staff):
    """It sends a create again that nobody has answered."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        try:
            return super().create_employee(values)
        except InDoubtError:
            return super().create_employee(values)


@mistake("test_a_lost_create_is_in_doubt")
class CallsItRefused(Staff):
    """It says of a create without an answer that it was refused."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        try:
            return super().create_employee(values)
        except InDoubtError:
            raise RecordError("Staff did not take this employee.") from None


@mistake("test_a_lost_update_does_no_harm")
class ReplacesInDoubt(Staff):
    """It replaces the whole record where the answer to an update is lost."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        body = to_json(changes)
        try:
            self.session.send("PATCH", "staff", current.id, body=body, idempotent=False)
        except InDoubtError:
            self.session.send("PUT", "staff", current.id, body=body, idempotent=True)
        return None


# -- conduct -----------------------------------------------------------------------------------


@mistake("test_messages_hold_no_secret")
class TellsToken(Staff):
    """A refused token stands in the message."""

    def classify(self, failure: Failure) -> Any:
        if failure.status == 401:
            return AccessError(f"Staff refuses {self.connection.token.reveal()}.")
        return super().classify(failure)


@mistake("test_messages_hold_no_secret")
class TellsValues(Staff):
    """A refusal repeats what the system says of somebody."""

    def classify(self, failure: Failure) -> Any:
        body: Mapping[str, Any] = failure.body if isinstance(failure.body, dict) else {}
        return RecordError(f"Staff: {body.get('message')}") if failure.write else None


@mistake("test_nothing_is_printed")
class Prints(Staff):
    """It prints whom it creates."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        sys.stdout.write(f"creating {values}\n")
        return super().create_employee(values)


@mistake("test_nothing_is_printed")
class PrintsChanges(Staff):
    """It prints what it changes."""

    @hookimpl
    def update_employee(self, current: Employee, changes: Values) -> Employee | None:
        sys.stdout.write(f"changing {changes}\n")
        return super().update_employee(current, changes)


@mistake("test_nothing_is_printed")
class TokenInAddress(Staff):
    """It sends the token in the address, where every log on the way keeps it."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        return super().rows({**query, "key": self.connection.token.reveal()})


@mistake("test_nothing_is_printed")
class PrintsItsToken(Staff):
    """It prints the token when it is opened."""

    def __init__(self, connection: Any) -> None:
        super().__init__(connection)
        sys.stdout.write(f"opened with {connection.token.reveal()}\n")


@mistake("test_limits_are_kept")
class OwnWay(Staff):
    """It reads its list past the session, and so past limits and hours."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        if query:
            yield from super().rows(query)
            return
        offset: int | None = 0
        while offset is not None:
            address = f"{self.connection.base_url}/staff?offset={offset}"
            with urllib.request.urlopen(address) as answer:  # noqa: S310 - http, to the fake
                page = json.load(answer)
            yield from page["people"]
            offset = page["next"]


@mistake("test_closed_hours_are_kept")
class OpenAlways(OwnWay):
    """It reads its list in closed hours."""


@mistake("test_writes_at_the_same_time_are_apart")
class SharesState(Staff):
    """It says that it may be called from several threads, and keeps the answer in one place."""

    @hookimpl
    def create_employee(self, values: Values) -> str | Employee:
        self.last = super().create_employee(values)
        time.sleep(0.01)
        return self.last
