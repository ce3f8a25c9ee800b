"""The planted bugs can be planted, and each of them turns the tests red."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.bugs.bug import Edit, Rotten
from tests.bugs.planted import BUGS
from tests.sampling import ALL, sample, sampled

ROOT = Path(__file__).resolve().parents[2]

SHARE = 96
"""One bug in this many is planted in every run."""

HARMLESS = """\
import sys
from tests.bugs.__main__ import main
from tests.bugs.bug import bug
left = "tests/engine/test_compare.py::test_listed_are_those_employed_on_the_base_date"
edit = ("renkei.identity.roll:has_left", "left <= base", "base >= left")
sys.exit(main([bug("harmless", "Nothing is wrong.", edit, tests=left + "\\n" + sys.argv[1])]))
"""


def python(*words: str) -> tuple[int, str]:
    """Run Python in the checkout; return its exit code and all it said."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    return done.returncode, done.stdout


def test_what_a_bug_replaces_is_there() -> None:
    """Changing a function with a bug in it is noticed; a bug does not rot in silence."""
    assert [bug.name for bug in BUGS if not bug.changes() or not bug.tests] == []


def test_the_tests_that_catch_a_bug_are_there() -> None:
    """A test that is called otherwise by now is noticed, too, without a bug being planted."""
    gone = []
    for bug in BUGS:
        for test in bug.tests:
            path, _colons, name = test.partition("[")[0].partition("::")
            text = (ROOT / path).read_text(encoding="utf-8")
            if name and f"def {name}(" not in text:  # without a name it is all of a file
                gone.append((bug.name, test))
    assert gone == []


def test_every_bug_has_a_name_of_its_own() -> None:
    """The table names them."""
    assert len({bug.name for bug in BUGS}) == len(BUGS)


@pytest.mark.parametrize(
    "edit",
    [
        Edit("renkei.gone:has_left", "left", "right"),
        Edit("renkei.plan.compare:gone", "left", "right"),
        Edit("renkei.plan.compare:Gone.has_left", "left", "right"),
        Edit("renkei.model:NAMED", "20", "30"),
        Edit("renkei.identity.roll:has_left", "right <= base", "right < base"),
        Edit("renkei.identity.roll:has_left", "left", "right"),
    ],
)
def test_a_bug_that_cannot_be_planted_says_so(edit: Edit) -> None:
    """The module, the class, the function or the words are gone, or the words are there twice."""
    with pytest.raises(Rotten, match=re.escape(edit.where)):
        edit.made()


@pytest.mark.long
def test_a_bug_that_nothing_catches_is_told(tmp_path: Path) -> None:
    """So is a test that fails without a bug: its red would prove nothing."""
    red = tmp_path / "test_red.py"
    red.write_text("def test_red():\n    assert not 'whatever happens'\n")
    code, said = python("-c", HARMLESS, str(red))
    assert code == 1, said
    assert "harmless SURVIVES: Nothing is wrong." in said
    assert "Without a bug: " in said
    assert "assert not 'whatever happens'" in said


@sampled
@pytest.mark.timeout(3_600 if ALL else 300)
def test_every_bug_is_caught() -> None:
    """The tests of each bug are green without it and red with it."""
    bugs = list(sample(BUGS, SHARE))
    code, said = python("-m", "tests.bugs", "--every", f"{1 if ALL else SHARE}")
    assert code == 0, said
    assert f"{len(bugs)} bugs planted, 0 things wrong" in said
