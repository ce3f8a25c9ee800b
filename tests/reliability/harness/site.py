"""A site to be hurt: both systems, a store and a configuration, put back as they were at any time.

There are five employees: two are new in the target, two have changed, one is the same.
"""

from __future__ import annotations

import copy
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from attrs import define, field, frozen
from tests.pair import NEW, NOON
from tests.postgres import Database
from tests.reliability.harness.killer import Child, Zygote
from tests.reliability.harness.points import Armed
from tests.result import Result

from renkei.store.store import Store
from renkei_sandbox import Sandbox
from renkei_sandbox.faults import Fault
from renkei_sandbox.journal import Entry
from renkei_sandbox.system import System

NEW_PEOPLE = ("0001", "0002")
SAME = "0003"
CHANGED = ("0008", "0010")
EVERYBODY = (*NEW_PEOPLE, SAME, *CHANGED)

SERIAL = "select value from facts where name = 'serial'"
"""How a store on a server tells how many transactions have changed it."""


@frozen
class State:
    """What the site looked like at one moment."""

    store: dict[str, bytes]
    """The file of the store and, in the middle of a transaction, its journal; by name. Beside it
    stands what was last seen of the store."""
    copy: str | None
    """The copy of the store, if that is no file."""
    serial: int
    """How many transactions have changed the store, by its own count."""
    people: dict[str, dict[str, dict[str, Any]]]
    journal: list[Entry]


@define
class Site:
    """Both systems, a folder, and commands that run in forks of the warm process."""

    box: Sandbox
    folder: Path
    zygote: Zygote
    source: str
    target: str
    env: dict[str, str] = field(factory=dict)
    """What the environment of the commands has beside the tokens and the sandbox's time."""
    children: list[Child] = field(factory=list)
    in_flight: int | None = None
    """How many requests may be on their way at a time; None: as for everybody."""
    database: Database | None = None
    """Where the store is, if it is no file."""
    timeless: bool = False
    """Whether commands take no time, as they tell it themselves; see `Zygote.start_child`."""

    @property
    def at(self) -> str:
        """Where the store is, as renkei is told."""
        return str(self.store) if self.database is None else self.database.address

    @property
    def store(self) -> Path:
        """The file of the report store."""
        return self.folder / "renkei.db"

    @property
    def everybody(self) -> tuple[str, ...]:
        """The words that choose all who can be chosen, with what new ones need."""
        return ("--difference", "new,changed,same", "--look-first", *NEW[self.target])

    def configure(
        self, extra: str = "settings: {settle_wait_seconds: 0, longest_request_seconds: 1}"
    ) -> None:
        """Write renkei.yaml; no limits that would slow anything down."""
        lines = ["mappings: [{use: smarthr-touchontime}]", extra, "connections:"]
        if self.database is not None:
            lines.insert(0, f'store: "{self.at}"')
        for name, system in self.box.systems.items():
            lines += [
                f"  {name}:",
                f"    connector: {name}",
                f"    base_url: {system.base_url}",
                f"    token: env:{name.upper()}_TOKEN",
                "    limits: [{count: 100000, seconds: 1}]",
                *([] if self.in_flight is None else [f"    in_flight: {self.in_flight}"]),
            ]
        (self.folder / "renkei.yaml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def allow(self, in_flight: int) -> None:
        """Write renkei.yaml so that *in_flight* requests may be on their way at a time."""
        self.in_flight = in_flight
        self.configure()

    # --- commands ---------------------------------------------------------------------------

    def start(self, *commands: Sequence[str], armed: Sequence[Armed] = (), **how: Any) -> Child:
        """
        Start a process that runs *commands*, one after another; see `Zygote.start_child`.

        It takes the time of the longest request for passed: the systems are done at once here.
        """
        how["settings"] = {"renkei.sync.doubt.SENT_S": -1.0, **how.get("settings", {})}
        child = self.zygote.start_child(
            *commands,
            folder=self.folder,
            environment=self._environment(),
            armed=armed,
            timeless=self.timeless,
            **how,
        )
        self.children.append(child)
        return child

    def run(self, *commands: Sequence[str], armed: Sequence[Armed] = (), **how: Any) -> Child:
        """Run *commands* to their end, which may be a violent one."""
        return self.start(*commands, armed=armed, **how).end()

    def renkei(self, *words: str, **how: Any) -> Result:
        """Run one command that is not hurt."""
        return self.run(words, **how).result

    def fetched(self) -> str:
        """Fetch, and return the id of the run."""
        result = self.renkei("fetch", self.source, self.target, "--output", "json")
        assert result.code == 0, result
        run: str = result.json["run"]
        return run

    def _environment(self) -> dict[str, str]:
        return {
            "SMARTHR_TOKEN": self.box.smarthr.token,
            "TOUCHONTIME_TOKEN": self.box.touchontime.token,
            "RENKEI_NOW": self.box.clock.now().isoformat(),
            "RENKEI_LANG": "en",
            "RENKEI_CONFIG": "",
            "LANGUAGE": "",
            **self.env,
        }

    # --- the systems ------------------------------------------------------------------------

    @property
    def system(self) -> System:
        """The target."""
        return self.box.systems[self.target]

    def id_of(self, number: str) -> str:
        """Return the id of the one employee of the target with this number."""
        [record] = self.system.find(number)
        return str(record[self.system.id_field])

    def refuse(self, number: str, fault: Fault | str = "status", **options: Any) -> None:
        """Let every update of one employee fail."""
        options = {"status": 400, **options} if fault == "status" else options
        self.system.faults.add(fault, kind="update", path=self.id_of(number), times=None, **options)

    def lose_twice(self, number: str) -> None:
        """Let two updates of one employee never arrive."""
        self.system.faults.add("disconnect", kind="update", path=self.id_of(number), times=2)

    def sent(self) -> list[Entry]:
        """Return every request to the target that was no read, carried out or not."""
        return [
            entry
            for entry in self.box.journal
            if entry.system == self.target and entry.kind != "read"
        ]

    # --- back to a moment -------------------------------------------------------------------

    def keep(self) -> State:
        """Return the present state of store and systems."""
        return State(
            {path.name: path.read_bytes() for path in self._files()},
            None if self.database is None else self.database.keep(),
            self._serial(),
            {
                name: {key: copy.deepcopy(dict(record)) for key, record in system.people.items()}
                for name, system in self.box.systems.items()
            },
            self.box.journal,
        )

    def back_to(self, state: State) -> None:
        """Put store, systems and journal back as they were; no faults, and nobody at work."""
        self.stop_all()
        for path in self._files():
            path.unlink()
        for file, content in state.store.items():
            path = self.folder / file
            path.touch(0o600)
            path.write_bytes(content)
        if self.database is not None and state.copy is not None:
            self.database.back_to(state.copy)
        for name, system in self.box.systems.items():
            with system.lock:
                system.faults.clear()
                system.restore()
                system.people.clear()
                for key, record in state.people[name].items():
                    system.people[key] = copy.deepcopy(record)
        self.box.clear_journal()
        for entry in state.journal:
            self.box._journal.add(entry)

    def _files(self) -> list[Path]:
        return [*self.folder.glob("*renkei.db*"), *self.folder.glob("*renkei.yaml.seen")]

    def _serial(self) -> int:
        """Return the store's own count; a file is not opened, which would mend what a kill left."""
        if self.database is not None:
            return int(next(iter(self.ask(SERIAL)), 0))
        return int.from_bytes(self.store.read_bytes()[24:28], "big") if self.store.exists() else 0

    def ask(self, question: str, patience_s: float = 5.0) -> tuple[Any, ...]:
        """Return the first row of the answer of the database, if there is one."""
        if self.database is not None:
            answer: list[tuple[Any, ...]] = self.database.do(question)
            return answer[0] if answer else ()
        with closing(sqlite3.connect(self.store, patience_s, isolation_level=None)) as connection:
            return tuple(connection.execute(question).fetchone() or ())

    def stop_all(self) -> None:
        """Kill all that are still at work."""
        for child in self.children:
            child.bury()
        self.children.clear()

    def age_lease(self, seconds: float = 1000.0) -> None:
        """Let the process that holds the lease have been silent for so long."""
        self.ask(f"update leases set beat = beat - {seconds}", 0.1)  # noqa: S608 - a number


@contextmanager
def a_site(
    zygote: Zygote, source: str, target: str, empty_store: bytes, database: Database | None = None
) -> Iterator[Site]:
    """Yield a site at noon, its systems without rate limits and without looking at duplicates."""
    with (
        TemporaryDirectory(prefix="renkei-") as folder,
        Sandbox(people=10, seed=1, now=NOON) as box,
    ):
        box.smarthr.switches.unique_emp_code = False  # nobody but us prevents a second one
        for name, system in box.systems.items():
            system.switches.rate_limit = False
            missing = NEW_PEOPLE if name == target else ()
            for key, record in list(system.people.items()):
                number = record[system.number_field]
                if number not in EVERYBODY or number in missing:
                    system.remove(key)
        site = Site(box, Path(folder), zygote, source, target, database=database)
        if database is None:
            site.store.write_bytes(empty_store)
            site.store.chmod(0o600)
        site.configure()
        try:
            yield site
        finally:
            site.stop_all()


def empty_store(folder: Path) -> bytes:
    """Return a store without runs: making one takes half a second, copying it none."""
    path = folder / "renkei.db"
    Store(str(path)).close()
    return path.read_bytes()
