"""Every mistake turns its check of the kit red; a check that no mistake turns red is no check."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any, ClassVar

import pytest
from tests.testing.hostile import MISTAKES, Mistake
from tests.testing.staff import Fake, Staff, other, sample

from renkei.connector import Value, Values
from renkei.testing.kit import ConnectorTests, Tenant


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


def cases(check: Any) -> Iterator[dict[str, Any]]:
    """Yield the arguments of every case of a check."""
    marks = [mark for mark in getattr(check, "pytestmark", []) if mark.name == "parametrize"]
    for values in product(*(mark.args[1] for mark in marks)):
        yield dict(zip((mark.args[0] for mark in marks), values, strict=True))


def red(factory: type[Staff], name: str, request: pytest.FixtureRequest) -> str:
    """Run one check of the kit on *factory*, every case of it; return what a red one says."""
    check = getattr(Kit, name)
    asked = check.__code__.co_varnames[1 : check.__code__.co_argcount]
    for case in cases(check):
        with Fake() as fake:
            kit = type("Kit", (Kit,), {"factory": factory, "fake": fake})()
            with Tenant.opened(kit, fake.url) as tenant:
                given = {**case, "tenant": tenant}
                given |= {n: request.getfixturevalue(n) for n in asked if n not in given}
                try:
                    check(kit, **given)
                except (pytest.fail.Exception, Exception) as told:  # noqa: BLE001 - red is red
                    return f"{type(told).__name__}: {told}"
    return ""


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.factory.__name__)
def test_a_mistake_turns_its_check_red(mistake: Mistake, request: pytest.FixtureRequest) -> None:
    """What the connector does wrong is told by the check that stands in the table."""
    assert red(mistake.factory, mistake.check, request), mistake.story


def test_every_check_has_its_mistake() -> None:
    """Each check is there for something: at least one mistake turns it red."""
    checks = {name for name in dir(ConnectorTests) if name.startswith("test_")}
    told = {mistake.check for mistake in MISTAKES}
    assert told == checks
