"""Several companies with a file each, from the commands that a person gives and what is printed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import pytest
from tests.e2e.office import FAST
from tests.pair import NOON

from renkei.config import load_config, resolve_secret
from renkei_runner.cli import COMMANDS, cli
from renkei_sandbox import Sandbox
from renkei_web.database import SCHEMA, Database, standing
from renkei_web.people import People
from renkei_web.rights import Rights
from renkei_web.sessions import Sessions
from renkei_web.users import Role

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.office import Office

WAY = ("smarthr", "touchontime")
NAME_A_RUN = (
    ["plan", "RUN"], ["sync", "RUN", "--yes"], ["resume", "RUN"], ["cancel", "RUN"],
    ["report", "RUN"], ["report", "RUN", "--html", "x.html"], ["fetch", "--again", "RUN"],
    ["mapping", "explain", "RUN", "0001"],
)  # fmt: skip


def naming_a_run() -> Iterator[str]:
    """Yield every command that takes the id of a run."""
    context = click.Context(cli)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        parts = [command, *getattr(command, "commands", {}).values()]
        if any(param.metavar == "RUN" for part in parts if part for param in part.params):
            yield name


@pytest.fixture
def other() -> Iterator[Sandbox]:
    """The systems of a second company."""
    with Sandbox(people=60, seed=2, now=NOON) as box:
        for system in box.systems.values():
            system.switches.rate_limit = False
        yield box


def own_file(office: Office, name: str, box: Sandbox, more: str = "") -> Path:
    """Write the file of a company, with its tokens in files beside it."""
    folder = office.folder / "companies"
    folder.mkdir(exist_ok=True)
    lines = [f"label: {name.title()} K.K.", "environment: sandbox", "connections:"]
    for system in box.systems.values():
        token = folder / f"{name}-{system.name}.token"
        token.write_text(system.token, encoding="utf-8")
        token.chmod(0o600)
        lines += [
            f"  {system.name}:",
            f"    connector: {system.name}",
            f"    base_url: {system.base_url}",
            f"    token: file:{token.name}",
            f"    limits: {FAST}",
        ]
    lines += ["mappings: [{use: smarthr-touchontime}]", "settings: {settle_wait_seconds: 0}", more]
    path = folder / f"{name}.yaml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def two(office: Office, other: Sandbox) -> None:
    """Let there be two companies, acme and beta, each with systems of its own."""
    store = "" if office.database is None else f'store: "{office.database.address}"\n'
    main = office.folder / "renkei.yaml"
    main.write_text(f"companies: companies/\n{store}", encoding="utf-8")
    own_file(office, "acme", office.box)
    own_file(office, "beta", other)


def of(name: str, *words: str) -> tuple[str, ...]:
    return ("--company", name, *words)


@pytest.mark.security(56)
@pytest.mark.postgres
def test_each_company_is_synced_by_itself(office: Office, other: Sandbox) -> None:
    """Its own systems are read and written, its runs are listed, and those of the other are not."""
    two(office, other)
    a = office.fetched(*WAY, "--company", "acme")
    assert other.journal == []
    b = office.fetched(*WAY, "--company", "beta")
    done = office.ask(*of("acme", "sync", a), *office.everybody("touchontime"))
    assert (done.code, done.json["company"]) == (0, "acme")
    assert not other.writes("touchontime")
    page = office.folder / "report.html"
    assert "Acme K.K. (acme), sandbox" in office.renkei(*of("acme", "report", a)).out
    assert office.renkei(*of("acme", "report", a, "--html", str(page))).code == 0
    assert "Acme K.K. (acme), sandbox" in page.read_text(encoding="utf-8")
    for mine, name in ((a, "acme"), (b, "beta")):
        listed = office.ask(*of(name, "reports"))
        assert list(listed.json)[:2] == ["schema_version", "company"]
        assert [each["run"] for each in listed.json["reports"]] == [mine]


@pytest.mark.security(56)
@pytest.mark.postgres
def test_no_command_reaches_a_run_of_another_company(office: Office, other: Sandbox) -> None:
    """Every command that names a run says what it says of one that nobody has."""
    two(office, other)
    run = office.fetched(*WAY, "--company", "acme")
    shown = office.ask(*of("acme", "report", run)).json
    assert {words[0] for words in NAME_A_RUN} == set(naming_a_run())
    for words in NAME_A_RUN:
        told = []
        for each in (run, "999"):
            named = [each if word == "RUN" else word for word in words]
            result = office.renkei(*of("beta", *named), "--output", "json")
            told.append((result.code, result.out.replace(f"run {each}", "run RUN")))
        assert told[0] == told[1], words
        assert told[0][0] == 2
    assert office.ask(*of("acme", "report", run)).json == shown
    assert other.journal == []


@pytest.mark.security(56)
def test_which_company_has_to_be_said(office: Office, other: Sandbox) -> None:
    """By option or by variable; the option wins. Without, exit code 2 and the names."""
    two(office, other)
    result = office.ask("fetch", *WAY)
    assert (result.code, result.error["code"]) == (2, "company")
    assert "There are: acme, beta." in result.error["message"]
    assert "--company" in result.error["hint"]
    assert office.ask("--company", "gamma", "reports").error["code"] == "company"
    office.env["RENKEI_COMPANY"] = "acme"
    assert office.ask("reports").json["company"] == "acme"
    assert office.ask("--company", "beta", "reports").json["company"] == "beta"
    shown = office.renkei(*of("beta", "fetch", *WAY))
    assert shown.err.startswith("Company: Beta K.K. (beta), sandbox\n")
    assert "renkei --company beta plan 1" in shown.out
    office.env["RENKEI_COMPANY"] = ""
    office.configure()
    assert office.ask("--company", "acme", "reports").error["code"] == "company"
    assert "company" not in office.ask("reports").json
    assert "Company" not in office.renkei("reports").err


def test_a_dashboard_is_for_all_companies(office: Office, other: Sandbox) -> None:
    """It is told none; who may see which one stands in its own list of people."""
    two(office, other)
    before = standing(office.dashboard)
    result = office.renkei(*of("acme", "web", "--new-link", "admin"))
    assert result.code == 2
    assert "leave --company and RENKEI_COMPANY out" in result.err
    assert standing(office.dashboard) == before
    result = office.renkei("web", "--new-link", "admin")
    assert "nobody of the name" in result.err
    assert standing(office.dashboard) == SCHEMA.head


@pytest.mark.fault("F94")
@pytest.mark.security(59)
def test_two_companies_with_one_account_are_refused(office: Office) -> None:
    """The second one is told both names, in the error and in the check; nothing was sent."""
    two(office, office.box)
    office.fetched(*WAY, "--company", "acme")
    before = len(office.box.journal)
    result = office.ask(*of("beta", "fetch", *WAY))
    assert (result.code, result.error["code"]) == (3, "same_account")
    assert "of beta opens an account that acme has used" in result.error["message"]
    check = office.ask(*of("beta", "check"))
    assert (check.code, check.json["ok"]) == (3, False)
    assert len(office.box.journal) == before


# --- who is there -------------------------------------------------------------------------------


def test_a_company_is_added_in_an_empty_folder(office: Office) -> None:
    """One command writes the main file and that of the company, with comments; both can be read."""
    (office.folder / "renkei.yaml").unlink()
    added = office.ask("company", "add", "acme", "--label", "アクメ: 商事")
    assert added.json["path"] == str(office.folder / "companies" / "acme.yaml")
    listed = office.ask("companies").json["companies"]
    assert [(each["name"], each["label"]) for each in listed] == [("acme", "アクメ: 商事")]
    again = office.ask("company", "add", "acme")
    assert (again.code, again.error["code"]) == (2, "exists")
    assert office.ask("company", "add", "Acme").error["code"] == "name"
    shown = office.renkei("company", "add", "beta")
    assert "renkei --company beta check" in shown.out
    assert office.ask("--company", "beta", "reports").code == 0
    office.configure()
    refused = office.ask("company", "add", "acme")
    assert (refused.code, refused.error["code"]) == (2, "one_company")
    assert "companies: companies/" in refused.error["message"]


def test_the_name_of_somebody_elses_runs_is_not_given_again(office: Office, other: Sandbox) -> None:
    """Deleting a file by hand leaves them in the store: a new client must not find them."""
    two(office, other)
    run = office.fetched(*WAY, "--company", "acme")
    file = office.folder / "companies" / "acme.yaml"
    before = file.rename(office.folder / "acme.before")
    refused = office.renkei("company", "add", "acme")
    assert refused.code == 2
    assert "acme" in refused.err
    assert not file.exists()
    before.rename(file)
    assert office.ask("report", run, "--company", "acme").code == 0


def test_the_list_tells_who_needs_a_person(office: Office, other: Sandbox) -> None:
    """As a table and as JSON; some of them by what they are called or by what they need."""
    two(office, other)
    done = office.fetched(*WAY, "--company", "acme")
    office.ask(*of("acme", "sync", done), *office.everybody("touchontime"))
    other.smarthr.token = "replaced"
    failed = office.ask(*of("beta", "fetch", *WAY))
    assert failed.code == 4
    result = office.ask("companies")
    assert "company" not in result.json
    acme, beta = result.json["companies"]
    assert (acme["name"], acme["environment"], acme["needs_a_person"]) == (
        "acme",
        "sandbox",
        ["left"],
    )
    assert acme["last_sync"]["run"] == done
    assert acme["last_sync"]["outcomes"]["created"] > 0
    assert acme["open"] == 0
    assert beta["needs_a_person"] == ["token", "halted"]
    assert beta["last_sync"] is None
    for word, names in (("BETA k", ["beta"]), ("k.k.", ["acme", "beta"])):
        found = office.ask("companies", "--needs-a-person", "--search", word).json["companies"]
        assert [each["name"] for each in found] == names
    shown = office.renkei("companies")
    assert "Acme K.K." in shown.out
    assert "a token is refused, stopped" in shown.out
    assert "None of the 2 companies." in office.renkei("companies", "--search", "zzz").out


def test_a_company_is_paused_and_goes_on(office: Office, other: Sandbox) -> None:
    """Nothing is read or sent meanwhile, and the sentence says how to go on."""
    two(office, other)
    assert office.renkei("company", "pause", "acme").code == 0
    assert office.ask("companies").json["companies"][0]["paused"] is True
    refused = office.ask(*of("acme", "fetch", *WAY))
    assert (refused.code, refused.error["code"]) == (2, "paused")
    assert "renkei company resume acme" in refused.error["hint"]
    assert office.box.journal == []
    assert office.renkei("company", "resume", "acme").code == 0
    assert office.fetched(*WAY, "--company", "acme")


def reader(office: Office) -> Rights:
    """Let somebody be a viewer of the dashboard; return the rights."""
    database = Database(office.dashboard)
    People(database, Sessions(database)).invite("hanako", Role.VIEWER)
    return Rights(database)


@pytest.mark.postgres
def test_an_office_goes_from_one_company_to_several(office: Office, other: Sandbox) -> None:
    """The runs of before are adopted, with them what was learned; until then nothing is fetched."""
    run = office.synced(*WAY)
    before = office.ask("report", run).json
    rights = reader(office)
    two(office, other)
    refused = office.ask(*of("acme", "fetch", *WAY))
    assert refused.error["code"] == "same_account"
    assert "renkei company adopt acme" in refused.error["hint"]
    assert "1 run is of no company" in office.renkei("companies").err
    assert office.ask("company", "adopt", "gamma").error["code"] == "company"
    assert office.ask("company", "adopt", "acme").json["runs"] == 1
    assert office.ask(*of("acme", "report", run)).json == {**before, "company": "acme"}
    assert rights.all()[1].by_company == {"acme": Role.VIEWER}
    newer = office.fetched(*WAY, "--company", "acme")
    found = office.ask(*of("acme", "plan", newer)).json["counts"]
    assert found["new"] == 0
    assert office.ask("company", "adopt", "acme").error["code"] == "nothing_to_adopt"


@pytest.mark.security(60)
@pytest.mark.postgres
def test_a_company_is_removed_after_two_questions(office: Office, other: Sandbox) -> None:
    """With another answer, or nobody to ask, nothing is removed."""
    two(office, other)
    run = office.fetched(*WAY, "--company", "acme")
    kept = office.fetched(*WAY, "--company", "beta")
    rights = reader(office)
    rights.give(1, ["acme", "beta"], Role.VIEWER)
    for answers in ("n\n", "y\nbeta\n"):
        refused = office.renkei("company", "remove", "acme", answers=answers)
        assert refused.code == 2
        assert "Nothing was removed" in refused.err
    assert office.ask("company", "remove", "acme").error["code"] == "not_confirmed"
    assert office.ask(*of("acme", "report", run)).code == 0
    done = office.renkei("company", "remove", "acme", answers="y\nacme\n")
    assert done.code == 0, done.err
    assert "acme-smarthr.token" in done.out
    papers = list((office.folder / "companies" / "removed").iterdir())
    assert sorted(path.suffix for path in papers) == [".json", ".txt"]
    assert office.ask(*of("acme", "report", run)).error["code"] == "company"
    assert office.ask(*of("beta", "report", kept)).code == 0
    assert [each["name"] for each in office.ask("companies").json["companies"]] == ["beta"]
    assert rights.all()[1].by_company == {"beta": Role.VIEWER}


HEADER = (
    "自社番号,会社名,環境,SmartHRのアドレス,SmartHRのトークンファイル,"
    "Touch On Timeのトークンファイル\n"
)


def clients(office: Office, *lines: str, encoding: str = "utf-8") -> None:
    """Write a list of clients, and a file for each token that it may name."""
    for number in range(1, 4):
        for kind in ("s", "t"):
            path = office.folder / f"{kind}{number}"
            path.write_text(f"secret-{kind}{number}", encoding="utf-8")
            path.chmod(0o600)
    text = HEADER + "".join(f"{line}\n" for line in lines)
    (office.folder / "clients.csv").write_text(text, encoding=encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_a_list_of_clients_is_imported(office: Office, encoding: str) -> None:
    """A file for each, with its address and where its tokens are; once more, nothing is added."""
    (office.folder / "renkei.yaml").unlink()
    clients(
        office,
        "1001,アクメ商事,本番,https://acme.smarthr.jp/api,s1,t1",
        "1002,ベータ工業,テスト,https://beta.smarthr.jp/api,s2,t2",
        encoding=encoding,
    )
    done = office.ask("company", "import", "clients.csv")
    assert done.json["companies"] == ["1001", "1002"], done.out
    listed = office.ask("companies").json["companies"]
    assert [(each["label"], each["environment"]) for each in listed] == [
        ("アクメ商事", "production"),
        ("ベータ工業", "sandbox"),
    ]
    config = load_config(office.folder / "renkei.yaml", "1002")
    assert config.connections["smarthr"].base_url == "https://beta.smarthr.jp/api"
    token = config.connections["touchontime"].token
    assert isinstance(token, str)
    assert resolve_secret(token, config.base) == "secret-t2"
    again = office.ask("company", "import", "clients.csv")
    assert (again.code, again.error["code"]) == (2, "nothing_to_add")


def test_a_list_with_more_clients_adds_them(office: Office) -> None:
    """What people have set in a file since is theirs; only what a row says has to be the same."""
    (office.folder / "renkei.yaml").unlink()
    rows = ["1001,A,,https://a.smarthr.jp/api,s1,t1", "1002,B,,https://b.smarthr.jp/api,s2,t2"]
    clients(office, rows[0])
    office.ask("company", "import", "clients.csv")
    office.renkei("company", "pause", "1001")
    own = office.folder / "companies" / "1001.yaml"
    own.write_text(f"{own.read_text(encoding='utf-8')}retention: {{values: 90d}}\n", "utf-8")
    text = own.read_text(encoding="utf-8")
    clients(office, *rows)
    assert office.ask("company", "import", "clients.csv").json["companies"] == ["1002"]
    assert own.read_text(encoding="utf-8") == text
    clients(office, rows[0].replace("s1", "s3"), rows[1])
    refused = office.ask("company", "import", "clients.csv")
    assert "clients.csv:2:1" in refused.error["message"]
    assert "says something else" in refused.error["message"]


def test_a_list_that_is_too_long_is_not_cut(office: Office) -> None:
    """Its last clients would be left out without a word, the last one half-way."""
    (office.folder / "renkei.yaml").unlink()
    row = "{number:06},{label},,https://a.smarthr.jp/api,s1,t1"
    clients(office, *(row.format(number=n, label="長" * 400) for n in range(3_500)))
    refused = office.ask("company", "import", "clients.csv")
    assert (refused.code, refused.error["code"]) == (2, "file")
    assert "larger than 4 MB" in refused.error["message"]
    assert office.ask("companies").json["companies"] == []


@pytest.mark.fault("F94")
def test_a_list_with_mistakes_adds_nobody(office: Office) -> None:
    """Each mistake has its row and column, all at once; no token is shown."""
    (office.folder / "renkei.yaml").unlink()
    office.ask("company", "add", "taken")
    clients(
        office,
        "1001,A,,https://a.smarthr.jp/api,s1,t1",
        "Upper,B,,https://b.smarthr.jp/api,s2,t2",
        "1003,,x,http://c.smarthr.jp/api,s3,none",
        "1001,D,,https://a.smarthr.jp/api,s1,t3",
        "taken,E,,https://e.smarthr.jp/api,s2,t2",
        "1006,F,,ftp://f,s3,t3",
        "1007,G,,https://A.smarthr.jp:443/api/,s1,t3",
    )
    result = office.ask("company", "import", "clients.csv")
    assert result.code == 3
    told = result.error["message"].splitlines()
    places = {line.split(": ")[0].removeprefix("clients.csv:") for line in told}
    assert places >= {"3:1", "4:2", "4:3", "4:6", "5:1", "5:5", "6:1", "7:4", "8:5"}, told
    assert "secret" not in result.out
    names = [each["name"] for each in office.ask("companies").json["companies"]]
    assert names == ["taken"]
    (office.folder / "clients.csv").write_text("会社名,x\n", encoding="utf-8")
    header = office.ask("company", "import", "clients.csv")
    assert header.error["message"].count("clients.csv:1:") == 5
    assert office.ask("company", "import", "nothing.csv").code == 2


@pytest.mark.security(56)
def test_the_schedules_of_all_companies_are_one_list(office: Office, other: Sandbox) -> None:
    """Each with its company; of a named one they are its own; a file with mistakes hides nobody."""
    two(office, other)
    at = "schedules: [{name: nightly, at: '0 1 * * *', from: smarthr, to: touchontime}]\n"
    for name in ("acme", "beta"):
        with (office.folder / "companies" / f"{name}.yaml").open("a", encoding="utf-8") as file:
            file.write(at)
    assert office.renkei(*of("beta", "schedule", "pause", "nightly")).code == 0
    (office.folder / "companies" / "gone.yaml").write_text("connections: 1\n", encoding="utf-8")
    listed = office.ask("schedule", "list").json["schedules"]
    found = [(each["company"], each["name"], each["paused_by"] is None) for each in listed]
    assert found == [("acme", "nightly", True), ("beta", "nightly", False)]
    shown = office.renkei("schedule", "list")
    assert (shown.code, "gone.yaml:1:14" in shown.err) == (0, True)
    assert "Acme K.K. (acme)" in shown.out
    assert "--company acme schedule run nightly" in shown.out
    own = office.ask(*of("beta", "schedule", "list")).json
    assert [each["company"] for each in (own, *own["schedules"])] == ["beta", "beta"]
    assert "beta" not in office.renkei(*of("acme", "schedule", "list")).out.lower()


@pytest.mark.sqlite
def test_a_restored_store_is_that_of_all_companies(office: Office, other: Sandbox) -> None:
    """It is said once, without naming one of them."""
    two(office, other)
    office.fetched(*WAY, "--company", "acme")
    assert office.ask("store", "restored").json["place"] == str(office.store)
