"""Every mistake turns its check of the kit red; a check that no mistake turns red is no check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, ClassVar

import pytest
from tests.testing.hostile import (
    MISTAKES,
    FirstSeen,
    Mistake,
    NotFoundIsTheEnd,
    OnlyCurrent,
    OnlyHired,
    PrintsChanges,
)
from tests.testing.staff import EMPTY, Fake, Staff, other, sample, to_json

from renkei.connector import JSON, Value, Values
from renkei.testing.kit import TOKEN, ConnectorTests, Tenant


class Kit(ConnectorTests):
    """The kit as its author would write it for Staff."""

    factory = Staff
    past_a_page = 12
    fake: ClassVar[Fake]

    def sample(self, i: int) -> Values:
        return sample(i)

    def other(self, name: str, i: int) -> Value:
        return other(name, i)

    def raw(self, url: str | None) -> Mapping[str, object]:
        return self.fake.snapshot()

    def hide(self, url: str | None, name: str) -> None:
        self.fake.hidden.add(name)


def cases(check: Any) -> Iterator[dict[str, Any]]:
    """Yield the arguments of every case of a check."""
    marks = [mark for mark in getattr(check, "pytestmark", []) if mark.name == "parametrize"]
    for values in product(*(mark.args[1] for mark in marks)):
        yield dict(zip((mark.args[0] for mark in marks), values, strict=True))


class Adds(Kit):
    """The same where people are put in without the connector, which is quicker."""

    def add(self, url: str | None, i: int) -> None:
        row = to_json(sample(i))
        with self.fake.lock:
            identity = f"p{len(self.fake.people) + 1:04}"
            self.fake.people[identity] = {"id": identity, **EMPTY, **row}


def red(
    factory: type[Staff],
    name: str,
    request: pytest.FixtureRequest,
    kit_of: type[Kit] = Kit,
    **more: Any,
) -> str:
    """Run one check of the kit on *factory*, every case of it; return what a red one says."""
    check = getattr(Kit, name)
    asked = check.__code__.co_varnames[1 : check.__code__.co_argcount]
    for case in cases(check):
        with Fake() as fake:
            kit = type("Kit", (kit_of,), {"factory": factory, "fake": fake, **more})()
            with Tenant.opened(kit, fake.url) as tenant:
                given = {**case, "tenant": tenant}
                given |= {n: request.getfixturevalue(n) for n in asked if n not in given}
                try:
                    check(kit, **given)
                except pytest.skip.Exception:
                    continue  # what is skipped is not red
                except (pytest.fail.Exception, Exception) as told:  # noqa: BLE001 - red is red
                    return f"{type(told).__name__}: {told}"
    return ""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.factory.__name__)
def test_a_mistake_turns_its_check_red(mistake: Mistake, request: pytest.FixtureRequest) -> None:
    """What the connector does wrong is told by the check that stands in the table."""
    said = red(mistake.factory, mistake.check, request)
    assert said, mistake.story
    assert TOKEN not in said


@pytest.mark.parametrize(
    ("factory", "name"),
    [
        (FirstSeen, "test_the_list_is_fresh"),
        (OnlyCurrent, "test_people_who_left_are_listed"),
        (OnlyHired, "test_future_people_are_listed"),
        (PrintsChanges, "test_nothing_is_printed"),
    ],
)
def test_whoever_adds_people_is_asked_for_no_less(
    factory: type[Staff], name: str, request: pytest.FixtureRequest
) -> None:
    """`add` is a help for a connector that can write, and no source only."""
    assert red(factory, name, request, Adds)


def test_no_message_shows_the_token() -> None:
    """Whatever a check says, and in whatever form the token was sent."""
    with Fake() as fake, Tenant.opened(type("One", (Kit,), {"fake": fake})(), fake.url) as tenant:
        assert [tenant.tokens(text) for text in ("***", TOKEN, f"{TOKEN} {TOKEN}")] == [0, 1, 2]
        with pytest.raises(pytest.fail.Exception) as told:
            tenant.same(f"Bearer {TOKEN}", "", "the header")
    assert str(told.value) == "the header: 'Bearer ***', and it should be ''"


class Unlisted(Staff):
    """It creates people, and lists nobody."""

    def rows(self, query: dict[str, str]) -> Iterator[JSON]:
        """Read the list, and keep it; whoever is looked up is shown."""
        return super().rows(query) if query else iter(())


@pytest.mark.parametrize(
    "name", ["test_an_update_changes_that_field_only", "test_a_lost_update_does_no_harm"]
)
def test_whoever_is_missing_from_the_list_is_named(
    name: str, request: pytest.FixtureRequest
) -> None:
    """Whatever is checked: in a sentence, and not as a key that a dict does not have."""
    assert red(Unlisted, name, request).startswith("Failed: the list leaves out ")


def test_a_list_of_one_request_may_fail_as_well(request: pytest.FixtureRequest) -> None:
    """Its only page is the last one, too."""
    name = "test_a_failing_page_is_an_error"
    assert red(NotFoundIsTheEnd, name, request, past_a_page=3)


def test_every_check_has_its_mistake() -> None:
    """Each check is there for something: at least one mistake turns it red."""
    checks = {name for name in dir(ConnectorTests) if name.startswith("test_")}
    told = {mistake.check for mistake in MISTAKES}
    assert told == checks
