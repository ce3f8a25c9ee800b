"""Strict YAML: what is text, what is refused, and how files that cannot be read are told."""

from __future__ import annotations

import os
import time
import tracemalloc
from pathlib import Path

import pytest

from renkei.errors import MappingError
from renkei.yamlfile.files import read_file
from renkei.yamlfile.source import read_yaml

LIMIT = 256 * 1024


def only_problem(text: str) -> tuple[int, int, str]:
    with pytest.raises(MappingError) as caught:
        read_yaml(text, "x.yaml")
    (problem,) = caught.value.problems
    return problem.line, problem.column, problem.message


@pytest.mark.fault("F67")
@pytest.mark.parametrize(
    "scalar",
    "0042 010 0x1F 0b11 12:30 1_000 1e3 1.0 .5 -0 +1 no No NO yes on off y n true True FALSE 42"
    " .inf .nan 2020-01-01 2001-12-14t21:59:43Z 1:2:3 = 髙橋 ０１２ nullable nil None ~a 'null' '~'"
    ' "" "0042" a#b http://x:80/ "\\u9ad9"'.split(),
)
def test_every_scalar_is_text(scalar: str) -> None:
    """Nothing that YAML takes for a number, date or switch becomes one."""
    data = read_yaml(f"a: {scalar}\nb: [{scalar}]\n", "x.yaml").data
    text = scalar.strip("'\"").replace("\\u9ad9", "髙")
    assert data == {"a": text, "b": [text]}


@pytest.mark.parametrize("scalar", ["", "~", "null", "Null", "NULL"])
def test_a_missing_value_is_none(scalar: str) -> None:
    """Only a plain null or nothing at all is None; the schema decides whether that is a mistake."""
    assert read_yaml(f"a: {scalar}\n", "x.yaml").data == {"a": None}


@pytest.mark.parametrize("key", ["no", "0042", "2020-01-01", "true", "1.0"])
def test_every_key_is_text(key: str) -> None:
    """Keys are read as values are."""
    assert read_yaml(f"{key}: 1\n", "x.yaml").data == {key: "1"}


def test_places_are_counted_from_one() -> None:
    """A document knows where each value and each key stands; what is absent is at its parent."""
    document = read_yaml("a: 1\nb:\n  - x\n  - {c: 髙, d: 2}\n", "x.yaml")
    assert document.at(()) == (1, 1)
    assert document.at(("a",)) == (1, 4)
    assert document.at(("a",), key=True) == (1, 1)
    assert document.at(("b", 1, "d")) == (4, 15)
    assert document.at(("b", 1, "d"), key=True) == (4, 12)
    assert document.at(("b", 1, "missing"), key=True) == (4, 5)


@pytest.mark.parametrize("text", ["a: 1\r\nb: [\r\n", "a: 1\nb: [\n", "a: 1\rb: [\r"])
def test_line_ends_of_every_system_are_one_line_each(text: str) -> None:
    """CRLF, LF and CR count as one line end."""
    assert only_problem(text)[0] == 3


def test_a_byte_order_mark_is_no_character() -> None:
    """The mark that Windows writes does not shift the first column."""
    assert read_yaml("\ufeffa: 1\n", "x.yaml").at(("a",)) == (1, 4)


@pytest.mark.parametrize("code", [0, 1, 8, 0x1B, 0x7F, 0x85, 0x9F, 0x2028, 0xD800, 0xFEFF, 0xFFFE])
def test_control_characters_are_refused(code: int) -> None:
    """What no editor shows is named by its code point and place."""
    assert only_problem(f"a: 1\nb: x{chr(code)}\n") == (
        (2, 5, f"the character U+{code:04X} is not allowed")
    )


def test_many_mistakes_are_cut_off() -> None:
    """A file of nothing but mistakes is not told line by line."""
    with pytest.raises(MappingError) as caught:
        read_yaml("a: 1\n" * 5000, "x.yaml")
    assert len(caught.value.problems) == 100


@pytest.mark.parametrize(
    "text", ["", "\n\n", "# a\n", "---\n", "...\n", "- a\n", "a\n", "[]\n", "'a'\n"]
)
def test_a_file_without_a_mapping_is_told_at_its_start(text: str) -> None:
    """An empty file or a wrong top level is at 1:1."""
    assert only_problem(text)[:2] == (1, 1)


@pytest.mark.security(19)
@pytest.mark.parametrize(
    "tag",
    ["!!python/object:os.system", "!!python/object/apply:os.system", "!!python/name:os.system",
     "!!python/module:os", "!!str", "!!binary", "!!set", "!!omap", "!!timestamp", "!!float", "!x",
     "!", "!<tag:x>"],
)  # fmt: skip
@pytest.mark.parametrize(
    "form", ["a: {} [x]\n", "a: {} x\n", "a: {} {{x: y}}\n", "a:\n  - {} x\n", "{} a: 1\n"]
)
def test_tags_are_refused(tag: str, form: str) -> None:
    """No tag, of scalars, lists, mappings or keys, is looked at."""
    assert "tags are not allowed" in only_problem(form.format(tag))[2]


def laughs(line: str) -> str:
    return "a: &a [x]\n" + "".join(
        line.format(old=old, new=new) for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )


BOMBS = {
    "laughs": laughs("{new}: &{new} [*{old}, *{old}, *{old}, *{old}, *{old}, *{old}, *{old}]\n"),
    "merges": laughs("{new}: &{new} {{<<: [*{old}, *{old}]}}\n"),
    "self": "a: &a [*a]\n",
    "deep list": "[" * 3000,
    "deep list in a mapping": "a: " + "[" * 200_000,
    "deep mapping": "{a: " * 3000,
    "deep block": "- " * 3000,
    "deep keys": "? " * 100_000,
    "indents": "".join(" " * i + "a:\n" for i in range(500)),
    "brackets": "a: [" + "[]," * 80_000 + "]",
    "flat": "a: [" + "b," * 130_000 + "]",
    "keys": "".join(f"k{i}: 1\n" for i in range(20_000)),
    "same key": "a: 1\n" * 50_000,
    "anchors": "a: [" + "&a b," * 40_000 + "]",
    "aliases": "a: [" + "*a," * 80_000 + "]",
    "tags": "a: [" + "!a b," * 40_000 + "]",
    "colons": "a" + ":" * 200_000,
    "open quotes": "a: '" + "''" * 100_000,
    "long key": "x" * 200_000 + ": 1",
    "huge": "a: " + "x" * 20_000_000,
}  # fmt: skip


@pytest.mark.security(19)
@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_refused_at_once(name: str) -> None:
    """No small file costs more than 100 ms or is ever walked deep."""
    text = BOMBS[name]
    took = []
    for _ in range(3):  # processor time, the least of three: the machine may be busy
        start = time.process_time()
        with pytest.raises(MappingError):
            read_yaml(text, "x.yaml")
        took.append(time.process_time() - start)
    assert min(took) < 0.1


@pytest.mark.parametrize("name", sorted(set(BOMBS) - {"huge"}))
def test_bombs_need_little_memory(name: str) -> None:
    """No small file needs more than 32 MiB."""
    tracemalloc.start()
    try:
        with pytest.raises(MappingError):
            read_yaml(BOMBS[name], "x.yaml")
        assert tracemalloc.get_traced_memory()[1] < 32 * 2**20
    finally:
        tracemalloc.stop()


def refused(path: Path) -> str:
    with pytest.raises(MappingError) as caught:
        read_file(path)
    return str(caught.value).removeprefix(str(path))


def test_a_file_is_read_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    """UTF-8 with and without a mark is the same text."""
    (tmp_path / "a").write_bytes("a: 髙\r\n".encode("utf-8-sig"))
    (tmp_path / "b").write_bytes("a: 髙\r\n".encode())
    assert read_file(tmp_path / "a") == read_file(tmp_path / "b") == "a: 髙\r\n"


@pytest.mark.parametrize(
    ("encoding", "name"),
    [
        ("cp932", "CP932"),
        ("euc_jp", "EUC-JP"),
        ("utf-16", "UTF-16"),
        ("utf-16-le", "UTF-16"),
        ("utf-16-be", "UTF-16"),
    ],
)
def test_another_encoding_is_named(tmp_path: Path, encoding: str, name: str) -> None:
    """Files saved by older programs are told by the name of their encoding."""
    (tmp_path / "a").write_bytes("sides: [a, b]\n# 社員番号とひらがな\n".encode(encoding))
    assert name in refused(tmp_path / "a")


@pytest.mark.fault("F70")
def test_the_first_byte_that_is_not_utf8_is_located(tmp_path: Path) -> None:
    """Line and column, in characters, of what cannot be read."""
    (tmp_path / "a").write_bytes("a: 1\nbé: ".encode() + b"\xe9 \xe9\n")
    assert refused(tmp_path / "a") == ":2:5: the file is not in UTF-8; save it as UTF-8"


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    """A missing file and a folder are told apart."""
    assert refused(tmp_path / "none") == ":1:1: there is no such file"
    assert refused(tmp_path) == ":1:1: this is a folder, not a file"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_told(tmp_path: Path) -> None:
    """The message says that the right is missing."""
    (tmp_path / "a").touch(mode=0o000)
    assert "permission" in refused(tmp_path / "a")


@pytest.mark.parametrize("error", [PermissionError(13, "x"), OSError(5, "Input/output error")])
def test_other_failures_to_read_are_told(error: OSError, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the operating system says, it becomes one located sentence."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", fail)
    assert ("permission" if error.errno == 13 else "Input/output error") in refused(Path("a"))


def test_the_size_limit_counts_no_mark(tmp_path: Path) -> None:
    """256 KiB can be read, one byte more cannot."""
    good = b"a: " + b"x" * (LIMIT - 3)
    (tmp_path / "a").write_bytes(b"\xef\xbb\xbf" + good)
    assert read_yaml(read_file(tmp_path / "a"), "a").data == {"a": "x" * (LIMIT - 3)}
    (tmp_path / "a").write_bytes(good + b"x")
    assert refused(tmp_path / "a") == ":1:1: the file is larger than 256 KiB"
