"""renkei connector: what was proved of a connector, and where it is shown."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from tests.runner.fakes import Renkei

from renkei.errors import ConfigurationError
from renkei.plugins import finding, sheet
from renkei.plugins.sheet import Promised, Sheet
from renkei_runner import connectors

ROOT = Path(__file__).resolve().parents[2]
KIT = """\
from staff.connector import Staff
from tests.testing.staff import Fake, other, sample
import pytest
from renkei.testing.kit import ConnectorTests

ASKED = ("test_fields_are_described_offline", "test_samples_fit_the_fields")


class TestStaff(ConnectorTests):
    factory = Staff
    past_a_page = 12
    skips = {
        name: "It is not asked here."
        for name in dir(ConnectorTests)
        if name.startswith("test_") and name not in ASKED
    }

    @pytest.fixture
    def url(self):
        with Fake() as fake:
            yield fake.url

    sample = staticmethod(sample)
    other = staticmethod(other)


class TestAnother(TestStaff):
    factory = print
"""
SAID = Sheet(
    connector="smarthr",
    version="0.2.0",
    renkei="0.2.0",
    date=dt.date(2026, 11, 29),
    promises=(
        Promised(name="test_a", says="An empty system has an empty list.", result="proved"),
        Promised(
            name="test_b",
            says="In its closed hours nothing is sent.",
            result="skipped",
            why="It declares no closed hours.",
        ),
        Promised(
            name="test_d",
            says="Everybody is listed once, also past the end of a page.",
            result="proved",
            why="It declares no closed hours.",
        ),
        Promised(name="test_c", says="Our own.", result="failed", why="It is not so."),
    ),
)


@pytest.fixture
def staff(tmp_path: Path) -> Path:
    """A connector of somebody else, installed in a folder, with its kit test."""
    package, info = tmp_path / "staff", tmp_path / "staff-0.3.dist-info"
    package.mkdir()
    info.mkdir()
    (package / "__init__.py").touch()
    (package / "connector.py").write_text("from tests.testing.staff import Staff\n", "utf-8")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: staff\nVersion: 0.3\n", "utf-8")
    (info / "entry_points.txt").write_text(
        "[renkei.connectors]\nstaff = staff.connector:Staff\n", "utf-8"
    )
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests/test_kit.py").write_text(KIT, "utf-8")
    return tmp_path


def run(folder: Path, *words: str) -> tuple[int, dict[str, Any]]:
    """Run a command as its user would; return its exit code and its document."""
    path = os.pathsep.join([str(folder), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "renkei_runner", *words, "--output", "json"],
        cwd=folder, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    document: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, document


def test_what_is_proved_is_kept_and_shown(staff: Path) -> None:
    """The checks of this connector alone are run; the sheet is in its package, and in the list."""
    code, proved = run(staff, "connector", "prove", "staff")
    assert code == 0
    assert proved["sheet"] == str(staff / "staff/staff.capabilities.json")
    counts = proved["proved"]["counts"]
    assert (counts["proved"], counts["failed"], counts["skipped"] > 40) == (2, 0, True)
    first = next(each for each in proved["proved"]["promises"] if each["result"] == "proved")
    assert first["tests"] == ["tests/test_kit.py::TestStaff::test_fields_are_described_offline"]
    code, listed = run(staff, "connector", "list")
    [ours] = [each for each in listed["connectors"] if each["name"] == "staff"]
    assert ours["proved"] == proved["proved"]
    assert ours["proved"]["version"] == "0.3"


@pytest.mark.long
def test_without_a_check_nothing_is_proved(staff: Path) -> None:
    """It says so, with exit code 2, and an older sheet stays."""
    kept = staff / "staff/staff.capabilities.json"
    kept.write_text(sheet.written(SAID), "utf-8")
    (staff / "tests/test_kit.py").write_text("", "utf-8")
    code, told = run(staff, "connector", "prove", "staff")
    assert (code, told["error"]["code"]) == (2, "kit")
    assert sheet.read(kept.read_text("utf-8")) == SAID


def test_a_connector_and_its_tests_have_to_be_there(renkei: Renkei) -> None:
    """A folder that is missing, and a name that nobody has, are told before anything is run."""
    told = renkei("connector", "prove", "smarthr", "--output", "json")
    assert (told.code, told.json["error"]["where"]) == (2, "tests")
    told = renkei("connector", "prove", "nobody", "--output", "json")
    assert (told.code, told.json["error"]["where"]) == (3, "nobody")


def test_the_list_shows_what_was_proved(renkei: Renkei, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the language of the command: the counts, and whatever was not proved with its reason."""
    monkeypatch.setattr(sheet, "sheet_of", lambda name: SAID if name == "smarthr" else None)
    text = renkei("connector", "list").out
    assert "promises: 2 proved, 1 skipped, 1 failed (2026-11-29, 0.2.0)" in text
    assert "skipped: In its closed hours nothing is sent. (It declares no closed hours.)" in text
    assert (
        "proved, but for a part: Everybody is listed once, also past the end of a page. (" in text
    )
    assert "FAILED: Our own. (It is not so.)" in text
    assert "Nothing of what it promises has been proved yet." in text
    assert text == renkei("connectors").out


def test_the_list_says_of_each_field_what_may_be_done(renkei: Renkei) -> None:
    """Required, emptied, dated and the only values, on the screen and in the document."""
    listed = {
        each["name"]: each for each in renkei("connectors", "--output", "json").json["connectors"]
    }
    fields = {each["name"]: each for each in listed["touchontime"]["fields"]}
    assert fields["gender"]["allowed"] == ["male", "female"]
    assert (fields["gender"]["required"], fields["gender"]["clearable"]) == (True, False)
    assert (fields["divisionCode"]["dated"], fields["divisionCode"]["offered"]) == (True, True)
    assert fields["birthDate"]["clearable"]
    text = renkei("connectors").out
    assert "required, only male / female" in text
    assert "required, depends on the day" in text


@pytest.mark.parametrize(
    ("module", "file"),
    [
        ("hoshi_file", "hoshi_file.py"),
        ("hoshi_package", "hoshi_package/__init__.py"),
        ("hoshi_module.connector", "hoshi_module/connector.py"),
        ("hoshi_shelf.inner.connector", "hoshi_shelf/inner/connector.py"),
    ],
)
def test_every_connector_has_a_place_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, file: str
) -> None:
    """Beside its module, which may be in no package, or be shared with another connector."""
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).touch()
    monkeypatch.syspath_prepend(tmp_path)
    names = ("hoshi", "hoshi_two")
    entries = [EntryPoint(name, f"{module}:Hoshi", finding.CONNECTORS) for name in names]
    monkeypatch.setattr(finding, "found", lambda _group: tuple(entries))
    folder = (tmp_path / file).parent
    for name in names:
        assert sheet.place(name) == folder / f"{name}.capabilities.json"


@pytest.mark.parametrize("text", ["raise SystemExit", "import hoshi_is_not_there", None])
def test_a_package_that_cannot_be_loaded_has_no_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    """Whatever it does when it is loaded: the connector is named, and nothing is run."""
    if text is not None:
        (tmp_path / "broken_hoshi").mkdir()
        (tmp_path / "broken_hoshi/__init__.py").write_text(text, "utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    entry = EntryPoint("hoshi", "broken_hoshi.connector:Hoshi", finding.CONNECTORS)
    monkeypatch.setattr(finding, "found", lambda _group: (entry,))
    with pytest.raises(ConfigurationError, match="Connector hoshi cannot be used"):
        sheet.place("hoshi")


def test_a_sheet_that_is_none_is_as_if_there_were_none(tmp_path: Path) -> None:
    """Somebody else's file cannot break the list."""
    file = tmp_path / "smarthr.capabilities.json"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sheet, "place", lambda _name: file)
        for text in (None, "{", "[]", '{"schema_version": 2}'):
            if text is not None:
                file.write_text(text, "utf-8")
            assert sheet.sheet_of("smarthr") is None
        file.write_text(sheet.written(SAID), "utf-8")
        assert sheet.sheet_of("smarthr") == SAID
        assert sheet.sheet_of("touchontime") is None  # it is another connector's
    assert connectors.promise_text(SAID.promises[0]).startswith("proved: ")
