"""A choice that comes as a JSON document: exactly that, or a clear refusal."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from renkei.errors import UsageError
from renkei.model import OwnValues, Selection
from renkei_runner.choosing import choice_in

WHOLE = {
    "numbers": ["0417", "0418"],
    "new": {"divisionCode": "200"},
    "rows": [{"number": "0418", "values": {"divisionCode": "100"}}],
}


def test_a_document_is_read_from_a_file_or_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers alone are enough; what is given is given as it stands."""
    expected = Selection(
        numbers=("0417", "0418"),
        new={"divisionCode": "200"},
        own_values=(OwnValues(number="0418", values={"divisionCode": "100"}, where="0418"),),
    )
    path = tmp_path / "choice.json"
    path.write_text(json.dumps(WHOLE))
    assert choice_in(path) == expected
    monkeypatch.setattr("sys.stdin", io.StringIO('{"numbers": ["1"]}'))
    assert choice_in(Path("-")) == Selection(numbers=("1",))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_document_may_be_what_powershell_writes(tmp_path: Path, encoding: str) -> None:
    """UTF-16 and marks are told by their first bytes."""
    path = tmp_path / "choice.json"
    path.write_bytes('{"numbers": ["社1"]}'.encode(encoding))
    assert choice_in(path) == Selection(numbers=("社1",))


def test_a_document_of_any_size_is_refused_early(tmp_path: Path) -> None:
    """What no company can need is not even parsed."""
    path = tmp_path / "choice.json"
    with path.open("wb") as file:
        file.truncate(2_000_000_000)
    with pytest.raises(UsageError, match="holds no choice"):
        choice_in(path)
    path.unlink()  # what is left behind is looked through for canaries: a minute for this one


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        "0417",
        {"numbers": "0417"},
        {"numbers": [417]},
        {"numbers": None},
        {"numbers": ["1"], "all": True},
        {"numbers": ["1"], "new": {"a": 1}},
        {"numbers": ["1"], "new": ["a"]},
        {"numbers": ["1"], "rows": [{"number": "1"}]},
        {"numbers": ["1"], "rows": [{"number": 1, "values": {}}]},
        {"numbers": ["1"], "rows": [{"number": "1", "values": {"a": None}}]},
        {"numbers": ["1"], "rows": {"number": "1"}},
    ],
)
def test_anything_else_is_no_choice(tmp_path: Path, document: Any) -> None:
    """Nothing is guessed, and nothing of the document is repeated."""
    path = tmp_path / "choice.json"
    path.write_text(json.dumps(document))
    with pytest.raises(UsageError, match=r"choice\.json holds no choice") as caught:
        choice_in(path)
    assert caught.value.code == "choice"


@pytest.mark.parametrize("text", ["", "{", "\ufeff{}", "[" * 100_000, '{"numbers": NaN}'])
def test_what_is_no_document_is_no_choice(tmp_path: Path, text: str) -> None:
    """However it is broken; a file that is not there too."""
    path = tmp_path / "choice.json"
    path.write_text(text)
    for each in (path, tmp_path / "none.json"):
        with pytest.raises(UsageError, match="holds no choice"):
            choice_in(each)


def test_a_choice_of_any_size_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is larger than any choice is refused; one that just fits is read."""
    monkeypatch.setattr("renkei_runner.choosing.MAX_CHOICE", 40)
    text, file = '{"numbers": ["0417"]}', tmp_path / "choice.json"
    file.write_text(text.ljust(40))
    assert choice_in(file).numbers == ("0417",)
    file.write_text(text.ljust(41))
    with pytest.raises(UsageError, match="holds no choice"):
        choice_in(file)
