"""Values of people are data wherever they go: in paths, in SQL, in texts, in spreadsheets."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import json
import re
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.e2e.office import SCHEDULES
from tests.security.canaries import BIRTH, CANARIES, NAME, PERSONAL, TOKENS, found

from renkei.errors import ConfigurationError, MappingError
from renkei.http.secret import Secret
from renkei.mapping import parse_mapping
from renkei.mapping.transforms import BUILT_IN
from renkei.report.csv import csv_lines
from renkei.schedule.errand import Errand
from renkei.store.store import Store

if TYPE_CHECKING:
    from tests.e2e.office import Office

TABLES = "select name from sqlite_master where type = 'table'"
PAGE = (Path(__file__).parents[2] / "docs/security.md").read_text(encoding="utf-8")
NEW = ("--new", "divisionCode=200", "--new", "typeCode=1")

INJECTIONS = [
    *r"""
    ' " '' ';-- \' `x` % _ ? :name :1 $1 @p0 /* -- [1] {"a":1} NULL null true 0 -0
    x');delete(from)runs;-- (select(1)) %'or(name)like'% 'or'1'='1 "or""="
    {0} {name} {0.__class__} {name.__init__.__globals__} {!r} { } {} {{}} {{7*7}} {a,b}
    {{''.__class__.__mro__}} {%raise%} ${7*7} #{7*7} <%=7*7%> %(name)s %s %d %n $name ${name} $(id)
    `id` ;id |id &&id !!python/object:os.system !!python/name:os.system *alias &anchor *
    __import__('os') lambda:0 [bold]x[/bold] [link=https://example.com]x[/link] [/]
    <script>x</script> &lt; \x41 \u0041 \N{BULLET} ../../etc/passwd ..\..\x file:///etc/passwd
    C:\x CON ~ ~root $HOME ﹛0﹜ ＇or1=1 Ｒｏｂｅｒｔ＇）；
    """.split(),
    *(
        "'; drop table items;--",
        "' or '1'='1",
        "x' union select 1--",
        "(select 1)",
        "<<: *x",
        "a b",
    ),
]
"""What means something to SQL, to templates, to shells, to YAML or to markup."""

DANGEROUS = "=+-@|\t\r\0＝＋－＠"
TAILS = ["1+1", 'HYPERLINK("http://example.com")', "cmd|' /C calc'!A0", "SUM(A1)", "x"]
FRONTS = ["", " ", "  ", "\u3000", "\n", "a,", "a;"]


@pytest.mark.security(20, 24)
def test_80_injections_stay_text_through_the_whole_flow(office: Office) -> None:
    """They arrive in the other system byte for byte, and are shown as they are."""
    assert len(INJECTIONS) >= 80
    office.configure(touchontime="safety: {creates: {people: 200, percent: 100}}")
    run, limit = "", 40
    for start in range(0, len(INJECTIONS), limit):
        some = list(enumerate(INJECTIONS))[start : start + limit]
        for index, payload in some:
            office.box.smarthr.add(
                emp_code=f"I{index}", last_name=payload, first_name="子", gender="male"
            )
        run = office.synced("smarthr", "touchontime")
        plan = office.plan(run)
        screen = office.renkei("plan", run).out
        for index, payload in some:
            [stored] = office.box.touchontime.find(f"I{index}")
            assert stored["lastName"] == payload
            after = {change["field"]: change["after"] for change in plan[f"I{index}"]["changes"]}
            assert after["lastName"] == payload
            assert payload in screen
    assert office.ask("fetch", "smarthr", "touchontime").json["counts"]["new"] == 0
    assert office.renkei("report", run).code == 0


@pytest.mark.security(24)
def test_words_of_a_command_are_data_too(office: Office) -> None:
    """A number, a run or a connection that looks like SQL is one that does not exist."""
    run = office.fetched("smarthr", "touchontime")
    for payload in INJECTIONS[:20]:
        for command in ("plan", "report", "cancel", "choices"):
            assert office.renkei(command, "--", payload).code == 2
        assert office.renkei("plan", run, f"--number={payload}").code == 2
    assert [each["status"] for each in office.ask("reports").json["reports"]] == ["ready"]


@pytest.mark.security(15)
@pytest.mark.parametrize(
    "identity",
    [
        "../company?x=",
        "..",
        "a/b",
        "a%2Fb",
        "?x=1",
        "#x",
        "a b",
        "社員",
        "..;/x",
        "%2e%2e",
        "a\\..\\b",
    ],
)
def test_an_odd_id_is_one_segment_of_a_path(office: Office, identity: str) -> None:
    """One request to the right address, or one employee refused; never one to another address."""
    common = {"gender": "male"}
    office.box.smarthr.add(
        id=identity, emp_code="X1", last_name="山", first_name="川", email="a@example.jp", **common
    )
    office.box.touchontime.add(
        code="X1", lastName="海", firstName="川", emailAddresses=["a@example.jp"], **common
    )
    run = office.fetched("touchontime", "smarthr")
    office.box.clear_journal()
    office.ask("sync", run, "--number", "X1")
    addresses = {entry.path for entry in office.sent()}
    assert addresses <= {f"{office.box.smarthr.prefix}/v1/crews/{identity}"}
    reads = {entry.path.partition("/v1/")[2] for entry in office.box.journal}
    assert reads <= {"crews", f"crews/{identity}"}


BAD_TOKENS = [
    *("", " ", "a b", "a\n", "\na", "a\r\nX-Admin: 1", "a\r\n\r\nGET / HTTP/1.1", "a\t", "a\0b"),
    *(
        "a\x7f",
        "tökén",
        "トークン",
        "ａｂｃ",
        "a\u200b",
        "\ufeffa",
        "a\x85",
        "a\u2028b",
        "a\x1b[31m",
    ),
    *("a\x0b", "“a”"),
]


@pytest.mark.security(16)
@pytest.mark.parametrize("token", BAD_TOKENS, ids=ascii)
def test_a_pasted_token_cannot_become_a_header(token: str) -> None:
    """Line ends, blanks and other characters are refused; what was pasted is not repeated."""
    with pytest.raises(ConfigurationError) as caught:
        Secret(token)
    assert len(token) < 4 or token not in str(caught.value)


@pytest.mark.security(47)
def test_csv_runs_nothing() -> None:
    """420 formulas: an apostrophe stands in front, also where a tool would cut the cell."""
    payloads = [f + d + t for f, d, t in itertools.product(FRONTS, DANGEROUS, TAILS)]
    assert len(payloads) == 420
    text = "".join(csv_lines([[payload, "x"] for payload in payloads]))
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))
    assert len(rows) == 420
    for cell, _x in rows:
        for part in re.split("[,;]", cell):
            assert not re.match(rf"\s*[{re.escape(DANGEROUS)}]", part), cell
            assert not set(part) & set("\t\r\n\0")


@pytest.mark.security(47)
@given(st.text(alphabet=[*DANGEROUS, *" \n,;|\u3000a'\""], max_size=30))
def test_csv_runs_nothing_however_it_is_composed(text: str) -> None:
    """No part of any cell begins like a formula, whatever blanks and delimiters come before."""
    line = "".join(csv_lines([[text]])).removeprefix("\ufeff")
    [[cell]] = csv.reader(io.StringIO(line, newline=""))
    for part in re.split("[,;|]", cell):
        assert not re.match(r"\s*[=+\-@＝＋－＠]", part), cell


@pytest.mark.security(21)
@pytest.mark.parametrize(
    "unit", ["\n", "\t", "\r\n", " ", ",", "|", ", ", "\n=", "\u3000"], ids=ascii
)
def test_a_long_cell_takes_no_time(unit: str) -> None:
    """Work grows with the length of a cell and no faster: blanks only, delimiters only."""
    took = []
    for _ in range(3):
        start = time.process_time()
        list(csv_lines([[unit * 20_000]]))
        took.append(time.process_time() - start)
    assert min(took) < 0.5


@pytest.mark.security(23)
@given(st.text())
def test_no_transform_makes_a_text_longer(text: str) -> None:
    """A transform gives one character for one, at most; nothing small becomes something huge."""
    for transform in BUILT_IN:
        assert len(str(transform.apply(text))) <= len(text)


@pytest.mark.security(20, 21, 22)
@pytest.mark.parametrize(
    "key", ["include", "import", "file", "lookup", "extends", "pattern", "code"]
)
@pytest.mark.parametrize(
    "value", ["../../secret.yaml", "/etc/passwd", "file:///x", "~/x", "(a+)+$"]
)
def test_a_mapping_names_no_file_no_pattern_and_no_code(key: str, value: str) -> None:
    """There is no key that could: at the top, in a pair, or as a transform."""
    top = f"sides: [smarthr, touchontime]\n{key}: {value}\nfields: [{{pair: [emp_code, code]}}]\n"
    pair = f"sides: [smarthr, touchontime]\nfields: [{{pair: [emp_code, code], {key}: {value}}}]\n"
    transform = (
        "sides: [smarthr, touchontime]\nfields:\n"
        f"  - {{pair: [emp_code, code], to: {{smarthr: {{transform: '{value}'}}}}}}\n"
    )
    for text in (top, pair, transform):
        with pytest.raises(MappingError):
            parse_mapping(text, "x.yaml")


@pytest.mark.fault("F64")
@pytest.mark.security(25)
@pytest.mark.sqlite
def test_a_purge_leaves_no_byte_of_a_value(office: Office) -> None:
    """Names, kana, addresses and birth dates are in the store before, in no form after a purge."""
    run = office.fetched("smarthr", "touchontime")
    office.box.touchontime.faults.add(
        "status", status=400, kind="update", nth=1,
        body=json.dumps({"errors": [{"code": 1, "message": f"{CANARIES['name']}: no"}]}),
    )  # fmt: skip
    office.ask("sync", run, *office.everybody("touchontime"))
    assert set(PERSONAL) <= found(office.store.read_bytes())
    office.box.clock.advance(91 * 86400)
    assert office.ask("reports", "purge").json["purged"] == 1
    left = b"".join(path.read_bytes() for path in office.folder.iterdir() if path.is_file())
    assert found(left) <= {"number"}


@pytest.mark.security(26)
@pytest.mark.sqlite
def test_the_store_holds_no_hash_of_a_value_and_no_token(office: Office) -> None:
    """A plain hash of a name or a birth date could be guessed; so there is none of any kind."""
    office.synced("smarthr", "touchontime")
    content = office.store.read_bytes()
    people = [*office.box.smarthr.people.values(), *office.box.touchontime.people.values()]
    texts = {value for person in people for value in person.values() if isinstance(value, str)}
    for text in texts:
        for algorithm in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            digest = hashlib.new(algorithm, text.encode())
            assert digest.hexdigest().encode() not in content
            assert digest.digest() not in content
    assert not found(content) & set(TOKENS)


@pytest.mark.security(47)
def test_json_cannot_be_taken_apart_by_a_name(office: Office) -> None:
    """One document for machines, unescaped for spreadsheets and unharmed by any name."""
    for index, payload in enumerate(INJECTIONS[:30]):
        office.box.smarthr.add(
            emp_code=f"J{index}", last_name=payload, first_name="=1+1", gender="male"
        )
    run = office.fetched("smarthr", "touchontime")
    items = json.loads(office.renkei("plan", run, "--output", "json").out)["items"]
    names = {change["after"] for item in items for change in item["changes"]}
    assert {"=1+1", *INJECTIONS[:30]} <= names


@pytest.mark.security(25, 26)
@pytest.mark.sqlite
def test_only_the_columns_that_the_page_names_hold_values(office: Office) -> None:
    """Of every table of the store, once all of them but two have rows that are about people."""
    told = re.search(r"values of employees \| the report store: the columns (.+?) of its", PAGE)
    assert told
    named = {f"items.{column}" for column in re.findall(r"`(\w+)`", told[1])}
    notify = "notify: {to: [{url: 'http://127.0.0.1:9/x', secret: env:HOOK_KEY}]}"
    office.env["HOOK_KEY"] = "k3y"
    office.configure(extra=f"{office.rest}{SCHEDULES}{notify}")
    office.box.touchontime.faults.add(
        "status", status=400, kind="update", times=None,
        body=json.dumps({"errors": [{"code": 1, "message": f"{NAME}: no"}]}),
    )  # fmt: skip
    office.box.smarthr.add(
        emp_code="0500", last_name=NAME, first_name=NAME, birth_at=BIRTH, gender="female"
    )
    office.box.touchontime.add(
        code="1417", lastName=NAME, firstName=NAME, birthDate=BIRTH, gender="female"
    )
    run = office.fetched("smarthr", "touchontime")
    release = ("--same-person", "0500=1417", "--why", "moved")
    assert office.ask("sync", run, *release, *office.everybody("touchontime")).code == 1
    office.ask("schedule", "run", "nightly")
    with closing(Store(str(office.store))) as kept:
        deed = Errand(deed="fetch", source="smarthr", target="touchontime", language="ja")
        kept.ask_for(deed, office.box.clock.now())
        kept.pause_schedule("look", "at some time", office.box.clock.now())
    holding, empty = set(), set()
    with closing(sqlite3.connect(office.store)) as store:
        store.row_factory = sqlite3.Row
        for (table,) in store.execute(TABLES).fetchall():
            rows = store.execute(f"select * from {table}").fetchall()  # noqa: S608 - our own names
            empty |= {table} if not rows else set()
            holding |= {
                f"{table}.{column}"
                for row in rows
                for column in row.keys()  # noqa: SIM118 - a row is no dict
                if found(str(row[column])) & set(PERSONAL)
            }
    assert empty <= {"own_fields", "paces"}
    assert {"items.name", "items.payload", "items.detail"} <= holding <= named
