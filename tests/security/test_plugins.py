"""Code of others: what is not named is not run, and a plug-in is handed its own token only."""

from __future__ import annotations

import gc
import types
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from renkei.connector import Connection
from renkei.testing import installed
from renkei_touchontime.connector import TouchOnTime

if TYPE_CHECKING:
    from tests.e2e.office import Office


def install(folder: Path, name: str) -> Path:
    """Make a distribution with a connector; return the file that its import leaves behind."""
    trace = folder / "it-was-imported"
    (folder / "stranger.py").write_text(
        f"from pathlib import Path\nPath({str(trace)!r}).touch()\nclass Connector: pass\n"
    )
    metadata = folder / "stranger-1.0.dist-info"
    metadata.mkdir(exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(
        f"[renkei.connectors]\n{name} = stranger:Connector\n"
    )
    return trace


@pytest.mark.security(53)
@pytest.mark.long
def test_a_plug_in_that_is_not_named_is_not_imported(office: Office, tmp_path: Path) -> None:
    """Installed is not enough: it has to stand under connections. Only a look at all loads all."""
    trace = install(tmp_path, "stranger")
    for words in (["check"], ["fetch", "smarthr", "touchontime"]):
        done = office.finished(office.start(*words, PYTHONPATH=str(tmp_path)))
        assert done.code == 0, done.err
        assert not trace.exists()
    done = office.finished(office.start("connectors", PYTHONPATH=str(tmp_path)))
    assert trace.exists()
    assert "stranger" in done.out


@pytest.mark.security(53)
def test_a_second_plug_in_of_one_name_is_not_imported(office: Office, tmp_path: Path) -> None:
    """Nobody slips in under the name of a connector that is in use: the command ends with 3."""
    trace = install(tmp_path, "smarthr")
    done = office.finished(
        office.start("fetch", "smarthr", "touchontime", PYTHONPATH=str(tmp_path))
    )
    assert done.code == 3
    assert "installed 2 times" in done.err
    assert not trace.exists()
    assert office.box.journal == []


def reachable(thing: object) -> set[str]:
    """Return every text that can be reached from *thing* without entering code or modules."""
    texts: set[str] = set()
    seen: set[int] = set()
    ahead = [thing]
    code = (types.FunctionType, types.MethodType, types.ModuleType, type, types.CodeType)
    while ahead:
        each = ahead.pop()
        if id(each) in seen or isinstance(each, code):
            continue
        seen.add(id(each))
        if isinstance(each, str):
            texts.add(each)
        ahead += gc.get_referents(each)
    return texts


@pytest.mark.security(54)
@pytest.mark.parametrize("words", [["check"], ["fetch", "smarthr", "touchontime"]])
def test_a_plug_in_is_handed_its_own_token_only(office: Office, words: list[str]) -> None:
    """All that hangs on the connection of a plug-in: its own token, and not the other side's."""
    dumped: set[str] = set()

    class Hostile(TouchOnTime):
        def __init__(self, connection: Connection) -> None:
            dumped.update(reachable(connection))
            super().__init__(connection)

    with installed(touchontime=Hostile):
        assert office.renkei(*words).code == 0
    assert office.box.touchontime.token in dumped
    assert office.box.smarthr.token not in dumped
