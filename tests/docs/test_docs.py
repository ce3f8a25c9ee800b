"""The documentation tells the truth: commands, links, codes, hooks and examples."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import attrs
import click
import pytest

from renkei import connector, errors, texts
from renkei.config import EXAMPLE, load_config
from renkei.errors import MappingError, RenkeiError
from renkei.hookspecs import REQUIRED, ConnectorSpec
from renkei.mapping import (
    Mapping,
    Pair,
    Towards,
    Transforms,
    check_mapping,
    load_mapping,
    parse_mapping,
)
from renkei.mapping.model import File
from renkei.model import Difference, FieldSpec, Outcome, Status
from renkei.plugins import offline_fields
from renkei_runner import failures, screens
from renkei_runner.cli import COMMANDS, cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *sorted(ROOT.glob("*.md")),
    *sorted((ROOT / "docs").rglob("*.md")),
    *sorted((ROOT / "connectors").glob("*/*/README.md")),
    ROOT / "sandbox/renkei_sandbox/README.md",
]
OPERATOR = ("docs/operator.md", "docs/operator.ja.md")
TWINS = [("README.md", "README.ja.md"), OPERATOR]

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


def slugs(path: Path) -> set[str]:
    """Return the anchors that a page offers."""
    titles = [title for _level, title in HEADING.findall(prose(path.read_text(encoding="utf-8")))]
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


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


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_code_blocks_parse(path: Path) -> None:
    """Every command line that can be copied has a known command, known options and good values."""
    for words in block_commands(path.read_text(encoding="utf-8")):
        command, rest, context = resolve(words)
        command.make_context(context.info_name, rest, parent=context.parent)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_in_running_text_exist(path: Path) -> None:
    """Every command that is mentioned exists and has the options that stand beside it."""
    for words in inline_commands(path.read_text(encoding="utf-8")):
        command, rest, context = resolve(words)
        command.make_parser(context).parse_args([word for word in rest if word != "--help"])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_internal_links_resolve(path: Path) -> None:
    """Every link within the repository leads to a file, and every anchor to a heading."""
    for target in LINK.findall(prose(path.read_text(encoding="utf-8"))):
        if target.startswith(("https://", "http://")):
            continue
        name, _sign, anchor = target.partition("#")
        place = (path.parent / name).resolve() if name else path
        assert place.exists(), target
        assert not anchor or anchor in slugs(place), target


def test_every_command_is_mentioned() -> None:
    """Whoever reads the documentation meets every command but the one for completion."""
    everything = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
    missing = [name for name in COMMANDS if f"renkei {name}" not in everything]
    assert missing in ([], ["completion"])


def test_every_hook_is_documented() -> None:
    """The table of hooks has each hook with its arguments, and says which are required."""
    text = page("docs/connectors.md")
    hooks = [name for name in vars(ConnectorSpec) if not name.startswith("_")]
    for name in hooks:
        arguments = getattr(ConnectorSpec, name).__code__
        names = arguments.co_varnames[1 : arguments.co_argcount]
        need = "required" if name in REQUIRED else "optional"
        assert f"| `{name}({', '.join(names)})` | {need} |" in text


def test_every_attribute_of_a_field_is_documented() -> None:
    """The table of FieldSpec has each of its attributes."""
    assert set(attrs.fields_dict(FieldSpec)) <= first_cells("docs/connectors.md")


def test_every_error_of_a_connector_is_documented() -> None:
    """Whatever error a connector may import is explained."""
    names = [name for name in connector.__all__ if hasattr(errors, name) and name != "RenkeiError"]
    assert names
    assert [name for name in names if f"`{name}" not in page("docs/connectors.md")] == []


@pytest.mark.parametrize("name", OPERATOR)
def test_every_code_is_documented(name: str) -> None:
    """Operators find each reason, note, notice, difference, outcome and status, by its code."""
    known = texts.codes() | raised_codes()
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


@pytest.mark.parametrize("names", TWINS)
def test_both_languages_have_the_same_parts(names: tuple[str, str]) -> None:
    """The Japanese page has the headings, tables and commands of the English one."""
    english, japanese = map(page, names)
    levels = [[level for level, _title in HEADING.findall(prose(t))] for t in (english, japanese)]
    assert levels[0] == levels[1]
    assert list(block_commands(english)) == list(block_commands(japanese))
    rows = [sum(line.startswith("|") for line in t.splitlines()) for t in (english, japanese)]
    assert rows[0] == rows[1]


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


def checked(text: str) -> Mapping:
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
    """The connector, its mapping and its test run exactly as printed."""
    found = examples("docs/connectors.md")
    package = tmp_path / "renkei_hoshi"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "connector.py").write_text(found["connector"], encoding="utf-8")
    (tmp_path / "smarthr-hoshi.yaml").write_text(found["mapping"], encoding="utf-8")
    (tmp_path / "test_hoshi.py").write_text(found["test"], encoding="utf-8")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("RENKEI_", "PYTEST_"))}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_hoshi.py"],
        cwd=tmp_path,
        env={**environment, "PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_example_extension_registers_its_transform() -> None:
    """A mapping can name the transform that the example adds."""
    names: dict[str, object] = {}
    exec(examples("docs/connectors.md")["extension"], names)  # noqa: S102 - our own page
    transforms = Transforms()
    extend = names["extend"]
    assert callable(extend)
    extend(transforms.register)
    assert transforms["lower"].apply("Ab") == "ab"


def test_the_configuration_that_init_writes_is_good(tmp_path: Path) -> None:
    """Both connections of the example file are configured, with the token as a reference."""
    file = tmp_path / "renkei.yaml"
    file.write_text(EXAMPLE, encoding="utf-8")
    assert set(load_config(file).connections) == {"smarthr", "touchontime"}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
def test_pages_are_plain(path: Path) -> None:
    """A page has one title first, no tabs, and no blanks at the ends of lines."""
    text = path.read_text(encoding="utf-8")
    assert [level for level, _title in HEADING.findall(prose(text))].count("#") == 1
    assert text.startswith("# ")
    assert not re.search(r"\t|[ ]+$", text, re.MULTILINE)


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
