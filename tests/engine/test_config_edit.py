"""One setting in the configuration file is turned on or off; every other character stays."""

from __future__ import annotations

import difflib
import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.config import load_config
from renkei.config.edit import change_setting
from renkei.errors import ConfigurationError
from renkei_runner.example import example

HEAD = """\
connections: # 接続
  smarthr: {connector: smarthr, base_url: "http://127.0.0.1:1", token: env:A}
  touchontime:
    connector: touchontime
    base_url: http://127.0.0.1:2
    token: env:B   # 「トークン」
"""
USE = "use: smarthr-touchontime"
USES = {
    "not there": f"mappings:\n  - {USE}   # the built-in one\n",
    "not indented": f"mappings:\n- {USE}\n  sides: {{smarthr: smarthr}}\n",
    "other key first": f"mappings:\n  - sides: {{smarthr: smarthr}}\n    {USE}\n",
    "flow": f"mappings: [{{{USE}}}]\n",
    "flow with settings": f"mappings: [{{{USE}, settings: {{other: true}}}}]\n",
    "empty settings": f"mappings:\n  - {USE}\n    settings: {{}}  # none\n",
    "off": f"mappings:\n  - {USE}\n    settings: {{business_names: false}} # x\n",
    "on": f"mappings:\n  - {USE}\n    settings:\n      business_names:   true  # x\n",
    "quoted": f"mappings:\n  - {USE}\n    settings: {{'business_names': \"false\"}}\n",
    "others": f"mappings:\n  - settings:\n      # before\n      other: false\n    {USE}\n",
    "second": f"mappings:\n  - use: ./mine.yaml\n  - {USE}\nsettings: {{max_plan_age_hours: 5}}\n",
}
COMMENT = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), max_size=12)


def written(folder: Path, text: str) -> Path:
    path = folder / "renkei.yaml"
    path.write_bytes(text.encode())
    return path


def at(path: Path) -> int:
    uses = load_config(path).mappings
    return next(n for n, each in enumerate(uses) if each.use == "smarthr-touchontime")


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("use", USES.values(), ids=USES)
def test_any_style_keeps_every_other_character(tmp_path: Path, use: str, end: str) -> None:
    """On, off, and on again: the file says so, and nothing of it is lost."""
    text = (HEAD + use).replace("\n", end)
    path = written(tmp_path, text)
    index, before = at(path), load_config(path)
    for on in (True, False, True):
        change_setting(load_config(path), index, "business_names", on=on)
        after = load_config(path)
        assert after.mappings[index].settings["business_names"] is on
        assert {k: v for k, v in after.mappings[index].settings.items() if k == "other"} == {
            k: v for k, v in before.mappings[index].settings.items() if k == "other"
        }
        assert after.connections == before.connections
        assert after.settings == before.settings
        steps = difflib.SequenceMatcher(None, text, path.read_bytes().decode(), autojunk=False)
        changed = {text[a:b] for what, a, b, _c, _d in steps.get_opcodes() if what != "equal"}
        lost = "".join(changed)
        assert set(lost) <= set("truefalse\"'"), lost
    kept = {each.name for each in tmp_path.iterdir() if each.suffix == ".before"}
    assert {each.name for each in tmp_path.iterdir()} - kept == {"renkei.yaml"}


@given(st.tuples(COMMENT, COMMENT, COMMENT), st.integers(1, 5), st.integers(1, 4), st.booleans())
def test_comments_and_columns_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory,
    comments: tuple[str, str, str],
    indent: int,
    gap: int,
    on: bool,
) -> None:
    """Whatever stands around it, in any script."""
    first, second, third = comments
    text = f"# {first}\n{HEAD}mappings: # {second}\n{' ' * indent}-{' ' * gap}{USE} # {third}\n"
    path = written(tmp_path_factory.mktemp("edit"), text)
    change_setting(load_config(path), 0, "business_names", on=on)
    after = path.read_text()
    assert load_config(path).mappings[0].settings == {"business_names": on}
    assert all(f"# {comment}\n" in after for comment in comments)


def test_what_renkei_init_writes_can_be_changed(tmp_path: Path) -> None:
    """The example's comment stays where it is."""
    path = written(tmp_path, example())
    change_setting(load_config(path), 0, "business_names", on=True)
    assert path.read_text() == example().replace(
        "{business_names: false}", "{business_names: true}"
    )


def test_what_somebody_has_just_changed_is_left(tmp_path: Path) -> None:
    """The person is told to look at it; not a byte changes and no draft stays behind."""
    text = f"{HEAD}mappings:\n  - {USE}\n    settings:\n"
    path = written(tmp_path, HEAD + USES["off"])
    config = load_config(path)
    path.write_text(text)  # since then somebody has emptied it
    with pytest.raises(ConfigurationError, match="Somebody else has just changed"):
        change_setting(config, 0, "business_names", on=True)
    assert path.read_text() == text
    assert [each.name for each in tmp_path.iterdir()] == ["renkei.yaml"]


def test_a_file_that_cannot_be_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As in a container with a file of its own."""

    def full(*_words: object, **_more: object) -> None:
        raise OSError(28, "No space left on device")

    path = written(tmp_path, example())
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(ConfigurationError, match="by hand"):
        change_setting(load_config(path), 0, "business_names", on=True)
    assert path.read_text() == example()
    assert [each.name for each in tmp_path.iterdir()] == ["renkei.yaml"]


def test_mode_and_link_stay(tmp_path: Path) -> None:
    """A file for the owner only stays so; a link goes on pointing at the file that is changed."""
    real = tmp_path / "real"
    real.mkdir()
    path = written(real, example())
    path.chmod(0o600)
    link = tmp_path / "renkei.yaml"
    link.symlink_to(path)
    change_setting(load_config(link), 0, "business_names", on=True)
    assert link.is_symlink()
    assert "business_names: true" in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
