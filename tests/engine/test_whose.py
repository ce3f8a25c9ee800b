"""Whose accounts are compared: asked once, shown to a person, refused once they are others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
from attrs import define, evolve, field
from hypothesis import given
from hypothesis import strategies as st
from tests.engine.world import World

from renkei.config import load_config
from renkei.connector import AccessError, AnswerError, UnavailableError, hookimpl
from renkei.errors import ConfigurationError, RenkeiError, UsageError
from renkei.http.address import one_spelling
from renkei.model import KnownAccount, Run, Status
from renkei.observer import Observer
from renkei.people import Customer
from renkei.plugins.facade import Reader
from renkei.runs import Runs
from renkei.testing import MemoryConnector, MemorySystem, installed

AKEBONO = Customer(name="あけぼの商事", ids=("c-1",), corporate_numbers=("7000012050002",))
TASOGARE = Customer(name="たそがれ商事", ids=("c-9",))
Told = str | Customer | None


@define
class Systems:
    """What both systems tell of their accounts, or raise."""

    world: World
    clinic: Told | Exception = AKEBONO
    rosta: Told | Exception = "あけぼの"

    def asked(self, name: str = "clinic") -> int:
        """Return how often a system was asked whose account it is, since the last time."""
        reads = self._system(name).reads
        count = reads.count("account_name")
        reads.clear()
        return count

    def _system(self, name: str) -> MemorySystem:
        return self.world.clinic if name == "clinic" else self.world.rosta

    def connector(self, name: str) -> MemoryConnector:
        """Return a connector that tells."""
        systems, system = self, self._system(name)

        class Telling(MemoryConnector):
            @hookimpl
            def account_name(self) -> Told:
                system.reads.append("account_name")
                told = systems.clinic if name == "clinic" else systems.rosta
                if isinstance(told, Exception):
                    raise told
                return told

        return Telling(system)


@define
class Person(Observer):
    """Somebody at a terminal; None: nobody is there."""

    answer: bool | None = True
    shown: list[Sequence[KnownAccount]] = field(factory=list)

    def same_company(self, accounts: Sequence[KnownAccount]) -> bool | None:
        self.shown.append(accounts)
        return self.answer


@pytest.fixture
def systems(world: World) -> Iterator[Systems]:
    """Two systems that tell whose accounts they are; somebody is new in the clinic."""
    world.in_clinic()
    made = Systems(world)
    with installed(
        clinic=lambda _connection: made.connector("clinic"),
        rosta=lambda _connection: made.connector("rosta"),
    ):
        yield made


def fetch(
    world: World, person: Observer | None = None, source: str = "clinic", target: str = "rosta"
) -> Run:
    with world.runs(person) as runs:
        return runs.fetch(source, target)


def known(world: World) -> dict[str, KnownAccount]:
    with world.runs() as runs:
        return runs.known_accounts()


@pytest.mark.security(59)
def test_a_person_confirms_both_accounts_at_the_first_fetch(systems: Systems) -> None:
    """Shown before anything is read, kept with who has answered, and never asked again."""
    person = Person()
    run = fetch(systems.world, person)
    ((clinic, rosta),) = person.shown
    assert (clinic.connection, clinic.customer) == ("clinic", AKEBONO)
    assert (rosta.connection, rosta.customer) == ("rosta", Customer(name="あけぼの"))
    assert systems.world.clinic.reads == ["account_name", "list_employees"]
    assert [n.about for n in run.notices if n.code == "account_named"] == [
        ("clinic", "あけぼの商事"),
        ("rosta", "あけぼの"),
    ]
    kept = known(systems.world)
    assert {each.confirmed_by and each.confirmed_by.split()[0] for each in kept.values()} == {
        "tester"
    }
    assert kept["clinic"].customer == AKEBONO
    fetch(systems.world, person)
    fetch(systems.world, person, "rosta", "clinic")
    assert len(person.shown) == 1
    assert known(systems.world) == kept


@pytest.mark.security(59)
def test_after_a_no_nothing_is_read_and_nothing_kept(systems: Systems) -> None:
    """No list, no run, no account; the next fetch asks again."""
    person = Person(answer=False)
    with pytest.raises(UsageError, match="not of one company") as caught:
        fetch(systems.world, person)
    assert (caught.value.code, caught.value.exit_code) == ("other_company", 2)
    assert systems.world.clinic.reads == ["account_name"]
    assert known(systems.world) == {}
    with systems.world.runs() as runs:
        assert runs.reports() == []
    fetch(systems.world, evolve(person, answer=True))
    assert len(person.shown) == 2


@pytest.mark.fault("F95")
def test_where_nobody_can_be_asked_it_goes_on_unconfirmed(systems: Systems) -> None:
    """A schedule is not stopped; people who come later are not asked any more, and may accept."""
    assert fetch(systems.world).status is Status.READY
    assert [each.confirmed_by for each in known(systems.world).values()] == [None, None]
    person = Person()
    fetch(systems.world, person)
    assert person.shown == []
    with systems.world.runs() as runs:
        runs.accept_account("clinic")
    assert known(systems.world)["clinic"].confirmed_by is not None
    assert known(systems.world)["rosta"].confirmed_by is None


def test_a_system_is_asked_once_and_again_for_a_new_token(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No request where nothing can have changed: not at the second fetch, and not at a sync."""
    run = fetch(systems.world)
    assert (systems.asked(), systems.asked("rosta")) == (1, 1)
    fetch(systems.world, None, "rosta", "clinic")
    systems.world.sync(run)
    assert (systems.asked(), systems.asked("rosta")) == (0, 0)
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "renewed")
    fetch(systems.world)
    fetch(systems.world)
    assert (systems.asked(), systems.asked("rosta")) == (1, 1)


@pytest.mark.fault("F95")
def test_a_renewed_token_of_the_same_account_stays_confirmed(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One id that both times share is enough, also beside a new name and further companies."""
    fetch(systems.world, Person())
    before = known(systems.world)["clinic"]
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "renewed")
    systems.clinic = Customer(name="あけぼのHD", ids=("c-0", "c-1"))
    fetch(systems.world)
    now = known(systems.world)["clinic"]
    assert now.customer == systems.clinic
    assert now.account != before.account
    assert (now.confirmed_by, now.confirmed_at) == (before.confirmed_by, before.confirmed_at)
    assert known(systems.world)["rosta"].confirmed_by is None  # it has told no id, either time


@pytest.mark.fault("F95")
@pytest.mark.security(59)
def test_nothing_is_written_to_a_changed_account(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plan of one account does not go to another one, until a person has accepted that."""
    systems.rosta = AKEBONO
    run = fetch(systems.world, Person())
    systems.world.choose(run)
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "of-another-company")
    systems.rosta = TASOGARE
    with systems.world.runs() as runs:
        with pytest.raises(UsageError) as caught:
            runs.sync(run.id)
        assert (caught.value.code, caught.value.where) == ("account_changed", "rosta")
        assert systems.world.rosta.writes == []
        runs.accept_account("rosta")
        assert runs.sync(run.id).status is Status.DONE
    assert len(systems.world.rosta.writes) == 1


@pytest.mark.fault("F95")
@pytest.mark.security(59)
def test_a_changed_account_is_refused_until_a_person_accepts_it(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is read of it, in either direction, and the one before stays known."""
    fetch(systems.world, Person())
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "of-another-company")
    systems.clinic = TASOGARE
    systems.world.clinic.reads.clear()
    for pair in (("clinic", "rosta"), ("rosta", "clinic")):
        with pytest.raises(UsageError, match=r"now it is “たそがれ商事” \(id c-9\)") as caught:
            fetch(systems.world, Person(), *pair)
        assert (caught.value.code, caught.value.where) == ("account_changed", "clinic")
        assert "“あけぼの商事” (corporate number 7000012050002, id c-1)" in caught.value.message
    assert "list_employees" not in systems.world.clinic.reads
    assert known(systems.world)["clinic"].customer == AKEBONO
    with systems.world.runs() as runs:
        assert len(runs.reports()) == 1
        (error,) = [each.error for each in runs.check() if each.subject == "clinic"]
        assert error is not None
        assert error.code == "account_changed"
        runs.accept_account("clinic")
        (clinic,) = [each for each in runs.check() if each.subject == "clinic"]
    assert clinic.error is None
    assert any("tester" in each.message and "c-9" in each.message for each in clinic.findings)
    assert fetch(systems.world).status is Status.READY


@pytest.mark.security(59)
def test_only_the_account_that_was_shown_is_accepted(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the page and the button it may have become yet another one."""
    fetch(systems.world)
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "of-another-company")
    systems.clinic = TASOGARE
    with systems.world.runs() as runs:
        with pytest.raises(UsageError, match="c-9"):
            runs.accept_account("clinic", seen="“よあけ商事” (id c-5)")
        assert runs.known_accounts()["clinic"].customer == AKEBONO
        runs.accept_account("clinic", seen="“たそがれ商事” (id c-9)")
    assert known(systems.world)["clinic"].customer == TASOGARE


@pytest.mark.fault("F95")
@pytest.mark.parametrize("later", ["たそがれ商事", Customer(name="たそがれ商事"), None])
def test_without_an_id_nobody_is_refused(
    systems: Systems, monkeypatch: pytest.MonkeyPatch, later: Told
) -> None:
    """A name may change; the id of before stays known, but nobody has confirmed this account."""
    fetch(systems.world, Person())
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "renewed")
    systems.clinic = later
    assert fetch(systems.world).status is Status.READY
    now = known(systems.world)["clinic"]
    assert (now.customer.ids, now.confirmed_by) == (("c-1",), None)
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "of-another-company")
    systems.clinic = TASOGARE
    with pytest.raises(UsageError, match="c-9"):
        fetch(systems.world)


@pytest.mark.fault("F95")
@pytest.mark.parametrize("raised", [AccessError("no"), AnswerError("odd"), ValueError("broken")])
def test_a_question_that_fails_never_fails_the_fetch(systems: Systems, raised: Exception) -> None:
    """The other account is shown all the same; the next fetch asks once more."""
    systems.clinic = raised
    person = Person()
    assert fetch(systems.world, person).status is Status.READY
    assert [each.customer.is_told for each in person.shown[0]] == [False, True]
    assert list(known(systems.world)) == ["rosta"]
    systems.clinic = AKEBONO
    fetch(systems.world)
    assert systems.asked() == 2
    assert known(systems.world)["clinic"].customer == AKEBONO


@pytest.mark.fault("F95")
def test_a_refused_token_ends_the_fetch_at_the_question(systems: Systems) -> None:
    """The list would be refused as well: no further request; the run that failed tells why."""
    refused = AccessError("no such token")
    refused.for_all = True
    systems.clinic, person = refused, Person()
    with pytest.raises(AccessError, match="no such token"):
        fetch(systems.world, person)
    assert systems.world.clinic.reads == ["account_name"]
    assert systems.world.rosta.reads in ([], ["account_name"])  # both are asked at the same time
    assert person.shown == []
    with systems.world.runs() as runs:
        assert [each.status for each in runs.reports()] == [Status.FAILED]
        with pytest.raises(AccessError):
            runs.accept_account("clinic")


def test_nobody_is_asked_where_no_system_tells(systems: Systems) -> None:
    """There would be nothing to go by."""
    systems.clinic, systems.rosta = None, UnavailableError("away")
    person = Person(answer=False)
    assert fetch(systems.world, person).status is Status.READY
    assert person.shown == []
    with systems.world.runs() as runs:
        assert not any("account" in f.message for each in runs.check() for f in each.findings)


def test_a_connector_without_the_hook_is_not_asked(world: World) -> None:
    """Nothing is known of its account, and nothing kept."""
    world.in_clinic()
    person = Person(answer=False)
    assert fetch(world, person).status is Status.READY
    assert person.shown == []
    assert known(world) == {}


def test_a_fetch_that_fails_keeps_nothing_of_the_accounts(systems: Systems) -> None:
    """What a system that is in trouble has not told is asked anew."""
    systems.clinic = None

    def away(_hook: str, _values: object) -> None:
        raise UnavailableError("away")

    trouble, systems.world.clinic.trouble = systems.world.clinic.trouble, away
    with pytest.raises(RenkeiError):
        fetch(systems.world, Person())
    assert known(systems.world) == {}
    systems.world.clinic.trouble = trouble
    systems.clinic = AKEBONO
    fetch(systems.world)
    assert known(systems.world)["clinic"].customer == AKEBONO


@pytest.mark.postgres
def test_the_store_keeps_accounts_on_either_database(
    systems: Systems, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By connection: told, confirmed, replaced; on a server as in a file."""
    fetch(systems.world, Person())
    monkeypatch.setenv("RENKEI_TEST_TOKEN", "of-another-company")
    systems.clinic = TASOGARE
    with pytest.raises(UsageError):
        fetch(systems.world)
    with systems.world.runs() as runs:
        runs.accept_account("clinic")
    kept = known(systems.world)
    assert [kept[name].customer for name in ("clinic", "rosta")] == [
        TASOGARE,
        Customer(name="あけぼの"),
    ]
    assert all(each.confirmed_by and each.confirmed_at for each in kept.values())


@pytest.mark.security(59)
def test_the_token_is_shown_nowhere(systems: Systems) -> None:
    """A system that tells the token as its name shows stars, in the store too."""
    systems.clinic = Customer(name="t0ken", ids=("t0ken-1",))
    fetch(systems.world)
    assert "t0ken" not in str(known(systems.world)["clinic"].customer)


def test_a_reader_is_asked_without_trying_again(systems: Systems) -> None:
    """One request, whatever becomes of it: trying again is for what the fetch needs."""
    tries: list[bool] = []
    real: Callable[[Reader], Customer | None] = Reader.account_name

    def noted(reader: Reader) -> Customer | None:
        tries.append(reader.connection.tries_again)
        return real(reader)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Reader, "account_name", noted)
        fetch(systems.world)
    assert tries == [False, False]
    with Runs(load_config(systems.world.folder / "renkei.yaml")) as runs:
        assert runs._ground.systems.reader("clinic").connection.tries_again


# --- several companies --------------------------------------------------------------------------


@pytest.fixture
def companies(systems: Systems, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Runs]:
    """Return what opens the engine for a company, with tokens of its own, at its address."""
    folder = systems.world.folder
    text = (folder / "renkei.yaml").read_text(encoding="utf-8").replace("./pair", "../pair")
    own = "\n".join(line for line in text.splitlines() if not line.startswith("store:"))
    (folder / "companies").mkdir()
    main = folder / "renkei.yaml"
    main.write_text("companies: companies\nstore: reports.db\n", encoding="utf-8")

    def opened(name: str, address: str = "127.0.0.1:1") -> Runs:
        variable = f"TOKEN_OF_{name.upper()}"
        monkeypatch.setenv(variable, f"token of {name}".replace(" ", "-"))
        text = own.replace("RENKEI_TEST_TOKEN", variable).replace("127.0.0.1:1", address)
        (folder / "companies" / f"{name}.yaml").write_text(f"{text}\n", encoding="utf-8")
        return Runs(load_config(main, name), who="tester")

    return opened


@pytest.mark.fault("F94")
@pytest.mark.security(59)
def test_two_tokens_of_one_account_are_refused(
    systems: Systems, companies: Callable[..., Runs]
) -> None:
    """By the id that the system tells: before anybody is read, and nobody can accept it either."""
    systems.rosta = Customer(ids=("r-1",))
    with companies("acme") as acme:
        assert acme.fetch("clinic", "rosta").status is Status.READY
    reads = systems.world.clinic.reads
    reads.clear()
    with companies("beta") as beta:
        for refused in (
            lambda: beta.fetch("clinic", "rosta"),
            lambda: beta.accept_account("rosta"),
        ):
            with pytest.raises(ConfigurationError) as caught:
                refused()
            assert caught.value.code == "same_account"
            assert "acme" in caught.value.message
        assert beta.reports() == []
        assert beta.known_accounts() == {}
        assert "list_employees" not in reads
        systems.clinic, systems.rosta = TASOGARE, Customer(ids=("r-2",))
        assert beta.fetch("clinic", "rosta").status is Status.READY


def test_an_id_is_one_systems(systems: Systems, companies: Callable[..., Runs]) -> None:
    """At another address the same id is another company; a connection that is gone has none."""
    with companies("acme") as acme:
        acme.fetch("clinic", "rosta")
    with companies("beta", "127.0.0.1:2") as beta:
        assert beta.fetch("clinic", "rosta").status is Status.READY
    with companies("acme", "127.0.0.1:3"), companies("gamma") as gamma:  # acme has moved since
        assert gamma.fetch("clinic", "rosta").status is Status.READY


@pytest.mark.fault("F94")
@pytest.mark.security(59)
def test_an_address_is_one_system_however_it_is_written(
    systems: Systems, companies: Callable[..., Runs]
) -> None:
    """A second token of one account is refused whatever stands for the same address."""
    with companies("acme") as acme:
        acme.fetch("clinic", "rosta")
    for written in ("LocalHost:1/", "127.0.0.1:0001//"):
        with companies("beta", written) as beta, pytest.raises(ConfigurationError) as caught:
            beta.fetch("clinic", "rosta")
        assert caught.value.code == "same_account"


@given(
    st.sampled_from(["acme.smarthr.jp", "api.kingtime.jp", "x.example"]),
    st.sampled_from(["", "/v1.0", "/Api/x"]),
    st.lists(st.booleans(), min_size=4, max_size=4),
)
def test_an_address_has_one_spelling(host: str, path: str, odd: list[bool]) -> None:
    """Host in capitals, with its dot, the usual port, a slash at the end; a path is as it is."""
    capitals, dot, port, slash = odd
    plain = one_spelling(f"https://{host}{path}")
    written = (host.upper() if capitals else host) + "." * dot + ":443" * port
    assert one_spelling(f"https://{written}{path}{'/' * slash}") == plain == one_spelling(plain)
    for other in (f"http://{host}{path}", f"https://{host}:444{path}", f"https://{host}{path}/X"):
        assert one_spelling(other) != plain
    assert one_spelling(host) == host
