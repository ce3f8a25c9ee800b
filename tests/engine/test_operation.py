"""Being operated with a store on a server: the same probes, figures and doctor."""

from __future__ import annotations

import pytest
from tests.engine.world import World

from renkei.config import load_main
from renkei.operation.doctor import Doctor, needing
from renkei.operation.metrics import exposition, figures_of
from renkei.operation.ready import unready
from renkei.store.schema import HEAD, standing


def test_a_store_on_a_server_is_looked_at_like_a_file(world_on_server: World) -> None:
    """An empty database is no fault; then it is whole, its clock is ours, and runs are counted."""
    world = world_on_server
    for path in world.folder.iterdir():
        path.chmod(0o600)
    main = load_main(world.folder / "renkei.yaml")
    assert unready(main) is None
    world.in_clinic()
    world.sync(world.fetch())
    assert (unready(main), standing(world.at)) == (None, HEAD)
    signs = {(sign.subject, sign.code): sign for sign in Doctor(main).look()}
    assert needing([*signs.values()]) == []
    assert signs["store", "whole"].figures["writes"] == 1
    assert abs(signs["clock", "clock"].figures["seconds"]) < 5
    assert ("disk", "on_server") in signs
    text = exposition(figures_of(main), by_company=False).decode()
    assert "renkei_doubts 0.0" in text


def test_a_server_that_is_gone_is_not_ready(
    world_on_server: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is waited for, and nothing is made."""
    path = world_on_server.folder / "renkei.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith("store:")]
    gone = "store: postgresql://nobody@127.0.0.1:1/none"
    path.write_text("\n".join([*kept, gone, ""]), encoding="utf-8")
    main = load_main(path)
    assert unready(main) == "store"
    problems = [sign for sign in Doctor(main).look() if sign.level == "problem"]
    assert [(sign.subject, sign.code) for sign in problems] == [("store", "store")]
