"""Runs that are made up, and a command line over them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import permutations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

from attrs import define, evolve, field
from tests.result import Result

from renkei.errors import UsageError
from renkei.model import Change, Difference, Filter, Item, Outcome, Remark, Run, Selection, Status
from renkei.observer import Observer
from renkei.people import Choice, Finding, Label, NewField
from renkei.runs import Checked, Gone, Pair, Step
from renkei.words.labels import Labels

CONFIG = """\
connections:
  smarthr: {connector: smarthr, base_url: "http://127.0.0.1:1/api", token: env:SMARTHR_TOKEN}
  touchontime: {connector: touchontime, base_url: "http://127.0.0.1:1", token: env:TOT_TOKEN}
mappings:
  - {use: smarthr-touchontime}
"""
COUNTS = {
    Difference.NEW: 1,
    Difference.CHANGED: 1,
    Difference.SAME: 1,
    Difference.BLOCKED: 1,
}
FIELDS = (
    NewField(
        "divisionCode",
        Label("所属", "Division"),
        (Choice("1000", "本社"), Choice("2000", "大阪支店")),
    ),
    NewField("typeCode", Label("雇用区分", "Employment type"), (Choice("1", "正社員"),)),
)
LEFT = dt.date(2026, 3, 31)
ITEMS = (
    Item(
        number="0417",
        name="山田 \x1b[31m太郎",
        difference=Difference.CHANGED,
        source_id="a",
        target_id="1",
        changes=(
            Change("lastName", "佐藤", "山田"),
            Change("resignationDate", None, dt.date(2026, 3, 31)),
        ),
    ),
    Item(
        number="0500",
        name="鈴木 花子",
        difference=Difference.NEW,
        source_id="b",
        changes=(Change("lastName", None, "鈴木"),),
        notes=(Remark("wanted_missing", ("gender",)),),
    ),
    Item(number="0600", name="高橋 一", difference=Difference.SAME, source_id="c", target_id="3"),
    Item(
        number=None,
        name="田中 二",
        difference=Difference.BLOCKED,
        source_id="d",
        reasons=(Remark("no_number"),),
    ),
)


def a_run(**changes: Any) -> Run:
    plain = Run(
        id="7",
        source="smarthr",
        target="touchontime",
        base_date=dt.date(2026, 11, 22),
        status=Status.READY,
        who="keiko@pc",
        created_at=dt.datetime(2026, 11, 22, 3, 0, tzinfo=dt.UTC),
        mapping_name="smarthr-touchontime",
        mapping_text="",
        mapping_hash="",
        settings={"business_names": False},
        counts=COUNTS,
    )
    return evolve(plain, **changes)


def finished(status: Status = Status.DONE, **outcomes: int) -> dict[str, Any]:
    counts = {Outcome(name): count for name, count in outcomes.items()}
    return {"status": status, "outcomes": counts}


NOWHERE = SimpleNamespace(store="renkei.db", path=Path("/nowhere/renkei.yaml"))
"""A main file beside which there is no dashboard."""


@define
class FakeRuns:
    """Does nothing but remember; *after* is what a sync makes of the run, or what it raises."""

    state: Run = field(factory=a_run)
    after: dict[str, Any] | BaseException = field(
        factory=lambda: finished(created=1, updated=1, not_selected=2)
    )
    people: tuple[Item, ...] = ITEMS
    chosen: Selection | None = None
    calls: list[str] = field(factory=list)
    noted: list[tuple[str, str | None, dict[str, object]]] = field(factory=list)
    checks: tuple[Checked, ...] = ()
    observer: Observer = field(factory=Observer)
    who: str | None = None
    config: Any = field(factory=lambda: SimpleNamespace(main=NOWHERE))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.calls.append("closed")

    def fetch(
        self,
        source: str,
        target: str,
        base_date: dt.date | None = None,
        *,
        wait: bool = False,
        right_pair: str | None = None,
        leavers: int | None = None,
        joiners: int | None = None,
    ) -> Run:
        self.calls.append(f"fetch {source} {target} {base_date}")
        return self.state

    def run(self, run_id: str) -> Run:
        if run_id != self.state.id:
            raise UsageError(f"There is no run {run_id}.", code="unknown_run", where=run_id)
        return self.state

    def items(
        self, run_id: str, *, differences: Sequence[Difference] = (), numbers: Sequence[str] = ()
    ) -> Iterator[Item]:
        return (
            item
            for item in self.people
            if (not differences or item.difference in differences)
            and (not numbers or item.number in numbers)
        )

    def labels(self, run_id: str, *, technical: bool = False) -> Labels:
        return Labels(run=self.state, technical=technical)

    def tally(self, run_id: str, wanted: Filter) -> dict[Difference, int]:
        """Nobody has to be looked at first."""
        return {} if wanted.look_first else dict(self.state.counts)

    def numbers(self, run_id: str, wanted: Filter) -> list[str]:
        """Nobody has to be looked at first."""
        return []

    def dates_of(self, run_id: str, items: Iterable[Item]) -> tuple[list[Item], list[Item]]:
        """Nobody leaves, and nobody comes back."""
        return [], []

    def why_not_listed(self, run_id: str, number: str) -> None:
        """Everybody is in the plan."""

    def left_for_you(self, run_id: str) -> list[str]:
        """Nobody has to be looked at first."""
        return []

    def selection(self, run_id: str) -> Selection | None:
        return self.chosen

    def new_fields(self, run_id: str, *, wait: bool = False) -> tuple[NewField, ...]:
        self.calls.append("new_fields")
        return FIELDS

    def choices(self, connection: str, field: str | None = None) -> tuple[NewField, ...]:
        return FIELDS

    def possible(self, run_id: str) -> frozenset[str]:
        """A run that is ready may be chosen."""
        assert run_id == self.state.id
        return frozenset({"choose"} if self.state.status is Status.READY else ())

    def refuse_choosing(self, run_id: str) -> None:
        """Anybody can be chosen."""

    def choose(self, run_id: str, selection: Selection, *, wait: bool = False) -> Run:
        self.calls.append("choose")
        self.chosen = selection
        return self.state

    def sync(
        self,
        run_id: str,
        *,
        selection: Selection | None = None,
        wait: bool = False,
        retry_failed: bool = False,
        allow_unusual: bool = False,
        take_over: bool = False,
    ) -> Run:
        words = {
            "wait": wait,
            "retry": retry_failed,
            "allow": allow_unusual,
            "take over": take_over,
        }
        self.calls.append(" ".join(["sync", *(word for word, on in words.items() if on)]))
        if isinstance(self.after, BaseException):
            raise self.after
        if self.state.status is not Status.DONE:
            self.state = evolve(self.state, **self.after)
        return self.state

    def watch(self) -> None:
        """Nobody else is at work."""

    def interrupt(self) -> None:
        self.calls.append("interrupt")

    def cancel(self, run_id: str) -> Run:
        self.state = evolve(self.state, status=Status.CANCELLED)
        return self.state

    def reports(self, limit: int = 10) -> list[Run]:
        return [self.state][:limit]

    def pairs(self) -> list[Pair]:
        return [
            Pair(source=source, target=target, index=0, sides=(source, target))
            for source, target in permutations(("smarthr", "touchontime"))
        ]

    def note(self, act: str, run: str | None = None, /, **facts: object) -> None:
        self.noted.append((act, run, facts))

    def purge(self, older_than: dt.timedelta) -> int:
        self.calls.append(f"purge {older_than.days}")
        return 3

    def let_go(self, otherwise: dt.timedelta) -> Gone:
        self.calls.append(f"let go {otherwise.days}")
        return Gone(values=3, records=2)

    def retain(self) -> Gone:
        """Nothing is old here."""
        return Gone()

    def tell(self, *, attended: bool = False) -> None:
        """Nobody is told."""

    def check(self) -> list[Checked]:
        return list(self.checks) or [
            Checked(subject="smarthr", findings=(Finding("warning", "may not write"),))
        ]

    def explain(self, run_id: str, number: str) -> tuple[Item, list[Step]]:
        step = Step(
            line=9, source_field="last_name", target_field="lastName", read="山田", transform=None,
            translated="山田", compared_with="佐藤", verdict="differs",
        )  # fmt: skip
        return self.people[0], [step]


Renkei = Callable[..., Result]
