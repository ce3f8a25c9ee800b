"""Finding mappings: paths, built-in names, and packages that bring them."""

from __future__ import annotations

import hashlib
import inspect
from pathlib import Path

import pytest

from renkei.errors import ConfigurationError, MappingError
from renkei.mapping import built_in_mappings, find_mapping, load, load_mapping

TEXT = "sides: [a, b]\r\nfields:\r\n  - {pair: [x, 髙]}\r\n"


def install(folder: Path, package: str, *names: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a package of mappings on the path, with the entry point that an installation leaves."""
    (folder / package).mkdir()
    (folder / package / "__init__.py").touch()
    for name in names:
        (folder / package / name).write_text(TEXT, "utf-8", newline="")
    info = folder / f"{package}-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[renkei.mappings]\n{package} = {package}\n")
    monkeypatch.syspath_prepend(folder)
    monkeypatch.setattr(load, "_packages", inspect.unwrap(load._packages))  # look again


def test_a_path_starts_from_the_given_folder(tmp_path: Path) -> None:
    """Messages call the file by the path that can be opened from here."""
    (tmp_path / "my.yaml").write_text(TEXT, "utf-8", newline="")
    assert find_mapping("my.yaml", tmp_path) == (str(tmp_path / "my.yaml"), TEXT)
    assert find_mapping("./my.yaml", tmp_path)[1] == TEXT
    assert find_mapping(str(tmp_path / "my.yaml"), Path("/"))[1] == TEXT


@pytest.mark.parametrize("name", ["none.yaml", "none.yml", "sub/none", "sub\\none", "../none"])
def test_what_looks_like_a_path_is_one(name: str, tmp_path: Path) -> None:
    """A slash or a suffix makes a path, and a path that is not there is told with its name."""
    with pytest.raises(MappingError, match="there is no such file") as caught:
        find_mapping(name, tmp_path)
    assert caught.value.problems[0].path == str(tmp_path / name)


def test_a_mapping_knows_its_text(tmp_path: Path) -> None:
    """Name, text and hash are what a plan records; the text is kept byte for byte."""
    (tmp_path / "my.yaml").write_text(TEXT, "utf-8", newline="")
    mapping = load_mapping("my.yaml", tmp_path)
    assert (mapping.name, mapping.text) == ("my", TEXT)
    assert mapping.hash == hashlib.sha256(TEXT.encode()).hexdigest()


def test_a_package_brings_mappings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed package in the group is found by the name of its file."""
    install(tmp_path, "brought", "one-two.yaml", "notes.txt", monkeypatch=monkeypatch)
    assert "one-two" in built_in_mappings()
    assert "notes" not in built_in_mappings()
    assert load_mapping("one-two", Path("/nowhere")).path == "one-two.yaml"


def test_a_name_that_is_not_there_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With what was probably meant, and how to name a file."""
    install(tmp_path, "brought2", "one-two.yaml", monkeypatch=monkeypatch)
    with pytest.raises(ConfigurationError) as caught:
        find_mapping("one-tow", tmp_path)
    assert caught.value.message == (
        'there is no mapping "one-tow"; a path ends in .yaml; did you mean "one-two"?'
    )


def test_two_packages_cannot_bring_one_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An extension cannot quietly replace a mapping of another."""
    for name in ("brought3", "brought4"):
        install(tmp_path, name, "same.yaml", monkeypatch=monkeypatch)
    with pytest.raises(ConfigurationError, match='"same"'):
        built_in_mappings()


def test_a_package_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken installation is named."""
    install(tmp_path, "brought5", monkeypatch=monkeypatch)
    (tmp_path / "brought5" / "__init__.py").unlink()
    (tmp_path / "brought5").rmdir()
    with pytest.raises(ConfigurationError, match="brought5"):
        built_in_mappings()
