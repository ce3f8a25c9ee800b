"""The documentation tells the truth: commands, links, codes, hooks and examples."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import json
import os
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain, product, takewhile
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import attrs
import click
import pytest
from tests.docs import hooks

from renkei import connector, errors
from renkei.config import load_config
from renkei.errors import AccessError, ListChangedError, MappingError, RecordError, RenkeiError
from renkei.hookspecs import REQUIRED, ConnectorSpec
from renkei.http.connection import Connection
from renkei.http.failure import Failure
from renkei.http.pace import Room
from renkei.http.secret import Secret
from renkei.identity import rules as identity
from renkei.identity.names import Names
from renkei.mapping import (
    FieldMapping,
    Pair,
    Towards,
    Transforms,
    check_mapping,
    load_mapping,
    parse_mapping,
)
from renkei.mapping.model import File
from renkei.model import Difference, Outcome, Remark, Status
from renkei.people import (
    Account,
    Choice,
    ClosedHours,
    Employee,
    FieldSpec,
    Finding,
    Label,
    NewField,
    Ref,
    RequestLimit,
)
from renkei.plugins.offline import offline_fields
from renkei.plugins.writer import Writer
from renkei.runs import Runs
from renkei.testing import installed
from renkei.words.codes import TABLE
from renkei.words.sentences import reason_text
from renkei_runner import failures, screens
from renkei_runner.cli import COMMANDS, cli
from renkei_runner.example import example
from renkei_sandbox import Sandbox

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "connectors").glob("*/*/README.md")),
    ROOT / "sandbox/renkei_sandbox/README.md",
]
TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
OPERATOR = ("docs/operator.md", "docs/operator.ja.md")
TWINS = [
    ("README.md", "README.ja.md"),
    OPERATOR,
    ("docs/dashboard.md", "docs/dashboard.ja.md"),
    ("docs/first-sync.md", "docs/first-sync.ja.md"),
    ("docs/office.md", "docs/office.ja.md"),
    ("docs/backup.md", "docs/backup.ja.md"),
    ("docs/csv.md", "docs/csv.ja.md"),
    ("docs/schedules.md", "docs/schedules.ja.md"),
    ("docs/operation.md", "docs/operation.ja.md"),
    ("docs/identity-provider.md", "docs/identity-provider.ja.md"),
    ("docs/notifications.md", "docs/notifications.ja.md"),
    ("docs/oauth.md", "docs/oauth.ja.md"),
]

AUTHORS = ("docs/connectors.md", "docs/connector-reference.md", "docs/connector-kit.md")
"""Tutorial, reference, and how to test."""

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXAMPLES = re.compile(r"<!-- example: ([\w-]+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
CELL = re.compile(r"^\| `?([\w]+)`? \|", re.MULTILINE)
AFTER = {"|", "\\|", "&&", ">", ">>"}
"""What ends a command in a shell line."""


@cache
def page(name: str) -> str:
    """Return the text of one page."""
    return (ROOT / name).read_text(encoding="utf-8")


def prose(text: str) -> str:
    """Return *text* without its code blocks."""
    return FENCE.sub("", text)


def examples(name: str) -> dict[str, str]:
    """Return the marked examples of a page, by name."""
    return dict(EXAMPLES.findall(page(name)))


def first_cells(name: str) -> set[str]:
    """Return what stands in the first column of the page's tables."""
    return set(CELL.findall(page(name)))


@cache
def slugs(path: Path) -> set[str]:
    """Return the anchors that a page offers."""
    titles = [title for _level, title in HEADING.findall(prose(path.read_text(encoding="utf-8")))]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def test_a_list_of_contents_leaves_nothing_out() -> None:
    """Whoever looks for the safety limits in a long page finds them in the list at its top."""
    left_out = {}
    for path in PAGES:
        text = prose(path.read_text(encoding="utf-8"))
        top, _, _ = text.partition("\n## ")
        listed = re.findall(r"^- \[[^\]]+\]\(#([^)]+)\)", top, re.MULTILINE)
        headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
        anchors = [re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings]
        if listed and listed != anchors:
            left_out[path.name] = sorted(set(anchors) ^ set(listed)) or "another order"
    assert left_out == {}


def words_of(line: str) -> list[str]:
    """Return the words of the one command that begins a line."""
    words = []
    for word in shlex.split(line, comments=True):
        if word in AFTER or word.startswith((">", "2>")):
            break
        words.append(word)
    return words


def block_commands(text: str) -> Iterator[list[str]]:
    """Yield the commands of the code blocks, whole as they are to be typed."""
    for kind, block in FENCE.findall(text):
        for line in block.splitlines() if kind in {"sh", "text", "cron"} else ():
            typed = line.removeprefix("$ ")
            if kind == "text" and typed == line:
                continue  # what a command prints
            bare = re.sub(r"(^|\s)#.*", "", typed)
            _before, found, rest = f" {bare}".partition(" renkei ")
            if found:
                yield words_of(rest)


def inline_commands(text: str) -> Iterator[list[str]]:
    """Yield the commands in running text, which may be shortened."""
    for code in INLINE.findall(prose(text)):
        if code.startswith("renkei "):
            yield words_of(code.removeprefix("renkei "))


def resolve(words: list[str]) -> tuple[click.Command, list[str], click.Context]:
    """Return the command that *words* begin with, and the words that are left for it."""
    context = click.Context(cli, info_name="renkei")
    command: click.Command = cli
    rest = list(words)
    while isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        found = command.get_command(context, rest[0])
        assert found is not None, f"there is no command: renkei {shlex.join(words)}"
        context = click.Context(found, parent=context, info_name=rest.pop(0))
        command = found
    return command, rest, context


def raised_codes() -> set[str]:
    """Return every code that the sources give to a remark or to an error that ends in one."""
    kinds = {"Remark", "RecordError", "AccessError", "UnavailableError", "AnswerError"}
    found: set[str] = set()
    for file in [*ROOT.glob("engine/**/*.py"), *ROOT.glob("connectors/**/*.py")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                given = [word.value for word in node.keywords if word.arg == "code"]
                given += node.args[:1] if node.func.id == "Remark" else []
                if node.func.id in kinds:
                    found |= {
                        str(ast.literal_eval(c)) for c in given if isinstance(c, ast.Constant)
                    }
    return found - {"None"}


def all_errors(root: type[RenkeiError] = RenkeiError) -> Iterator[type[RenkeiError]]:
    """Yield the class and everything below it."""
    yield root
    for child in root.__subclasses__():
        yield from all_errors(child)


def test_commands_in_code_blocks_parse() -> None:
    """Every command line that can be copied has a known command, known options and good values."""
    for words in chain.from_iterable(map(block_commands, TEXTS.values())):
        command, rest, context = resolve(words)
        command.make_context(context.info_name, rest, parent=context.parent)


def test_commands_in_running_text_exist() -> None:
    """Every command that is mentioned exists and has the options that stand beside it."""
    for words in chain.from_iterable(map(inline_commands, TEXTS.values())):
        command, rest, context = resolve(words)
        command.make_parser(context).parse_args([word for word in rest if word != "--help"])


def test_internal_links_resolve() -> None:
    """Every link within the repository leads to a file, and every anchor to a heading."""
    for path, text in TEXTS.items():
        for target in LINK.findall(prose(text)):
            if target.startswith(("https://", "http://")):
                continue
            name, _sign, anchor = target.partition("#")
            place = (path.parent / name).resolve() if name else path
            assert place.exists(), (path, target)
            assert not anchor or anchor in slugs(place), (path, target)


def test_every_command_is_mentioned() -> None:
    """Readers of the documentation meet every command but the one for completion."""
    everything = "\n".join(TEXTS.values())
    missing = [name for name in COMMANDS if f"renkei {name}" not in everything]
    assert missing in ([], ["completion"])


def test_every_hook_is_documented() -> None:
    """The tables of hooks have each with its arguments, say which are required, and what counts."""
    text = page(AUTHORS[1])
    for name in hooks.hooks():
        arguments = getattr(ConnectorSpec, name).__code__
        names = arguments.co_varnames[1 : arguments.co_argcount]
        need = "required" if name in REQUIRED else "optional"
        assert f"| `{name}({', '.join(names)})` | {need} |" in text
        assert f"| `{name}` | " in text


def test_a_hook_says_since_when_it_is_there() -> None:
    """A new hook says so in its contract; these nine were there from the start."""
    old = {
        name
        for name in hooks.hooks()
        if hooks.told(getattr(ConnectorSpec, name).__doc__ or "")[1] == hooks.FIRST
    }
    assert old == {
        *("fields", "list_employees", "read_employees", "create_employee", "update_employee"),
        *("new_employee_fields", "check", "closed_hours", "request_limits"),
    }


def test_a_row_of_the_hooks_is_what_the_contract_says_first() -> None:
    """Without the version, which has a column of its own, and as Markdown."""
    contract = """
        Do as :meth:`other` does
        with ``this``; since renkei 0.3, and no more.

        The rest is for readers; since renkei 0.9.
        """
    assert hooks.told(contract) == ("Do as `other` does with `this`, and no more.", "0.3")
    written = hooks.written("before\n\n<!-- hooks -->\nold\nrows\n\nafter\n")
    assert "old" not in written
    assert written.endswith("|\n\nafter\n")


def test_every_attribute_of_a_field_is_documented() -> None:
    """The table of FieldSpec has each of its attributes."""
    assert set(attrs.fields_dict(FieldSpec)) <= first_cells(AUTHORS[1])


RECORDS = (
    *(Account, connector.Answer, Choice, ClosedHours, Employee, Failure, Finding, Label),
    *(NewField, Ref, RequestLimit, Room),
)


@pytest.mark.parametrize("record", RECORDS, ids=lambda record: record.__name__)
def test_every_attribute_of_a_record_is_documented(record: type[attrs.AttrsInstance]) -> None:
    """The table of records has each attribute, and marks the records that take keywords only."""
    attributes = attrs.fields(record)
    mark = " \\*" if all(each.kw_only for each in attributes) else ""
    row = re.search(rf"^\| `{record.__name__}`{mark} \| (.*)$", page(AUTHORS[1]), re.MULTILINE)
    assert row is not None
    names = [each.name for each in attributes] + ["write"] * (record is Failure)
    assert [name for name in names if not re.search(rf"`{name}\b", row[1])] == []


def test_every_code_with_a_sentence_is_listed_for_connectors() -> None:
    """The table of codes has exactly the codes that the engine can say in words."""
    section = page(AUTHORS[1]).partition("\n## Codes\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][2:]
    listed = {code for row in rows for code in re.findall(r"`([a-z_]+)`", row.split("|")[2])}
    assert listed == set(TABLE)


def test_a_code_without_a_sentence_is_shown_as_its_words() -> None:
    """The page tells what a connector's own code looks like in the report."""
    assert reason_text(Remark("visa_expired", ("visa",))) == "visa expired: visa"


def test_every_error_of_a_connector_is_documented() -> None:
    """Whatever error a connector may import is explained."""
    names = [name for name in connector.__all__ if hasattr(errors, name) and name != "RenkeiError"]
    assert names
    assert [name for name in names if f"`{name}" not in page(AUTHORS[1])] == []


@pytest.mark.parametrize("name", OPERATOR)
def test_every_code_is_documented(name: str) -> None:
    """Operators find each reason, note, notice, difference, outcome and status, by its code."""
    known = set(TABLE) | raised_codes()
    known |= {each.value for kind in (Difference, Outcome, Status) for each in kind}
    assert known - first_cells(name) == set()


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_every_exit_code_is_documented(name: str) -> None:
    """The table of exit codes has each code that a command can end with, and 6 as reserved."""
    used = {error.exit_code for error in all_errors()} | set(screens.CODES.values())
    used |= {failures.USAGE, failures.INTERNAL, failures.INTERRUPTED, failures.NO_READER}
    used |= {screens.PAUSED, 6}
    documented = {int(cell) for cell in first_cells(name) if cell.isdecimal()}
    assert documented == used


def without_reason(words: list[str]) -> list[str]:
    """Return a command without what a person gives as the reason, in their own language."""
    return [word for at, word in enumerate(words) if at == 0 or words[at - 1] != "--why"]


@pytest.mark.parametrize("names", TWINS)
def test_both_languages_have_the_same_parts(names: tuple[str, str]) -> None:
    """The Japanese page has the headings, tables and commands of the English one."""
    english, japanese = map(page, names)
    levels = [[level for level, _title in HEADING.findall(prose(t))] for t in (english, japanese)]
    assert levels[0] == levels[1]
    commands = [[without_reason(each) for each in block_commands(t)] for t in (english, japanese)]
    assert commands[0] == commands[1]
    rows = [sum(line.startswith("|") for line in t.splitlines()) for t in (english, japanese)]
    assert rows[0] == rows[1]


def test_both_pages_of_security_have_the_same_places() -> None:
    """Row by row: what is kept where, by the names of files, tables and columns."""
    heads = {"docs/security.md": "| What | Where |", "docs/security.ja.md": "| 情報 | 場所 |"}
    english, japanese = (table_after(name, head) for name, head in heads.items())
    for there, here in zip(english, japanese, strict=True):
        named = [set(INLINE.findall(" ".join(row[:2]))) for row in (there, here)]
        assert named[0] - named[1] == set(), here[0]


@pytest.mark.parametrize("name", OPERATOR)
def test_every_synced_item_is_documented(name: str) -> None:
    """The table of items has every pair of the built-in mapping."""
    for pair in load_mapping("smarthr-touchontime", ROOT).pairs:
        ours, theirs = pair.pair
        assert f"| `{ours}` | `{theirs}` |" in page(name)


def test_every_key_of_a_mapping_is_documented() -> None:
    """The tables of mapping files have each key, and each transform that is built in."""
    text = page("docs/mappings.md")
    keys = [*attrs.fields_dict(File), *attrs.fields_dict(Pair), *attrs.fields_dict(Towards)]
    assert [key for key in keys if f"`{key}" not in text] == []
    assert set(Transforms()) <= first_cells("docs/mappings.md")


def checked(text: str) -> FieldMapping:
    """Return the mapping in *text*; MappingError if it does not fit its connectors."""
    mapping = parse_mapping(text, "our-mapping.yaml")
    check_mapping(mapping, {side: offline_fields(name) for side, name in mapping.sides.items()})
    return mapping


@pytest.mark.parametrize("name", ["shape", "values", "substitute", "two"])
def test_mapping_examples_are_good(name: str) -> None:
    """Each example of a mapping file fits the fields of its connectors."""
    assert checked(examples("docs/mappings.md")[name]).pairs


def test_the_broken_mapping_has_the_mistakes_shown() -> None:
    """The example of mistakes is told as the page says, place for place."""
    found = examples("docs/mappings.md")
    with pytest.raises(MappingError) as caught:
        checked(found["broken"])
    assert str(caught.value) == found["mistakes"].strip()


def test_the_example_connector_works(tmp_path: Path) -> None:
    """The connector, its mapping, its test, the kit on it and a fault run exactly as printed."""
    found = of_authors()
    package = tmp_path / "renkei_hoshi"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "connector.py").write_text(found["connector"], encoding="utf-8")
    (tmp_path / "smarthr-hoshi.yaml").write_text(found["mapping"], encoding="utf-8")
    (tmp_path / "test_hoshi.py").write_text(found["test"], encoding="utf-8")
    (tmp_path / "conftest.py").write_text(found["conftest"], encoding="utf-8")
    (tmp_path / "test_kit.py").write_text(found["kit"], encoding="utf-8")
    (tmp_path / "test_fault.py").write_text(found["fault"], encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RENKEI_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) > 50


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder on the path with the package of the example connectors."""
    found = of_authors()
    package = tmp_path / "renkei_hoshi"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "connector.py").write_text(found["connector"], encoding="utf-8")
    (package / "second.py").write_text(found["second"], encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "renkei_hoshi"]:
        del sys.modules[name]


@contextmanager
def second_hoshi(staff: dict[str, dict[str, Any]], switches: dict[str, Any]) -> Iterator[str]:
    """Serve *staff* as Hoshi's second API: pages of two, whatever was asked; yield the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path, query = urlsplit(self.path).path, dict(parse_qsl(urlsplit(self.path).query))
            if path != "/staff":
                person = path.rpartition("/")[2]
                status = switches.get("status") or (200 if person in staff else 404)
                return self.answer(status, staff.get(person, {}))
            rows = [one for one in staff.values() if query.get("no", "") in one["no"]]
            start = int(query.get("cursor", "0"))
            more = switches.get("next", str(start + 2) if start + 2 < len(rows) else None)
            total = switches.get("total", len(rows))
            shown = {"people": rows[start : start + 2], "next": more, "total": total}
            return self.answer(200, shown)

        def do_PUT(self) -> None:
            person = self.path.rpartition("/")[2]
            staff[person] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.answer(200, staff[person])

        def answer(self, status: int, document: object) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextmanager
def second_writer(staff: dict[str, dict[str, Any]], **switches: object) -> Iterator[Writer]:
    """Yield the second example connector, opened for writing."""
    second = importlib.import_module("renkei_hoshi.second")
    with (
        second_hoshi(staff, dict(switches)) as url,
        installed(hoshi=second.SecondHoshi),
        Connection(
            name="hoshi", connector="hoshi", base_url=url, token=Secret("secret"), read_only=False
        ) as connection,
    ):
        yield Writer(connection)


def people(*numbers: str) -> dict[str, dict[str, Any]]:
    """Return records with a property that renkei knows nothing of."""
    return {
        f"h{number}": {"id": f"h{number}", "no": number, "family": "Mori", "shoes": 27}
        for number in numbers
    }


DAY = dt.date(2026, 12, 1)


@pytest.mark.usefixtures("written")
def test_the_second_example_reads_all_pages() -> None:
    """The loop with a cursor yields everybody once, and notices a list that is not whole."""
    with second_writer(people("1", "2", "3", "4", "5")) as hoshi:
        assert len({each.id for each in hoshi.list_employees(DAY, ["no"])}) == 5
    for odd in ({"total": 7}, {"next": "0"}):
        with second_writer(people("1", "2", "3"), **odd) as hoshi, pytest.raises(ListChangedError):
            list(hoshi.list_employees(DAY, ["no"]))


@pytest.mark.usefixtures("written")
def test_the_second_example_looks_people_up() -> None:
    """Somebody gone is nobody, similar numbers do no harm, and other refusals get through."""
    with second_writer(people("1", "12", "3")) as hoshi:
        refs = [Ref(id="h3"), Ref(id="h9"), Ref(number="1"), Ref(number="7")]
        assert {each.id for each in hoshi.read_employees(refs, DAY, ["no"])} == {"h3", "h1"}
    with second_writer(people("1"), status=403) as hoshi, pytest.raises(AccessError):
        hoshi.read_employees([Ref(id="h1")], DAY, ["no"])


@pytest.mark.usefixtures("written")
def test_the_second_example_keeps_what_it_does_not_know() -> None:
    """An update sends the whole record back: what renkei does not map stays as it was."""
    staff = people("1")
    with second_writer(staff) as hoshi:
        (current,) = hoshi.read_employees([Ref(id="h1")], DAY, ["no", "family"])
        hoshi.update_employee(current, {"family": "Hayashi"})
    assert staff["h1"] == {"id": "h1", "no": "1", "family": "Hayashi", "shoes": 27}


def test_the_second_example_needs_no_installation(written: Path) -> None:
    """With the two files of a dist-info folder on the path the command line finds a connector."""
    found = of_authors()
    folder = written / "renkei_hoshi-0.1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text(found["METADATA"], encoding="utf-8")
    (folder / "entry_points.txt").write_text(found["entry-points"], encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-m", "renkei_runner", "connectors"],
        env={**os.environ, "PYTHONPATH": str(written), "RENKEI_LANG": "en"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "hoshi 0.1.0\n  hooks: check, create_employee" in done.stdout


def test_the_example_configuration_says_what_the_page_says(tmp_path: Path) -> None:
    """Options are text; hours and limits of a connection on this computer are replaced."""
    file = tmp_path / "renkei.yaml"
    text = of_authors()["config"]
    file.write_text(text, encoding="utf-8")
    hoshi = load_config(file).connection("hoshi")
    assert hoshi.options == {"tenant": "0042"}
    assert list(map(str, hoshi.closed_hours or ())) == ["12:00–13:00", "22:00–23:30"]
    assert hoshi.limits == (RequestLimit(100, 60),)
    file.write_text(text.replace("http://127.0.0.1:9000", "https://hoshi.example"))
    with pytest.raises(MappingError, match="closed_hours can be set only"):
        load_config(file)


def of_authors() -> dict[str, str]:
    """Return the examples of both pages for authors of connectors."""
    return {name: text for page_ in AUTHORS for name, text in examples(page_).items()}


def example_names(name: str) -> dict[str, Any]:
    """Return what an example of the page about connectors defines."""
    module = ModuleType("example")
    exec(of_authors()[name], vars(module))  # noqa: S102 - our own page
    return vars(module)


def test_the_example_of_classify_explains_refusals() -> None:
    """What Hoshi explains becomes an error with its field and text; the rest goes by the status."""
    classify: Callable[[Failure], RenkeiError | None] = example_names("classify")["classify"]

    def meaning(body: Any, method: str = "POST") -> RenkeiError | None:
        return classify(
            Failure(
                connection="hoshi",
                method=method,
                status=422,
                headers={},
                body=body,
                kind="json",
                at=dt.datetime.now(dt.UTC),
            )
        )

    invalid = meaning({"error": "invalid", "field": "mail", "text": "no @"})
    assert isinstance(invalid, RecordError)
    assert (invalid.code, invalid.fields, invalid.detail) == ("refused", ("mail",), "no @")
    assert isinstance(meaning({"error": "full"}), connector.PlanFullError)
    assert meaning({"error": "invalid"}) is None
    assert meaning(None) is None


def test_the_example_of_records_is_read_as_it_says() -> None:
    """Its assertions hold: they are run."""
    assert example_names("records")["person"].id == "h1"


def test_the_example_of_room_returns_a_sequence() -> None:
    """Rate-limit headers become one room; without them there is none."""
    room = example_names("room")["room"]
    assert room({"ratelimit-remaining": "0", "ratelimit-reset": "30"}) == [Room(0, 30.0)]
    assert room({"content-type": "application/json"}) == []


@pytest.mark.parametrize(
    ("status", "method", "kind", "code"),
    [
        (404, "GET", "AnswerError", "not_found"),
        (400, "GET", "AnswerError", "bad_request"),
        (409, "GET", "AnswerError", "answer"),
        (404, "PATCH", "RecordError", "not_found"),
        (422, "POST", "RecordError", "refused"),
    ],
)
def test_a_status_means_what_the_page_says(status: int, method: str, kind: str, code: str) -> None:
    """Without a word of the connector a refusal has the class and code that the table gives it."""
    at = dt.datetime.now(dt.UTC)
    error = Failure(
        connection="x", method=method, status=status, headers={}, body=None, kind="other", at=at
    ).default()
    assert (type(error).__name__, error.code) == (kind, code)


@pytest.mark.parametrize("name", ["README.md", "README.ja.md"])
def test_the_trial_configuration_works_in_closed_hours(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file for the sandbox names its addresses and tokens, and a fetch works at nine."""
    with Sandbox(people=60, now="2026-12-01T09:00:00+09:00") as box:
        box.touchontime.switches.closed_hours = False
        text = examples(name)["sandbox"].replace("http://127.0.0.1:8700", box.url)
        (tmp_path / "renkei.yaml").write_text(text, encoding="utf-8")
        monkeypatch.setenv("RENKEI_NOW", "2026-12-01T09:00:00+09:00")
        for system in box.systems.values():
            variable = f"{system.name.upper()}_TOKEN"
            assert f"{variable}={system.token}" in page(name)
            monkeypatch.setenv(variable, system.token)
        with Runs(load_config(tmp_path / "renkei.yaml")) as runs:
            run = runs.fetch("touchontime", "smarthr")
    assert run.status is Status.READY
    assert run.counts[Difference.NEW] > 0


def test_the_example_extension_registers_its_transform() -> None:
    """A mapping can name the transform that the example adds."""
    names: dict[str, object] = {}
    exec(of_authors()["extension"], names)  # noqa: S102 - our own page
    transforms = Transforms()
    extend = names["extend"]
    assert callable(extend)
    extend(transforms.register)
    assert transforms["lower"].apply("Ab") == "ab"


def test_the_configuration_that_init_writes_is_good(tmp_path: Path) -> None:
    """Both connections of the example file are configured, with the token as a reference."""
    file = tmp_path / "renkei.yaml"
    file.write_text(example(), encoding="utf-8")
    assert set(load_config(file).connections) == {"smarthr", "touchontime"}


def test_pages_are_plain() -> None:
    """A page has one title first, no tabs, and no blanks at the ends of lines."""
    for path, text in TEXTS.items():
        assert [level for level, _title in HEADING.findall(prose(text))].count("#") == 1, path
        assert text.startswith("# "), path
        assert not re.search(r"\t|[ ]+$", text, re.MULTILINE), path


def test_decisions_are_short_and_complete() -> None:
    """Each decision is dated in its name and title, and has the four parts on at most 25 lines."""
    decisions = sorted((ROOT / "docs/decisions").glob("*.md"))
    assert decisions
    for path in decisions:
        text = path.read_text(encoding="utf-8")
        assert text.startswith(f"# {path.name[:10]}: ")
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == [
            *("Context", "Decision", "Rejected", "Consequences"),
        ]
        assert len(text.splitlines()) <= 25


@pytest.mark.long
@pytest.mark.timeout(300)
@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.ja.md", "ja")])
def test_the_excerpt_of_the_demo_is_real(name: str, language: str) -> None:
    """The demo prints every line that the README shows."""
    blocks = [block for kind, block in FENCE.findall(page(name)) if kind == "text"]
    (shown,) = [block for block in blocks if "$ renkei plan" in block]
    done = subprocess.run(
        [sys.executable, "-m", "renkei_runner", "--lang", language, "demo"],
        capture_output=True,
        text=True,
        check=True,
    )
    printed = set(done.stdout.splitlines())
    lines = [line for line in shown.splitlines() if not line.startswith("$ renkei plan")]
    assert [line for line in lines if line not in printed and line] == []


# --- who is who ---------------------------------------------------------------------------------

RULINGS = {
    "docs/rules.md": {"–": "-", "note": "note", "**block**": "block", "**block** \\*": "block*"},
    "docs/rules.ja.md": {
        "–": "-", "要注意": "note", "**要確認**": "block", "**要確認** \\*": "block*",
    },
}  # fmt: skip


def table_after(name: str, head: str) -> list[list[str]]:
    """Return the cells of the table of a page whose first line begins with *head*."""
    lines = page(name).splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(head))
    rows = takewhile(lambda line: line.startswith("|"), lines[start + 2 :])
    return [[cell.strip() for cell in row.strip("|").split(" | ")] for row in rows]


@pytest.mark.parametrize(("name", "head"), [
    ("docs/rules.md", "| names |"), ("docs/rules.ja.md", "| 氏名 |"),
])  # fmt: skip
def test_the_table_of_numbers_is_that_of_the_code(name: str, head: str) -> None:
    """Cell by cell, in both languages."""
    rows = table_after(name, head)
    cells = product(Names, (False, True))
    for row, (names, contradiction) in zip(rows, cells, strict=True):
        told = [RULINGS[name][cell] for cell in row[2:]]
        ruled = [
            identity.by_number(names, birth, contradiction=contradiction)
            for birth in identity.Birth
        ]
        assert told == ruled


@pytest.mark.parametrize(("name", "head"), [
    ("docs/rules.md", "| candidate |"), ("docs/rules.ja.md", "| 連携先の人 |"),
])  # fmt: skip
def test_the_table_of_twins_is_that_of_the_code(name: str, head: str) -> None:
    """Row by row: what somebody who is there is, and what somebody who has left is."""
    codes = [[re.findall(r"`(\w+)`", cell) for cell in row[1:]] for row in table_after(name, head)]
    rows = dict.fromkeys(row for row, _column in identity._TWINS)
    assert codes == [[identity._TWINS[row, at].split() for at in ("there", "left")] for row in rows]
