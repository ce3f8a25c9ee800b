"""What pytest does with the kit: nothing counts that asserts nothing, and a sheet is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from renkei.plugins import sheet

ROOT = Path(__file__).resolve().parents[2]
WRITTEN = '''\
import pytest
from tests.testing.staff import Fake, Staff, other, sample
from renkei.testing.kit import ConnectorTests


class TestStaff(ConnectorTests):
    factory = Staff
    past_a_page = 12
    skips = {"test_the_list_is_fresh": "Lists are made at night.", "test_the_list_is_stable": " "}

    @pytest.fixture
    def url(self):
        with Fake() as fake:
            yield fake.url

    sample = staticmethod(sample)
    other = staticmethod(other)

    def test_an_empty_system_lists_nobody(self, tenant):
        pass

    @pytest.mark.skip
    def test_fields_are_emptied(self, tenant):
        tenant.holds(True, "")

    def test_nobody_is_nobody(self, tenant):
        tenant.same(1, 2, "the two")

    def test_of_the_author(self):
        """A test beside the checks is left alone."""
'''
NAMES = (
    "lists_nobody or is_fresh or is_stable or emptied or nobody_is_nobody or of_the_author"
    " or samples or refused_list"
)


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, sheet.Sheet]:
    """Run a kit test with mistakes of its author; return what pytest said, and the sheet."""
    folder = tmp_path_factory.mktemp("kit")
    (folder / "test_kit.py").write_text(WRITTEN, encoding="utf-8")
    plugins = ["-p", "renkei.testing.kit", "-p", "no:randomly", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, "-k", NAMES, f"--rootdir={folder}",
         "--renkei-sheet", folder / "sheet.json", folder / "test_kit.py"],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout, sheet.read((folder / "sheet.json").read_text("utf-8"))


def told(proved: tuple[str, sheet.Sheet], name: str) -> tuple[str, str]:
    """Return what the sheet says of one promise."""
    [line] = [each for each in proved[1].promises if each.name == name]
    return line.result, line.why


def test_a_check_that_asserts_nothing_fails(proved: tuple[str, sheet.Sheet]) -> None:
    """An author who leaves a check empty has proved nothing."""
    result, why = told(proved, "test_an_empty_system_lists_nobody")
    assert (result, "asserts nothing" in why) == ("failed", True)


def test_a_skip_needs_a_reason(proved: tuple[str, sheet.Sheet]) -> None:
    """With one it stands in the sheet; without one it is a failure."""
    assert told(proved, "test_the_list_is_fresh") == ("skipped", "Lists are made at night.")
    for name in ("test_the_list_is_stable", "test_fields_are_emptied"):
        result, why = told(proved, name)
        assert (result, "without a reason" in why) == ("failed", True)


def test_what_does_not_hold_says_so_in_one_sentence(proved: tuple[str, sheet.Sheet]) -> None:
    """No traceback: what was found, and what it should be."""
    expected = ("failed", "the two: 1, and it should be 2")
    assert told(proved, "test_nobody_is_nobody") == expected
    assert "Traceback" not in proved[0]


def test_a_promise_is_one_line_with_every_test_that_proves_it(
    proved: tuple[str, sheet.Sheet],
) -> None:
    """Five statuses are one promise; tests beside the checks are none."""
    lines = {line.name: line for line in proved[1].promises}
    assert len(lines["test_a_refused_list_is_an_error"].tests) == 5
    says = lines["test_a_refused_list_is_an_error"].says
    assert says == "A refused list is an error, and never an empty list."
    assert "test_of_the_author" not in lines
    assert "test_of_the_author" not in proved[0]  # it has passed
    assert proved[1].counts() == {"proved": 3, "skipped": 1, "failed": 4}


def test_a_sheet_is_read_as_it_was_written(proved: tuple[str, sheet.Sheet]) -> None:
    """Nothing is lost on the way, and what is no sheet is refused."""
    assert sheet.read(sheet.written(proved[1])) == proved[1]
    for text in ("[]", "{}", '{"schema_version": 1}', "nonsense"):
        with pytest.raises(ValueError, match=r"."):
            sheet.read(text)
