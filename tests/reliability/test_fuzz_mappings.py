"""A mapping with mistakes is told line by line, quickly, and is never taken for another one."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from tests.reliability.broken_mappings import TEXT, Case, cases

from renkei.errors import ConfigurationError, MappingError, Problem
from renkei.mapping import FieldMapping, check_mapping, load_mapping, parse_mapping
from renkei.people import FieldSpec
from renkei.plugins.offline import offline_fields
from renkei_runner.app import App
from renkei_runner.main import run as run_command

if TYPE_CHECKING:
    from _pytest.mark.structures import ParameterSet

SIZE = 100
LIMIT_S = 0.1
FIELDS = {name: offline_fields(name) for name in ("smarthr", "touchontime")}


def blocks(few: int, many: int) -> list[ParameterSet]:
    """Return the numbers of *many* blocks; those from *few* on are long."""
    return [pytest.param(n, marks=[] if n < few else [pytest.mark.long]) for n in range(many)]


def fields_of(connector: str) -> Sequence[FieldSpec]:
    """Return the fields of *connector*, as the installed ones are asked."""
    if connector not in FIELDS:
        raise ConfigurationError(connector)
    return FIELDS[connector]


def checked(text: str) -> FieldMapping:
    """Return the mapping in *text*, checked as the command does."""
    mapping = parse_mapping(text, "our-mapping.yaml", fields_of=fields_of)
    check_mapping(mapping, {side: FIELDS[name] for side, name in mapping.sides.items()})
    return mapping


def told(text: str) -> tuple[FieldMapping | None, list[Problem], float]:
    """Return what came of *text*, and how long it took of this process's time, at best."""
    taken = []
    while True:
        began = time.process_time()
        found, problems = None, []
        try:
            found = checked(text)
        except MappingError as error:
            problems = error.problems
        taken.append(time.process_time() - began)
        if taken[-1] <= LIMIT_S or len(taken) == 3:
            return found, problems, min(taken)


LENIENT = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""Written in C, it takes some odd files that the one in Python refuses; so does ours."""


def plain(data: Any) -> Any:
    """Return what a lenient parser made of a file as the strict one shows it: no value is None."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    if isinstance(data, list):
        return [plain(value) for value in data]
    return data


def same(strict: Any, lenient: Any) -> bool:
    """Tell whether both parsers read the same, null being empty text to the lenient one."""
    if isinstance(strict, dict):
        return (
            isinstance(lenient, dict)
            and list(strict) == list(lenient)
            and all(same(strict[key], lenient[key]) for key in strict)
        )
    if isinstance(strict, list):
        return len(strict) == len(lenient) and all(map(same, strict, lenient))
    return bool(strict == lenient) or (strict is None and lenient in ("", "~", "null"))


def located(problem: Problem, text: str) -> bool:
    """Tell whether *problem* stands at a place that is in the file."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    inside = 1 <= problem.line <= len(lines) + 1
    length = len(lines[problem.line - 1]) if problem.line <= len(lines) else 0
    return inside and 1 <= problem.column <= length + 1


def judge(case: Case) -> None:
    """Require that a broken file is told where it is broken, a good one read as it is."""
    found, problems, seconds = told(case.text)
    assert seconds <= LIMIT_S
    if found is None:
        assert problems
        for problem in problems:
            assert located(problem, case.text), problem
            assert problem.message.strip()
        assert problems == sorted(problems, key=lambda each: (each.line, each.column))
        if case.line is not None:
            assert case.line in {problem.line for problem in problems}, problems
        return
    assert case.valid, "accepted though it is broken"
    assert same(found.document.data, yaml.load(case.text, Loader=LENIENT))  # noqa: S506
    again = checked(found.document.text)
    assert (again.pairs, again.sides, again.settings) == (found.pairs, found.sides, found.settings)


@pytest.mark.fault("F66", "F69")
@pytest.mark.parametrize("block", blocks(5, 110))
def test_every_broken_mapping_is_located(block: int) -> None:
    """A hundred files: each mistake has a line, a column and words; none is overlooked."""
    for number, case in enumerate(cases(f"mapping {block}", SIZE)):
        try:
            judge(case)
        except BaseException as error:
            at = f"seed 'mapping {block}', case {number}, {case.name}, line {case.line}"
            raise AssertionError(f"{at}: {error}\n{case.text!r}") from error


def test_the_good_file_is_good() -> None:
    """What the broken ones are made of has no mistake."""
    assert len(checked(TEXT).pairs) == 11


@pytest.mark.fault("F66")
def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    """One in each part: five lines, in order."""
    text = (
        TEXT.replace("default: false", "default: maybe")
        .replace("equal: kana", "equal: kan", 1)
        .replace("empty: clear", "emty: clear")
        .replace("only: touchontime}", "only: touchontim}")
        .replace("when: business_names", "when: business_name")
    )
    _, problems, _ = told(text)
    assert [problem.line for problem in problems] == [4, 10, 15, 16, 20]
    assert [("did you mean" in problem.message) for problem in problems] == [False] + [True] * 4


# --- what YAML makes of plain words -------------------------------------------------------------

TRAPS = (
    *("0042", "010", "0o17", "0x1F", "12:30", "1:20:30", "no", "No", "NO", "yes", "on", "off", "y"),
    *("n", "1e3", "1.0", ".5", "1_000", "+1", "-0", ".inf", ".nan", "2026-04-01", "=", "true"),
    *("2026-04-01T12:00:00Z", "１２", "0b11", "False", "ON", "1.", "6.02e23", "00", "1,000"),
    *("'~'", "'null'", '"0042"', "12e03", "-.INF", "0.1e-5", "190:20:30"),
)


@pytest.mark.fault("F67")
@pytest.mark.parametrize("word", TRAPS)
def test_a_plain_word_stays_what_it_is(word: str) -> None:
    """Numbers, times and truths of YAML are text here, in both columns of a table."""
    flow = f'"{word}"' if "," in word else word
    text = TEXT.replace("{male: male, female: female}", f"{{male: {flow}}}")
    pairs = parse_mapping(text, "x.yaml").pairs
    (table,) = [pair.values for pair in pairs if pair.values]
    assert table == {"male": word.strip("'\"")}


# --- files that are meant to hurt ---------------------------------------------------------------


def laughs(levels: int, width: int) -> str:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * width)}]" for n in range(1, levels)]
    return "\n".join(lines)


def merges(levels: int) -> str:
    lines = ["a0: &a0 {x: y}"]
    lines += [f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}" for n in range(1, levels)]
    return "\n".join(lines)


BOMBS: dict[str, str] = {
    "laughs": laughs(9, 9),
    "wide laughs": laughs(40, 40),
    "merges": merges(25),
    "many merges": merges(400),
    "brackets": "[" * 3000,
    "braces": "{a: " * 3000,
    "many brackets": "[" * 200_000,
    "closed brackets": "a: " + "[" * 2000 + "]" * 2000,
    "dashes": "- " * 5000,
    "indents": "\n".join(" " * n + "a:" for n in range(700)),
    "questions": "? " * 5000,
    "keys": "\n".join(f"k{n}: v" for n in range(20_000)),
    "same key": "a: b\n" * 20_000,
    "values": "a: [" + "x," * 100_000 + "]",
    "long word": "a: " + "x" * 250_000,
    "long line": "a: '" + "x\\n" * 80_000 + "'",
    "larger": "a: " + "x" * 300_000,
    "tags": "a: !!python/object/apply:os.system ['true']\n" * 2000,
    "anchors": "\n".join(f"k{n}: &k{n} v" for n in range(5000)),
    "aliases": "a: [" + "*a," * 50_000 + "]",
    "documents": "---\na: b\n" * 5000,
    "quotes": "a: '" + "''" * 100_000,
    "escapes": 'a: "' + "\\x41" * 50_000 + '"',
    "comments": "#\n" * 100_000,
    "folded": "a: >\n" + "  x\n\n" * 20_000,
    "flow in block": "a:\n" + "\n".join(" " * n + "- [" for n in range(300)),
    "directives": "%YAML 1.1\n" * 1000,
}

HURT = """
import resource, sys, time
from renkei.errors import MappingError
from renkei.mapping import check_mapping, parse_mapping
from tests.reliability.broken_mappings import TEXT
from tests.reliability.test_fuzz_mappings import BOMBS, told
told(TEXT); told("a: " + "x" * 250_000)
for name, text in BOMBS.items():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found, problems, seconds = told(text)
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(name, len(problems), seconds, after - before, sep="|")
"""


@pytest.mark.fault("F68")
def test_bombs_cost_neither_time_nor_memory() -> None:
    """Aliases, merge keys, depth and size: refused within 100 ms and 32 MiB each."""
    done = subprocess.run(
        [sys.executable, "-c", HURT],
        env={**os.environ, "PYTHONPATH": "."},
        capture_output=True,
        text=True,
        check=True,
        timeout=50,
    )
    lines = [line.split("|") for line in done.stdout.splitlines()]
    unit = 1024 if sys.platform == "darwin" else 1  # ru_maxrss counts bytes there
    assert [name for name, *_ in lines] == list(BOMBS)
    for name, problems, seconds, grown in lines:
        assert int(problems) > 0, name
        assert float(seconds) <= LIMIT_S, (name, seconds)
        assert int(grown) / unit <= 32 * 1024, (name, grown)


# --- as it lies on the disk ---------------------------------------------------------------------

DISK: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "as it is": (TEXT.encode, None),
    "byte order mark": (lambda: b"\xef\xbb\xbf" + TEXT.encode(), None),
    "carriage returns and newlines": (lambda: TEXT.replace("\n", "\r\n").encode(), None),
    "carriage returns": (lambda: TEXT.replace("\n", "\r").encode(), None),
    "CP932": (lambda: TEXT.encode("cp932"), "CP932"),
    "EUC-JP": (lambda: TEXT.encode("euc_jp"), "EUC-JP"),
    "UTF-16": (lambda: TEXT.encode("utf-16"), "UTF-16"),
    "UTF-16 without a mark": (lambda: TEXT.encode("utf-16-le"), "UTF-16"),
    "UTF-32": (lambda: TEXT.encode("utf-32"), "UTF-16"),
    "not text": (lambda: b"sides: \xff\xfe\xfa", "UTF-8"),
    "NUL": (lambda: TEXT.encode() + b"\0", "U+0000"),
    "half a character": (lambda: TEXT.encode()[: TEXT.encode().index("ジ".encode()) + 1], "UTF-8"),
    "nothing": (lambda: b"", "empty"),
    "only a mark": (lambda: b"\xef\xbb\xbf", "empty"),
    "a page": (lambda: b"<!DOCTYPE html><html></html>", "top level"),
    "zeros": (lambda: b"\0" * 4096, "UTF-16"),
}


@pytest.mark.fault("F70")
@pytest.mark.parametrize("name", DISK)
def test_a_file_in_another_form_is_read_or_named(tmp_path: Path, name: str) -> None:
    """UTF-8 with any line ends is read as the same; another encoding is told by its name."""
    content, word = DISK[name]
    (tmp_path / "m.yaml").write_bytes(content())
    if word is None:
        loaded = load_mapping("./m.yaml", tmp_path)
        assert loaded.pairs == parse_mapping(TEXT, "m.yaml").pairs
        return
    with pytest.raises(MappingError, match=word.replace("+", r"\+")) as caught:
        load_mapping("./m.yaml", tmp_path)
    assert caught.value.problems[0].line >= 1


@pytest.mark.fault("F70")
@pytest.mark.parametrize("kind", ["missing", "folder", "dangling", "loop", "refused"])
def test_a_file_that_cannot_be_read_is_named(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not there, a folder, a link to nowhere or to itself, or no permission."""
    path = tmp_path / "m.yaml"
    match kind:
        case "folder":
            path.mkdir()
        case "dangling":
            path.symlink_to(tmp_path / "nowhere")
        case "loop":
            path.symlink_to(path)
        case "refused":
            path.write_text(TEXT, encoding="utf-8")
            path.chmod(0)
            if os.geteuid() == 0:  # root may read everything: the system's answer is played

                def refuse(*_arguments: object, **_named: object) -> None:
                    raise PermissionError(13, "Permission denied")

                monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MappingError) as caught:
        load_mapping("./m.yaml", tmp_path)
    (problem,) = caught.value.problems
    assert (problem.path, problem.line, problem.column) == (str(path), 1, 1)
    assert "permission" in problem.message or kind != "refused"


# --- through the command ------------------------------------------------------------------------


@pytest.mark.fault("F66")
@pytest.mark.parametrize("seed", range(4))
def test_the_command_tells_every_line_and_ends_with_3(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsysbinary: pytest.CaptureFixture[bytes],
    seed: int,
) -> None:
    """`renkei mapping check` says FILE:LINE:COLUMN for each mistake, and no traceback ever."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RENKEI_LANG", "en")
    for case in cases(f"command {seed}", 10):
        path = tmp_path / "m.yaml"
        path.write_bytes(case.text.encode("utf-8", "surrogatepass"))
        code = run_command(["mapping", "check", "./m.yaml"], App(asks=False))
        printed = b"".join(capsysbinary.readouterr()).decode()
        assert "Traceback" not in printed
        _, problems, _ = told(case.text)
        assert code == (3 if problems or "\ud800" in case.text else 0), printed
        if problems and "\ud800" not in case.text:
            lines = [line for line in printed.splitlines() if "m.yaml:" in line]
            assert len(lines) == len(problems), printed
            for line, problem in zip(lines, problems, strict=True):
                assert f"m.yaml:{problem.line}:{problem.column}: " in line
