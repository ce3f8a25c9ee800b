"""A small world for the engine: two systems in memory, a store, and runs between them."""

from __future__ import annotations

import datetime as dt
import zlib
from pathlib import Path

from attrs import define, field
from tests.postgres import Database
from tests.waiting import Waiting

from renkei.config import load_config
from renkei.model import Difference, Item, Outcome, Run, Selection
from renkei.observer import Observer
from renkei.people import Choice, FieldSpec, Label, Value
from renkei.runs import Runs
from renkei.testing import MemorySystem


def spec(name: str, **more: object) -> FieldSpec:
    """Return a field of an invented system."""
    return FieldSpec(name=name, label=Label(ja=name, en=name), **more)  # type: ignore[arg-type]


CLINIC = (
    spec("badge", role="number", required=True, write="create"),
    spec("surname", role="family_name", required=True, clearable=False),
    spec("first", role="given_name", required=True, clearable=False),
    spec("reading"),
    spec("born", type="date", role="birth"),
    spec("since", type="date", role="hired"),
    spec("until", type="date", role="left"),
    spec("gone", type="boolean", role="retired", write="never"),
    spec("mail"),
    spec("beds", type="integer"),
    spec("night", type="boolean"),
    spec("grade", allowed=("junior", "senior")),
)

ROSTA = (
    spec("id_no", role="number", required=True, write="create"),
    spec("family", role="family_name", required=True, clearable=False),
    spec("given", role="given_name", required=True, clearable=False),
    spec("kana", wanted=True),
    spec("dob", type="date", role="birth"),
    spec("start", type="date", role="hired"),
    spec("end", type="date", role="left"),
    spec("email", max_length=40),
    spec("capacity", type="integer"),
    spec("nights", type="boolean"),
    spec("rank", allowed=("1", "2")),
    spec("ward", required=True, write="create"),
)

WARDS = (
    Choice("W1", "North"),
    Choice("W2", "South"),
    Choice("W3", "Annex"),
    Choice("W4", "Annex"),
)

MAPPING = """\
sides: [clinic, rosta]
fields:
  - {pair: [badge, id_no]}
  - {pair: [surname, family]}
  - {pair: [first, given]}
  - {pair: [reading, kana], equal: kana, to: {clinic: {transform: katakana}}}
  - {pair: [born, dob]}
  - {pair: [since, start]}
  - {pair: [until, end], to: {rosta: {empty: clear}}}
  - {pair: [mail, email]}
  - {pair: [beds, capacity]}
  - {pair: [night, nights]}
  - {pair: [grade, rank], values: {junior: "1", senior: "2"}}
"""

KINDS = ("creates", "updates", "leaving", "returning", "emptied", "shrink")
ANYTHING = ", ".join(f"{kind}: {{people: 100000, percent: 100}}" for kind in KINDS)
SAFETY = f"safety: {{{ANYTHING}}}"

CONFIG = f"""\
connections:
  clinic:
    connector: clinic
    base_url: http://127.0.0.1:1
    token: env:RENKEI_TEST_TOKEN
    {SAFETY}
  rosta:
    connector: rosta
    base_url: http://127.0.0.1:1
    token: env:RENKEI_TEST_TOKEN
    {SAFETY}
mappings:
  - {{use: ./pair.yaml}}
store: reports.db
settings: {{settle_wait_seconds: 0}}
"""

NEW_AND_CHANGED = frozenset({Difference.NEW, Difference.CHANGED})

BORN = dt.date(1990, 4, 1)

PERSON: dict[str, Value] = {
    "badge": "0417",
    "surname": "佐倉",
    "first": "みなと",
    "reading": "サクラ",
    "born": dt.date(1990, 4, 1),
    "since": dt.date(2020, 4, 1),
    "until": None,
    "gone": False,
    "mail": "sakura@example.jp",
    "beds": 3,
    "night": True,
    "grade": "senior",
}

TWIN: dict[str, Value] = {
    "id_no": "0417",
    "family": "佐倉",
    "given": "みなと",
    "kana": "サクラ",
    "dob": dt.date(1990, 4, 1),
    "start": dt.date(2020, 4, 1),
    "end": None,
    "email": "sakura@example.jp",
    "capacity": 3,
    "nights": True,
    "rank": "2",
    "ward": "W9",
}


def who(number: str | None) -> tuple[str, dt.date]:
    """Return given name and date of birth of the person with *number*: each their own."""
    own = 0 if number in (None, "0417") else zlib.crc32(number.encode())
    return f"みなと{chr(0x4E00 + own % 2000) if own else ''}", BORN + dt.timedelta(own % 5000)


@define
class World:
    """Both systems and a way to run renkei between them."""

    clinic: MemorySystem
    rosta: MemorySystem
    folder: Path
    waiting: Waiting
    files: dict[str, str] = field(factory=lambda: {"renkei.yaml": CONFIG, "pair.yaml": MAPPING})
    database: Database | None = None
    """Where the store is, if it is no file."""

    @property
    def at(self) -> str:
        """Where the store is, as renkei is told."""
        return str(self.folder / "reports.db") if self.database is None else self.database.address

    def in_clinic(self, number: str | None = "0417", **more: Value) -> str:
        """Put an employee into the clinic; return the id."""
        first, born = who(number)
        return self.clinic.add(**{**PERSON, "badge": number, "first": first, "born": born, **more})

    def in_rosta(self, number: str | None = "0417", **more: Value) -> str:
        """Put the same employee into the rosta; return the id."""
        given, dob = who(number)
        return self.rosta.add(**{**TWIN, "id_no": number, "given": given, "dob": dob, **more})

    def runs(self, observer: Observer | None = None) -> Runs:
        """Open renkei, as each command does."""
        return Runs(load_config(self.folder / "renkei.yaml"), who="tester", observer=observer)

    def account(self) -> str:
        """Return what the store calls the account of the rosta."""
        with self.runs() as runs:
            return runs._store.account(runs._ground.systems.reader("rosta").connection.identity)

    def fetch(
        self, source: str = "clinic", target: str = "rosta", base: dt.date | None = None
    ) -> Run:
        """Fetch and return the run."""
        with self.runs() as runs:
            return runs.fetch(source, target, base)

    def choose(
        self,
        run: Run,
        *,
        ward: str = "W1",
        differences: frozenset[Difference] = NEW_AND_CHANGED,
        numbers: tuple[str, ...] = (),
    ) -> None:
        """Choose, by default every new and changed employee."""
        new = {"ward": ward} if run.target == "rosta" else {}
        with self.runs() as runs:
            selection = Selection(
                new=new, differences=differences, numbers=numbers, look_first=True
            )
            runs.choose(run.id, selection)

    def sync(self, run: Run, *, ward: str = "W1") -> Run:
        """Choose every new and changed employee, and sync."""
        self.choose(run, ward=ward)
        return self.resume(run)

    def resume(self, run: Run) -> Run:
        """Sync what is stored."""
        with self.runs() as runs:
            return runs.sync(run.id)

    def item(self, run: Run, number: str = "0417") -> Item:
        """Return one item of the plan."""
        with self.runs() as runs:
            (item,) = runs.items(run.id, numbers=[number])
            return item

    def items(self, run: Run) -> list[Item]:
        """Return the whole plan."""
        with self.runs() as runs:
            return list(runs.items(run.id))

    def outcome(self, run: Run, number: str = "0417") -> tuple[Outcome | None, str | None]:
        """Return the outcome of one employee and the code of its reason."""
        item = self.item(run, number)
        return item.outcome, item.outcome_reason.code if item.outcome_reason else None
