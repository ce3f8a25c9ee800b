"""renkei connector new: a package that is green as written, and red where it does not fit."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.runner.fakes import Renkei

from renkei_runner.scaffold import PAGES, STYLES, Pages, Style, written

SHAPES: list[tuple[Style, Pages]] = [
    *(("rest", pages) for pages in PAGES),
    ("readonly", "link"),
    ("file", "offset"),
]
DEFAULT = ("rest", "cursor")
LIES = {
    "another name for the next page": ("fake.py", '"next"', '"following"'),
    "updates replace the record": ("fake.py", "held.update(body)",
                                   "held.update({**dict.fromkeys(FIELDS[3:]), **body})"),
    "the list leaves out who has left": (
        "fake.py", "if number in (None, row", 'if not row["left"] and number in (None, row'
    ),
    "a number is required that the connector does not send": (
        "fake.py", '"given_name")\n\n', '"given_name", "badge")\n\n'
    ),
    "an id that is gone is another status": ("fake.py", "404 if row", "400 if row"),
    "refusals are good answers": ("fake.py", "self._answer(422", "self._answer(200"),
}  # fmt: skip


def passes(folder: Path, *words: str) -> tuple[bool, str]:
    """Run the tests of a package as its author would; return whether they pass."""
    options = ["-q", "-p", "no:cacheprovider", "-p", "no:randomly", *words]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder, env=os.environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.returncode == 0, done.stdout + done.stderr


@pytest.mark.long
@pytest.mark.parametrize(
    ("style", "pages"),
    [
        pytest.param(*shape, marks=[] if shape == DEFAULT else [pytest.mark.long])
        for shape in SHAPES
    ],
)
def test_a_new_connector_is_green_as_written(tmp_path: Path, style: Style, pages: Pages) -> None:
    """Kit and flow pass, and every part of the package says where something is to be decided."""
    files = written("hoshi_two", style, pages, tmp_path / "new")
    assert sum("TODO" in file.read_text("utf-8") for file in files) >= 4
    green, said = passes(tmp_path / "new")
    assert green, said
    assert " failed" not in said


@pytest.mark.long
@pytest.mark.parametrize("lie", LIES)
def test_a_new_connector_is_red_where_the_system_is_another_one(tmp_path: Path, lie: str) -> None:
    """A fake made to behave as the real system does shows what the connector has to learn."""
    written("hoshi", "rest", "cursor", tmp_path / "new")
    name, old, new = LIES[lie]
    file = tmp_path / "new/tests" / name
    text = file.read_text("utf-8")
    assert old in text
    file.write_text(text.replace(old, new), "utf-8")
    green, said = passes(tmp_path / "new", "-x")
    assert not green
    assert " failed" in said


def test_the_command_tells_what_it_has_written(renkei: Renkei, tmp_path: Path) -> None:
    """Both entry points, the connector, its mapping, a fake, two tests and a configuration."""
    told = renkei("connector", "new", "hoshi", "--pages", "link", "--output", "json")
    assert told.code == 0
    assert told.json["folder"] == "renkei-hoshi"
    files = {Path(file).relative_to("renkei-hoshi").as_posix() for file in told.json["files"]}
    assert files == {
        *(".gitignore", "README.md", "conftest.py", "pyproject.toml", "renkei.yaml"),
        *("renkei_hoshi/__init__.py", "renkei_hoshi/connector.py"),
        *("renkei_hoshi/smarthr-hoshi.yaml",),
        *("tests/fake.py", "tests/test_flow.py", "tests/test_kit.py"),
    }
    project = (tmp_path / "renkei-hoshi/pyproject.toml").read_text("utf-8")
    assert 'hoshi = "renkei_hoshi.connector:Hoshi"' in project
    assert '[project.entry-points."renkei.mappings"]\nhoshi = "renkei_hoshi"' in project
    assert "python -m pytest" in renkei("connector", "new", "hoshi", "elsewhere").out


@pytest.mark.parametrize("name", ["Hoshi", "hoshi-two", "2hoshi", "", "class", "hoshi/../x"])
def test_a_name_has_to_be_one(renkei: Renkei, name: str) -> None:
    """What cannot be a package is refused, and nothing is written."""
    told = renkei("connector", "new", name, "folder", "--output", "json")
    assert (told.code, told.json["error"]["code"]) == (2, "name")
    assert not Path("folder").exists()


@pytest.mark.parametrize("name", ["csv", "smarthr", "web", "sandbox"])
def test_a_name_that_is_taken_is_refused(renkei: Renkei, name: str) -> None:
    """A connector that is installed, or a package: the new one would never be found, or hide it."""
    told = renkei("connector", "new", name, "folder", "--output", "json")
    assert (told.code, told.json["error"]["code"]) == (2, "name")
    assert f"{name} is taken" in told.json["error"]["message"]
    assert not Path("folder").exists()


@pytest.mark.parametrize(
    ("name", "style", "cls"),
    [
        ("hoshi_two", "rest", "HoshiTwo"),
        ("json", "rest", "Json"),
        ("records", "rest", "RecordsConnector"),
        ("true", "rest", "TrueConnector"),
        ("warning", "readonly", "WarningConnector"),
        ("any", "file", "AnyConnector"),
    ],
)
def test_the_class_is_called_what_nothing_else_is(
    tmp_path: Path, name: str, style: Style, cls: str
) -> None:
    """Not as what its module imports, nor as a word of the language; a library is no matter."""
    written(name, style, "cursor", tmp_path / "new")
    entry = f'{name} = "renkei_{name}.connector:{cls}"'
    assert entry in (tmp_path / "new/pyproject.toml").read_text("utf-8")
    source = (tmp_path / f"new/renkei_{name}/connector.py").read_text("utf-8")
    names = [
        node.asname or node.name
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.alias)
    ]
    assert f"class {cls}:" in source
    assert cls not in names


def test_what_is_there_is_left_as_it_is(renkei: Renkei, tmp_path: Path) -> None:
    """A folder that holds anything is not written into."""
    (tmp_path / "renkei-hoshi").mkdir()
    (tmp_path / "renkei-hoshi/mine.txt").write_text("mine", "utf-8")
    told = renkei("connector", "new", "hoshi", "--output", "json")
    assert (told.code, told.json["error"]["code"]) == (2, "exists")
    assert [file.name for file in (tmp_path / "renkei-hoshi").iterdir()] == ["mine.txt"]


def test_every_style_is_tried() -> None:
    """A new style is not forgotten here."""
    assert {style for style, _pages in SHAPES} == set(STYLES)
