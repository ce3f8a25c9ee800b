"""Several companies: which file is whose, and walls in one store that no id leads through."""

from __future__ import annotations

import datetime as dt
import io
import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa
import structlog
from hypothesis import given
from hypothesis import strategies as st
from tests import walls
from tests.postgres import Database as OnServer

from renkei.config import Company, load_config, load_main
from renkei.config.main import is_name
from renkei.errors import BusyError, ConfigurationError, MappingError, RenkeiError, UsageError
from renkei.logs import configure_logging
from renkei.model import Difference, Filter, Item, Released, Run, Selection, Status
from renkei.runs import Runs
from renkei.store.accounts import used
from renkei.store.plans import Usual
from renkei.store.releases import Place
from renkei.store.store import Store
from renkei.store.tables import facts, items, leases, runs, writes
from renkei_web.database import Database as Desk
from renkei_web.tables import drafts, rights

if TYPE_CHECKING:
    from tests.engine.world import World

NOW = dt.datetime(2026, 11, 20, 3, tzinfo=dt.UTC)
ACCOUNT = "k" * 64
OWN = """\
label: {label}
environment: sandbox
connections:
  smarthr: {{connector: smarthr, base_url: "http://127.0.0.1:1/api", token: "file:{label}.token"}}
  touchontime: {{connector: touchontime, base_url: "http://127.0.0.1:1", token: env:T}}
mappings: [{{use: smarthr-touchontime}}]
"""


def company(folder: Path, name: str, text: str | None = None) -> Path:
    """Write the file of a company, and the main file; return the main file."""
    main = folder / "renkei.yaml"
    main.write_text("store: all.db\ncompanies: companies/\n", encoding="utf-8")
    (folder / "companies").mkdir(exist_ok=True)
    own = folder / "companies" / f"{name}.yaml"
    own.write_text(OWN.format(label=name.title()) if text is None else text, encoding="utf-8")
    return main


# --- which file is whose ------------------------------------------------------------------------


def test_a_company_has_a_file_of_its_own(tmp_path: Path) -> None:
    """Its paths start from its own file; the store is that of the main one."""
    company(tmp_path, "beta")
    main = company(tmp_path, "acme")
    config = load_config(main, "acme")
    assert config.company == Company(name="acme", label="Acme", environment="sandbox")
    assert config.company.title == "Acme (acme)"
    assert config.base == tmp_path / "companies"
    assert config.store == str(tmp_path / "all.db")
    assert config.main.path == main
    assert load_main(main).names() == ["acme", "beta"]


def test_a_file_without_companies_is_one_without_a_name(tmp_path: Path) -> None:
    """It may have a label and an environment; no name is accepted with it."""
    path = tmp_path / "renkei.yaml"
    path.write_text(OWN.format(label="Solo"), encoding="utf-8")
    config = load_config(path)
    assert config.company == Company(label="Solo", environment="sandbox")
    assert config.main.path == config.path == path
    assert load_main(path).names() == []
    with pytest.raises(UsageError, match="has no companies") as caught:
        load_config(path, "acme")
    assert caught.value.code == "company"


def test_a_company_has_to_be_named(tmp_path: Path) -> None:
    """Without a name, or with one not there, it says which there are: no file is guessed."""
    company(tmp_path, "beta")
    main = company(tmp_path, "acme")
    (tmp_path / "companies" / "Other One.yaml").write_text("", encoding="utf-8")
    wrong: tuple[str | None, ...] = (
        None,
        "acmee",
        "ACME",
        "../renkei",
        "Other One",
        "acme/",
        ".",
        "",
    )
    for name in wrong:
        with pytest.raises(UsageError, match=r"There are: acme, beta\.") as caught:
            load_config(main, name)
        assert caught.value.code == "company"
    strangers = load_main(main).strangers()
    assert [each.name for each in strangers] == ["Other One.yaml"]
    for number in range(20):
        company(tmp_path, f"c{number:02}")
    with pytest.raises(UsageError, match="There are 22, such as acme, beta, c00"):
        load_config(main)
    (tmp_path / "none").mkdir()
    main.write_text("companies: none\n", encoding="utf-8")
    with pytest.raises(UsageError, match="none yet"):
        load_config(main)


def test_every_mistake_names_the_right_file(tmp_path: Path) -> None:
    """One in the file of a company is there, one in the main file is here, each with its line."""
    main = company(tmp_path, "acme", "label: A\nstore: x.db\nconnections: {}\n")
    with pytest.raises(MappingError) as caught:
        load_config(main, "acme")
    own = tmp_path / "companies" / "acme.yaml"
    told = {(each.path, each.line) for each in caught.value.problems}
    assert told == {(str(own), 2), (str(own), 3)}
    assert f"It stands in {main} alone" in caught.value.message
    company(tmp_path, "acme", "companies: x\nconnections: {}\n")
    with pytest.raises(MappingError, match=r'acme\.yaml:1:1: unknown key "companies"'):
        load_config(main, "acme")
    main.write_text("companies: companies\nconnections: {}\nlabel: x\n", encoding="utf-8")
    with pytest.raises(MappingError) as caught:
        load_config(main, "acme")
    places = [(each.path, each.line) for each in caught.value.problems]
    assert (str(main), 2) in places
    assert (str(main), 3) in places
    main.write_text("companies: companies\nstor: x\n", encoding="utf-8")
    with pytest.raises(MappingError, match='unknown key "stor"'):
        load_config(main)


def test_the_main_file_has_settings_of_the_dashboard(tmp_path: Path) -> None:
    """Those alone, and of no company: each says for itself what holds for it."""
    main = company(tmp_path, "acme")
    text = main.read_text(encoding="utf-8")
    said = "{setup: web, second_factor: required, proxy: 'http://proxy.example.jp:8080'}"
    main.write_text(f"{text}settings: {said}\n", encoding="utf-8")
    settings = load_main(main).settings
    assert (settings.setup, settings.second_factor, settings.sso) == ("web", "required", None)
    own = load_config(main, "acme").settings
    assert (own.setup, own.second_factor, own.proxy) == (None, None, None)
    main.write_text(f"{text}settings: {{max_plan_age_hours: 3}}\n", encoding="utf-8")
    with pytest.raises(MappingError, match=r'yaml:3:12: unknown key "max_plan_age_hours"'):
        load_main(main)
    main.write_text(f"{text}settings: {{proxy: nowhere}}\n", encoding="utf-8")
    with pytest.raises(MappingError, match=r"yaml:3:19"):
        load_main(main)


@given(st.text(max_size=70))
def test_a_name_is_harmless(text: str) -> None:
    """Whatever is a name is a file in the folder, a word in a log and a column of 63 characters."""
    if is_name(text):
        assert len(text) <= 63
        assert Path(f"{text}.yaml").name == f"{text}.yaml"
        assert text == text.lower() == text.strip()
        assert text.isascii()
        assert not text.startswith(("-", ".", "_"))


# --- the store ----------------------------------------------------------------------------------


def opened(place: str, name: str = "") -> Store:
    return Store(place, company=name)


@pytest.fixture
def at(tmp_path: Path, database: OnServer | None) -> str:
    """Return where a store can be opened, of either kind."""
    return str(tmp_path / "renkei.db") if database is None else database.address


def planned(store: Store, account: str = ACCOUNT) -> str:
    """Store a plan of one new person of this store's company; return its run."""
    run_id = store.begin_fetch(
        source="clinic",
        target="rosta",
        source_account=f"source of {store.company}",
        target_account=account,
        base_date=NOW.date(),
        who="tester",
        created_at=NOW,
        mapping_name="pair",
        mapping_text="",
        mapping_hash="",
        settings={},
    )
    new = Item(number="0417", name="佐倉", difference=Difference.NEW, source_id="1")
    counts = store.add_items(run_id, [new])
    store.end_fetch(
        run_id,
        at=NOW,
        counts=counts,
        notices=(),
        usage={"calls": {}, "seconds": 1.0, "sync_seconds": 1.0},
        journal=store.journal_now(),
        usual=1,
        usual_target=1,
        moved=["x"],
    )
    return str(run_id)


def said(store: Store, run: str) -> str:
    """Keep a release, and return its id."""
    places = (
        Place(connection="clinic", account="s"),
        Place(connection="rosta", account=ACCOUNT),
    )
    right = Released(kind="right_pair", others=(), who="tester", why="it is")
    store.keep_release(right, places, NOW, run_id=int(run))
    return store.releases()[-1].release.id


BY_RUN: tuple[tuple[str, Callable[[Store, str], Any]], ...] = (
    ("run", lambda s, r: s.run(r)),
    ("items", lambda s, r: list(s.items(r))),
    ("page", lambda s, r: s.page(r, Filter(), limit=5)),
    ("tally", lambda s, r: s.tally(r, Filter())),
    ("numbers", lambda s, r: s.numbers(r, Filter())),
    ("entries", lambda s, r: s.entries(r)),
    ("start", lambda s, r: s.start(r)),
    ("before_sync", lambda s, r: s.before_sync(r)),
    ("selection", lambda s, r: s.selection(r)),
    ("choose", lambda s, r: s.choose(r, Selection(numbers=("0417",)), {1: {}})),
    ("has_begun", lambda s, r: s.has_begun(r)),
    ("is_unsettled", lambda s, r: s.is_unsettled(r)),
    ("may_retry", lambda s, r: s.may_retry(r)),
    ("accounts", lambda s, r: s.accounts(r)),
    ("partners_of", lambda s, r: s.partners_of(r, "1")),
    ("rewritten", lambda s, r: s.rewritten(r)),
    ("refused_before", lambda s, r: s.refused_before(r)),
    ("created_elsewhere", lambda s, r: s.created_elsewhere(r)),
    ("renew_notice", lambda s, r: s.renew_notice(r, "x", None)),
    ("usual", lambda s, r: s.usual("clinic", "rosta", NOW.date(), upto=r)),
    ("start", lambda s, r: s.start(r)),
    ("before_sync", lambda s, r: s.before_sync(r)),
    ("begin_sync", lambda s, r: s.begin_sync(r, NOW, "b", account="another")),
    ("cancel", lambda s, r: s.cancel(r, NOW)),
    ("expire", lambda s, r: s.expire(r, NOW)),
)


@pytest.mark.security(56)
@pytest.mark.postgres
@pytest.mark.parametrize("name", [name for name, _ask in BY_RUN])
def test_a_run_of_another_company_is_as_if_it_did_not_exist(at: str, name: str) -> None:
    """The same error as of an id that nobody has, whatever is asked, and nothing is changed."""
    ask = dict(BY_RUN)[name]
    with closing(opened(at, "acme")) as acme, closing(opened(at, "beta")) as beta:
        run = planned(acme)
        before = acme.run(run)
        for foreign in (run, "999"):
            with pytest.raises(UsageError) as caught:
                ask(beta, foreign)
            assert caught.value.message == f"There is no run {foreign}."
            assert caught.value.code == "unknown_run"
        assert acme.run(run) == before
        ask(acme, run)  # its own company may


@pytest.mark.security(56)
@pytest.mark.postgres
def test_nothing_of_another_company_is_listed_or_learned_from(at: str) -> None:
    """Two companies call their connections alike: neither meets runs or people of the other."""
    with closing(opened(at, "acme")) as acme, closing(opened(at, "beta")) as beta:
        run = planned(acme)
        release = said(acme, run)
        acme.choose(run, Selection(numbers=("0417",)), {1: {}})
        lease = acme.begin_sync(run, NOW, "a", account=ACCOUNT)
        acme.intend(lease, (), [(1, "create")], NOW)
        acme.keep_fields("rosta", ACCOUNT, (), NOW)
        assert beta.latest(10) == []
        assert beta.releases() == []
        assert beta.usage("clinic", "rosta") is None
        assert beta.sync_usage("clinic", "rosta") is None
        nothing = Usual(listed=None, there=None, moved=[])
        assert beta.usual("clinic", "rosta", NOW.date()) == nothing
        assert beta.journal_now()["open"] == []
        assert beta.created_in(ACCOUNT) == {}
        assert beta.written("clinic", "rosta", NOW, NOW + dt.timedelta(1)) == []
        assert beta.accepted("rosta") == frozenset()
        assert beta.written_into(Place(connection="rosta", account=ACCOUNT), "1") == {}
        assert beta.own_fields("rosta").at is None
        assert beta.undecided_s() is None
        assert beta.purge(NOW + dt.timedelta(1)) == 0
        with pytest.raises(UsageError, match="no release"):
            beta.remove_release(release)
        own = planned(beta, "another")
        assert beta.created_elsewhere(own) == {}
        assert [each.id for each in beta.latest(10)] == [own]
        assert [each.id for each in acme.latest(10)] == [run]
        assert len(acme.releases()) == 1


@pytest.mark.fault("F94")
@pytest.mark.postgres
def test_one_account_has_one_writer_whatever_the_company(at: str) -> None:
    """The lease is that of the account; its holder is named to nobody of another company."""
    with closing(opened(at, "acme")) as acme, closing(opened(at, "beta")) as beta:
        first, second = planned(acme), planned(beta)
        acme.begin_sync(first, NOW, "tanaka", account=ACCOUNT)
        for take_over in (False, True):
            with pytest.raises(BusyError) as caught:
                beta.begin_sync(second, NOW, "b", account=ACCOUNT, take_over=take_over)
            assert "Another company" in caught.value.message
            assert "tanaka" not in caught.value.message


@pytest.mark.fault("F94")
@pytest.mark.postgres
def test_who_used_an_account_last_is_known(at: str) -> None:
    """A connection that opens another one since gives it free, and so does one that is gone."""
    with closing(opened(at, "acme")) as acme, closing(opened(at, "beta")) as beta:
        planned(acme)
        assert {company for company, _connection in beta.others_of(ACCOUNT)} == {"acme"}
        assert acme.others_of(ACCOUNT) == beta.others_of("x") == []
        planned(acme, "another")
        assert beta.others_of(ACCOUNT) == []
        assert {company for company, _connection in beta.others_of("another")} == {"acme"}


@pytest.mark.security(56)
@pytest.mark.postgres
def test_a_statement_through_a_wall_is_found(at: str) -> None:
    """What watches over all tests sees a statement without the company, or with a guessed key."""
    with closing(opened(at, "acme")) as acme, closing(opened(at, "beta")) as beta:
        key = int(planned(acme))
        ours = runs.c.company == "beta"
        held = sa.select(runs.c.id).where(ours)
        wrong = (
            sa.select(runs),
            sa.select(runs).where(runs.c.company == "acme"),
            sa.select(runs).where(runs.c.id == key),
            sa.select(items).where(items.c.run_id == key),
            sa.select(items.c.number).join(runs, runs.c.id == items.c.run_id),
            sa.select(leases),
            sa.update(runs).where(runs.c.source == "clinic").values(status="done"),
            sa.delete(writes),
            sa.select(sa.func.count()).select_from(writes),
            sa.insert(runs).values(source="a"),
            sa.insert(items).values(run_id=key, position=1),
        )
        for statement in wrong:
            assert walls.unwalled(statement, beta), statement
        right = (
            sa.select(runs).where(ours),
            sa.select(items).join(runs, runs.c.id == items.c.run_id).where(ours),
            sa.update(runs).where(ours).values(status="done"),
            sa.insert(runs).values(company="beta"),
            sa.select(leases).where(leases.c.account == ACCOUNT),
            held,
        )
        for statement in right:
            assert not walls.unwalled(statement, beta), statement
        assert not walls.unwalled(sa.select(items).where(items.c.run_id == key), acme)


@pytest.mark.security(56)
def test_text_and_facts_through_a_wall_are_found(tmp_path: Path) -> None:
    """What is not composed but written as SQL names no such table; a fact is one of the company."""
    called = facts.c.name
    with closing(opened(str(tmp_path / "a.db"), "acme")) as acme:
        for wrong in (
            sa.text("select * from items"),
            sa.select(sa.literal(1)).where(sa.text("exists (select 1 from runs)")),
            sa.select(facts),
            sa.select(facts.c.value).where(called.startswith("used:")),
            sa.select(facts.c.value).where(called == used("beta")),
            sa.insert(facts).values(name=used("beta"), value=""),
        ):
            assert walls.unwalled(wrong, acme), wrong
        for right in (
            sa.select(facts.c.value).where(called == used("acme")),
            sa.select(facts.c.value).where(called == "account_key"),
        ):
            assert not walls.unwalled(right, acme), right
    assert walls.in_text("select count(*) from writes where id > 3")
    assert not walls.in_text("select value from facts where name = 'serial'")
    assert not walls.in_text("lock table runs in share mode")


@pytest.mark.security(56, 57)
def test_the_tables_of_the_dashboard_have_walls_too(tmp_path: Path) -> None:
    """Ticks are asked for by company; rights by company, or those of one person."""
    with closing(Desk(str(tmp_path / "web.db"))) as desk:
        mine = drafts.c.user_id == 1
        for wrong in (
            sa.select(drafts).where(mine, drafts.c.run == "1"),
            sa.delete(drafts).where(mine),
            sa.insert(drafts).values(user_id=1, run="1", document=""),
            sa.select(rights.c.user_id).where(rights.c.role == "admin"),
        ):
            assert walls.unwalled(wrong, desk), wrong
        for right in (
            sa.select(drafts).where(mine, drafts.c.company == "acme"),
            sa.insert(drafts).values(user_id=1, run="1", document="", company="acme"),
            sa.select(rights).where(rights.c.user_id == 1),
            sa.select(rights).order_by(rights.c.company),
        ):
            assert not walls.unwalled(right, desk), right


# --- the engine ---------------------------------------------------------------------------------


def two_companies(world: World) -> Path:
    """Let the configuration of *world* be that of two companies, of the same accounts."""
    lines = (world.folder / "renkei.yaml").read_text(encoding="utf-8").splitlines()
    main = [line for line in lines if line.startswith("store:")]
    own = [line.replace("./pair", "../pair") for line in lines if line not in main]
    folder = world.folder / "companies"
    folder.mkdir()
    for name in ("acme", "beta"):
        (folder / f"{name}.yaml").write_text("\n".join([*own, ""]), encoding="utf-8")
    path = world.folder / "renkei.yaml"
    path.write_text("\n".join([*main, "companies: companies", ""]), encoding="utf-8")
    return path


def refused(run: Callable[[], Run]) -> RenkeiError:
    with pytest.raises(RenkeiError) as caught:
        run()
    return caught.value


@pytest.mark.fault("F94")
@pytest.mark.postgres
def test_two_companies_of_one_account_are_refused(world: World) -> None:
    """By fetch, check and sync, before anything is sent; both are named, and then one is right."""
    world.in_clinic()
    path = two_companies(world)
    with Runs(load_config(path, "acme")) as acme:
        run = acme.fetch("clinic", "rosta")
        acme.choose(run.id, Selection(numbers=("0417",), new={"ward": "W1"}, look_first=True))
    with Runs(load_config(path, "beta")) as beta:
        error = refused(lambda: beta.fetch("clinic", "rosta"))
        assert isinstance(error, ConfigurationError)
        assert error.code == "same_account"
        with pytest.raises(ConfigurationError, match="acme"):
            beta.accept_account("clinic")
        assert "clinic of beta" in error.message
        assert "acme" in error.message
        problems = [each for each in beta.check() if each.error]
        assert [each.error and each.error.code for each in problems] == ["same_account"] * 2
        assert refused(lambda: beta.run(run.id)).code == "unknown_run"
        assert beta.reports() == []
    with closing(Store(world.at, company="beta")) as store:
        planned(store, world_account(world, path))
    with Runs(load_config(path, "acme")) as acme:
        assert refused(lambda: acme.sync(run.id)).code == "same_account"
    assert world.rosta.people == {}


def scoped(path: Path, company: str, clinic: str, rosta: str) -> None:
    """Let the pair of a company be for some numbers of either side only; empty: for all."""
    file = path.parent / "companies" / f"{company}.yaml"
    sides = {"clinic": clinic, "rosta": rosta}
    who = {side: {"number": [each]} for side, each in sides.items() if each}
    lines = file.read_text(encoding="utf-8").splitlines()
    place = lines.index("mappings:") + 1
    lines[place] = f"  - {json.dumps({'use': '../pair.yaml', 'who': who})}"
    file.write_text("\n".join([*lines, ""]), encoding="utf-8")


@pytest.mark.fault("F94")
@pytest.mark.security(58)
def test_two_companies_share_an_account_where_both_say_whom_of_it_they_are_for(
    world: World,
) -> None:
    """Each writes its own people and nobody else; without one of the scopes it is refused."""
    for number in ("a1", "a2", "b1"):
        world.in_clinic(number)
    path = two_companies(world)
    scoped(path, "acme", "a*", "a*")
    with Runs(load_config(path, "acme")) as acme:
        first = acme.fetch("clinic", "rosta")
    for clinic, rosta in (("", ""), ("b*", ""), ("", "b*")):
        scoped(path, "beta", clinic, rosta)
        with Runs(load_config(path, "beta")) as beta:
            assert refused(lambda: beta.fetch("clinic", "rosta")).code == "same_account"
    scoped(path, "beta", "b*", "b*")
    with Runs(load_config(path, "beta")) as beta:
        second = beta.fetch("clinic", "rosta")
        assert [each.number for each in beta.items(second.id)] == ["b1"]
    for company, run, numbers in (("acme", first, ("a1", "a2")), ("beta", second, ("b1",))):
        with Runs(load_config(path, company)) as runs:
            chosen = Selection(numbers=numbers, new={"ward": "W1"}, look_first=True)
            runs.choose(run.id, chosen)
            assert runs.sync(run.id).status is Status.DONE
    written = sorted(str(each.values["id_no"]) for each in world.rosta.people.values())
    assert written == ["a1", "a2", "b1"]
    scoped(path, "beta", "", "")  # the other one did not change, but what it relied upon did
    with Runs(load_config(path, "acme")) as acme:
        assert refused(lambda: acme.fetch("clinic", "rosta")).code == "same_account"


def world_account(world: World, path: Path) -> str:
    """Return what the store calls the account of the rosta."""
    with Runs(load_config(path, "acme")) as runs:
        return runs._store.account(runs._ground.systems.reader("rosta").connection.identity)


@pytest.mark.fault("F97")
def test_a_paused_company_is_left_alone(world: World) -> None:
    """Nothing is fetched or synced; what is there can be read. The line that says so is told."""
    world.in_clinic()
    path = two_companies(world)
    with Runs(load_config(path, "acme")) as acme:
        run = acme.fetch("clinic", "rosta")
    own = world.folder / "companies" / "acme.yaml"
    own.write_text(f"label: Acme\npaused: true\n{own.read_text()}", encoding="utf-8")
    with Runs(load_config(path, "acme")) as acme:
        for refusal in (
            refused(lambda: acme.fetch("clinic", "rosta")),
            refused(lambda: acme.sync(run.id)),
        ):
            assert refusal.code == "paused"
            assert f"Acme (acme) is paused, in line 2 of {own}" in refusal.message
        assert acme.possible(run.id) == frozenset()
        assert acme.run(run.id).counts[Difference.NEW] == 1


@pytest.mark.security(56)
@pytest.mark.sqlite
def test_every_line_of_the_log_has_the_company(world: World) -> None:
    """And none where there is only one."""
    world.in_clinic()
    lines = io.StringIO()
    configure_logging(json=True, level="debug", stream=lines)
    try:
        world.fetch()
        assert "company" not in lines.getvalue()
        path = two_companies(world)
        (world.folder / "reports.db").unlink()
        lines.truncate(0)
        lines.seek(0)
        with Runs(load_config(path, "acme")) as acme:
            acme.fetch("clinic", "rosta")
    finally:
        structlog.reset_defaults()
    told = [json.loads(line) for line in lines.getvalue().splitlines()]
    assert told
    assert {each.get("company") for each in told} == {"acme"}


def test_the_number_of_a_release_is_never_given_again(at: str) -> None:
    """A page that still shows the one that was taken back must not take back another one."""
    with closing(Store(at, company="acme")) as acme:
        run = planned(acme)
        first, second = said(acme, run), said(acme, run)
        acme.remove_release(second)
        third = said(acme, run)
        assert len({first, second, third}) == 3
        for gone in (second, "0", "x", "9" * 30, "9" * 5_000):  # the last two fit no column
            with pytest.raises(UsageError, match="no release"):
                acme.remove_release(gone)
        assert [each.release.id for each in acme.releases()] == [first, third]
