"""What pytest does with the kit: nothing counts that asserts nothing, and a sheet is kept."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.sampling import some

from renkei.plugins import sheet
from renkei.testing.kit import ConnectorTests
from renkei.testing.kit.promise import NOT_RUN

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

    @pytest.mark.xfail
    def test_an_update_takes_people_from_the_list(self, tenant):
        tenant.holds(False, "nothing is emptied")

    @pytest.mark.xfail(strict=False)
    def test_an_update_needs_no_other_field(self, tenant):
        tenant.holds(True, "")

    def test_a_look_up_is_fresh(self, tenant):
        print("said with", tenant.token)
        tenant.same(tenant.token, "", "the token")

    def test_a_look_up_needs_one_field(self, tenant):
        raise RuntimeError(f"no {tenant.token}")

    @pytest.mark.parametrize("case", ["good", "odd"])
    def test_a_number_is_found_exactly(self, tenant, case):
        if case == "odd":
            pytest.skip("Numbers are odd.")
        tenant.holds(True, "")

    def test_of_the_author(self):
        """A test beside the checks is left alone."""
'''
NAMES = (
    "lists_nobody or is_fresh or is_stable or emptied or nobody_is_nobody or of_the_author"
    " or samples or refused_list or from_the_list or no_other_field or needs_one_field"
    " or found_exactly or (refused_look_up and 401)"
)
TOKEN = "kit-token-0417"


def ran(folder: Path, *words: str) -> tuple[str, sheet.Sheet]:
    """Run the tests in *folder*; return what pytest said, and the sheet."""
    plugins = ["-p", "renkei.testing.kit", "-p", "no:randomly", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *words, f"--rootdir={folder}",
         "--renkei-sheet", folder / "sheet.json", folder],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr, sheet.read((folder / "sheet.json").read_text("utf-8"))


@pytest.fixture(scope="module")
def proved(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, sheet.Sheet]:
    """Run a kit test with mistakes of its author; return what pytest said, and the sheet."""
    folder = tmp_path_factory.mktemp("kit")
    (folder / "test_kit.py").write_text(WRITTEN, encoding="utf-8")
    return ran(folder, "-k", NAMES)


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
    assert {line.name for line in proved[1].promises if line.why != NOT_RUN} == {
        "test_samples_fit_the_fields", "test_an_empty_system_lists_nobody",
        "test_the_list_is_stable", "test_the_list_is_fresh", "test_fields_are_emptied",
        "test_nobody_is_nobody", "test_a_refused_list_is_an_error",
        "test_a_number_is_found_exactly",
        "test_a_look_up_is_fresh", "test_a_look_up_needs_one_field",
        "test_an_update_takes_people_from_the_list", "test_an_update_needs_no_other_field",
    }  # fmt: skip


def test_what_was_not_run_has_failed(proved: tuple[str, sheet.Sheet]) -> None:
    """Every promise of the kit is in the sheet, and so is each case that somebody has left out."""
    checks = {check for check in dir(ConnectorTests) if check.startswith("test_")}
    assert {line.name for line in proved[1].promises} == checks
    assert told(proved, "test_everybody_is_listed_once") == ("failed", NOT_RUN)
    assert told(proved, "test_a_refused_look_up_is_an_error") == ("failed", NOT_RUN)


@pytest.mark.parametrize(
    ("more", "words", "why"),
    [
        ("import nowhere", (), NOT_RUN),
        pytest.param(
            "",
            ("-x",),
            "This check asserts nothing: use tenant.holds or its like.",
            marks=pytest.mark.long,
        ),
    ],
)
def test_what_ends_the_tests_proves_nothing(
    tmp_path: Path, more: str, words: tuple[str, ...], why: str
) -> None:
    """A file that cannot be loaded, or the first failure: the rest is not what it was before."""
    (tmp_path / "test_kit.py").write_text(WRITTEN, encoding="utf-8")
    (tmp_path / "test_more.py").write_text(more, encoding="utf-8")
    proved = ran(tmp_path, "-k", "lists_nobody or needs_one_field", *words)
    assert told(proved, "test_an_empty_system_lists_nobody") == ("failed", why)
    assert told(proved, "test_a_look_up_needs_one_field") == ("failed", NOT_RUN)


def test_what_is_expected_to_fail_has_failed(proved: tuple[str, sheet.Sheet]) -> None:
    """Whether it then fails or not: only `skips` says that something cannot hold."""
    for name in ("takes_people_from_the_list", "needs_no_other_field"):
        result, why = told(proved, f"test_an_update_{name}")
        assert (result, "expected to fail" in why) == ("failed", True)
    assert "xfailed" not in proved[0]
    assert "xpassed" not in proved[0]


def test_no_report_shows_the_token(proved: tuple[str, sheet.Sheet]) -> None:
    """It may be that of a trial tenant: not in a message, a traceback or what was printed."""
    expected = "the token: '***', and it should be ''"
    assert told(proved, "test_a_look_up_is_fresh") == ("failed", expected)
    assert "RuntimeError: no ***" in told(proved, "test_a_look_up_needs_one_field")[1]
    assert "said with ***" in proved[0]
    assert TOKEN not in proved[0] + sheet.written(proved[1])


def test_what_is_proved_in_part_says_what_was_skipped(proved: tuple[str, sheet.Sheet]) -> None:
    """A case that was skipped is not hidden behind one that has passed."""
    assert told(proved, "test_a_number_is_found_exactly") == ("proved", "Numbers are odd.")


def test_a_line_keeps_why_a_case_was_skipped() -> None:
    """One that has failed says why it has, and one that is proved what it does not cover."""

    def case(result: sheet.Result, why: str) -> sheet.Promised:
        return sheet.Promised(name="a", says="A.", result=result, tests=(result,), why=why)

    proved, skipped = case("proved", ""), case("skipped", "Not there.")
    assert sheet.summed_up([skipped, proved]) == (case("proved", "Not there."),)
    failed = case("failed", "Not so.")
    assert sheet.summed_up([skipped, failed, proved]) == (failed,)


def test_a_sheet_is_read_as_it_was_written(proved: tuple[str, sheet.Sheet]) -> None:
    """Nothing is lost on the way, and what is no sheet is refused."""
    assert sheet.read(sheet.written(proved[1])) == proved[1]
    for text in ("[]", "{}", '{"schema_version": 1}', "nonsense"):
        with pytest.raises(ValueError, match=r"."):
            sheet.read(text)


@pytest.mark.parametrize("more", some([("--renkei-sheet", "sheet.json"), ()], 2))
def test_a_connector_that_is_not_installed_is_told(tmp_path: Path, more: tuple[str, ...]) -> None:
    """In one sentence, as the command line would, with a sheet or without one."""
    words = ["-p", "renkei.testing.kit", "-p", "no:cacheprovider", "--renkei-connector", "nobody"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, *more, f"--rootdir={tmp_path}", tmp_path],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == pytest.ExitCode.USAGE_ERROR
    assert "There is no connector nobody." in said
    assert "Traceback" not in said
