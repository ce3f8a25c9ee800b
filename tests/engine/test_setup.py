"""Setting up without a terminal: what is written into the file, and where tokens are kept."""

from __future__ import annotations

import errno
import os
import stat
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from renkei.companies import Companies
from renkei.config import Config, ConnectionConfig, load_config, load_main, setup
from renkei.config.edit import befores, change_setting
from renkei.errors import ConfigurationError, RenkeiError, StoreError, UsageError
from renkei.words.acts import Note

TOKEN = "t0ken-that-nobody-may-see"
HERE = "http://127.0.0.1:9"

STYLES = {
    "fresh": "# ours\nconnections: {} # none yet\nstore: renkei.db\nsettings: {setup: web}\n",
    "block": (
        "settings: {setup: web}\n\nconnections:\n    # the old one\n    old:\n"
        "        connector: smarthr   # 人事\n        base_url: http://127.0.0.1:1\n"
        "        token: env:OLD\n    # behind it\n\n# where\nstore: renkei.db\n"
    ),
    "flow": (
        "connections: {old: {connector: smarthr, base_url: 'http://127.0.0.1:1', token: env:OLD}}"
        "  # one\nsettings: {setup: web}\n"
    ),
    "no end": (
        "settings: {setup: web}\nconnections:\n  old: {connector: smarthr, base_url:"
        " 'http://127.0.0.1:1', token: 'env:OLD'}"
    ),
}


def written(folder: Path, text: str) -> Config:
    path = folder / "renkei.yaml"
    path.write_bytes(text.encode())
    return load_config(path)


def again(config: Config) -> Config:
    return load_config(config.path)


def added(config: Config, connector: str = "touchontime", name: str = "tot") -> setup.Change:
    connection = ConnectionConfig(connector=connector, base_url=HERE, label="勤怠: “#1”")
    return setup.add_connection(config, name, connection, f" {TOKEN}\n")


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["unix", "windows"])
@pytest.mark.parametrize("style", STYLES)
def test_a_connection_is_added_in_any_style(tmp_path: Path, style: str, end: str) -> None:
    """Every line that was there is there still; the place of the new one is told."""
    text = STYLES[style].replace("\n", end)
    config = written(tmp_path, text)
    change = added(config)
    after = again(config)
    new = after.connections["tot"]
    assert (new.connector, new.base_url, new.label) == ("touchontime", HERE, "勤怠: “#1”")
    assert new.token == "file:secrets/tot.token"
    now = config.path.read_bytes().decode()
    assert all(c in now for c in ("# ours", "# none yet", "# where", "# 人事") if c in text)
    assert "tot:" in now.splitlines()[change.line - 1]
    assert TOKEN not in now
    setup.undo(after)
    assert config.path.read_bytes().decode() == text


@pytest.mark.security(2)
def test_a_token_is_in_a_file_that_nobody_else_reads(tmp_path: Path) -> None:
    """Whatever the umask; a new one takes its place, and the configuration stays."""
    config = written(tmp_path, STYLES["fresh"])
    before = os.umask(0)
    try:
        added(config)
        place = tmp_path / "secrets" / "tot.token"
        assert stat.S_IMODE(place.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
        assert place.read_text() == f"{TOKEN}\n"
        text = config.path.read_bytes()
        setup.replace_token(again(config), "tot", "another")
    finally:
        os.umask(before)
    assert place.read_text() == "another\n"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert config.path.read_bytes() == text


@pytest.mark.security(56)
def test_no_company_writes_over_the_token_of_another(tmp_path: Path) -> None:
    """Wherever names are put together, "a" with "b-c" is not "a-b" with "c"."""
    main = tmp_path / "renkei.yaml"
    main.write_text("companies: companies\n", encoding="utf-8")
    (tmp_path / "companies").mkdir()
    for company, name in (("a-b", "c"), ("a", "b-c"), ("a", "b.c")):
        own = tmp_path / "companies" / f"{company}.yaml"
        own.write_text("connections: {}\nsettings: {setup: web}\n", encoding="utf-8")
        connection = ConnectionConfig(connector="touchontime", base_url=HERE)
        setup.add_connection(load_config(main, company), name, connection, f"{company}={name}")
    kept = [path.read_text() for path in (tmp_path / "companies" / "secrets").iterdir()]
    assert sorted(kept) == ["a-b=c\n", "a=b-c\n", "a=b.c\n"]


@pytest.mark.parametrize("style", ["block", "flow", "no end"])
def test_a_token_of_elsewhere_is_replaced_by_ours(tmp_path: Path, style: str) -> None:
    """The reference changes and nothing else; back comes the old reference."""
    config = written(tmp_path, STYLES[style])
    setup.replace_token(config, "old", TOKEN)
    assert again(config).connections["old"].token == "file:secrets/old.token"
    now = config.path.read_text()
    changed = now.replace("file:secrets/old.token", "env:OLD")
    assert changed.replace("'", "") == STYLES[style].replace("'", "")
    setup.undo(again(config))
    assert config.path.read_text() == STYLES[style]


@pytest.mark.parametrize("token", ["", "  ", "two words", "日本", "a\nb", "x" * 9000])
def test_what_is_no_token_is_refused(tmp_path: Path, token: str) -> None:
    """No message repeats it, and no file is left."""
    config = written(tmp_path, STYLES["block"])
    with pytest.raises(UsageError) as caught:
        setup.replace_token(config, "old", token)
    assert token.strip() == "" or token not in caught.value.message
    assert not (tmp_path / "secrets").exists()
    assert config.path.read_text() == STYLES["block"]


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"base_url": "http://example.jp"}, "https"),
        ({"base_url": ""}, "needs it"),
        ({"connector": "nobody"}, "Choose"),
        ({"options": {"page": None}}, "missing"),
    ],
)
def test_a_mistake_is_told_and_nothing_is_written(
    tmp_path: Path, more: dict[str, object], word: str
) -> None:
    """As everywhere: all of it at once, and no token stays behind."""
    config = written(tmp_path, STYLES["fresh"])
    plain: dict[str, object] = {"connector": "touchontime", "base_url": HERE}
    connection = ConnectionConfig(**{**plain, **more})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match=word):
        setup.add_connection(config, "tot", connection, TOKEN)
    assert config.path.read_text() == STYLES["fresh"]
    assert not list(tmp_path.glob("secrets/*"))
    assert befores(config.path) == []


def test_a_name_that_is_none_is_refused(tmp_path: Path) -> None:
    """It would be a path of a file elsewhere."""
    config = written(tmp_path, STYLES["fresh"])
    for name in ("../tot", "a b", "", "a:\n  b"):
        with pytest.raises(RenkeiError):
            added(config, name=name)
    assert config.path.read_text() == STYLES["fresh"]
    assert [each.name for each in tmp_path.rglob("*") if each.is_file()] == ["renkei.yaml"]


@pytest.mark.parametrize("mappings", ["", "mappings:\n- use: smarthr-csv\n", "mappings: []\n"])
def test_two_connections_are_paired(tmp_path: Path, mappings: str) -> None:
    """Only pairs that a mapping knows are offered, and none twice."""
    config = written(tmp_path, STYLES["block"] + mappings)
    added(config)
    (offer,) = setup.offers(again(config))
    assert offer.sides == {"smarthr": "old", "touchontime": "tot"}
    change = setup.use_mapping(again(config), offer.use, offer.sides)
    assert "smarthr-touchontime" in config.path.read_text().splitlines()[change.line - 1]
    assert setup.offers(again(config)) == []
    uses = [use.use for use in again(config).mappings]
    assert uses == [*(["smarthr-csv"] if "csv" in mappings else []), "smarthr-touchontime"]
    with pytest.raises(UsageError):
        setup.use_mapping(again(config), offer.use, offer.sides)


def test_each_change_can_be_put_back(tmp_path: Path) -> None:
    """One by one, a switch of a mapping too; not past what somebody has changed by hand."""
    config = written(tmp_path, STYLES["block"])
    texts = [config.path.read_text()]
    added(config)
    texts.append(config.path.read_text())
    (offer,) = setup.offers(again(config))
    setup.use_mapping(again(config), offer.use, offer.sides)
    texts.append(config.path.read_text())
    change_setting(again(config), 0, "business_names", on=True)
    token = tmp_path / "secrets" / "tot.token"
    assert token.exists()
    for text in reversed(texts):
        assert setup.can_undo(again(config))
        setup.undo(again(config))
        assert config.path.read_text() == text
    assert not setup.can_undo(again(config))
    assert not token.exists()
    added(again(config))
    by_hand = config.path.read_text() + "# mine\n"
    config.path.write_text(by_hand)
    with pytest.raises(ConfigurationError, match="changed otherwise"):
        setup.undo(again(config))
    assert config.path.read_text() == by_hand


@pytest.mark.security(2)
def test_a_token_that_was_replaced_can_be_put_back(tmp_path: Path) -> None:
    """Until the next change, as private as the new one; and nothing else is put back instead."""
    config = written(tmp_path, STYLES["block"])
    added(config)
    place = tmp_path / "secrets" / "tot.token"
    first, text = place.read_text(), config.path.read_text()
    for token in ("second", "third"):
        setup.replace_token(again(config), "tot", token)
    assert [each.stat().st_mode & 0o777 for each in place.parent.iterdir()] == [0o600, 0o600]
    assert (setup.undo(again(config)).parent, place.read_text()) == (tmp_path, "second\n")
    assert not setup.can_undo(again(config)), "the first token is kept no longer"
    (offer,) = setup.offers(again(config))
    setup.replace_token(again(config), "tot", "fourth")
    change = setup.use_mapping(again(config), offer.use, offer.sides)
    assert [each.name for each in place.parent.iterdir()] == ["tot.token"]
    assert change.path == config.path
    setup.undo(again(config))
    assert config.path.read_text() == text
    with pytest.raises(ConfigurationError):
        setup.undo(again(config))
    assert (config.path.read_text(), place.read_text()) == (text, "fourth\n")
    assert first != "fourth\n"


def test_a_token_that_cannot_be_noted_stays(tmp_path: Path) -> None:
    """And what was kept of the one before is gone: nothing has changed."""
    config = written(tmp_path, STYLES["block"])
    added(config)
    before = {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()}

    def refused() -> None:
        raise StoreError("full")

    with pytest.raises(StoreError):
        setup.replace_token(again(config), "tot", "other", refused)
    assert {each: each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()} == before


def test_what_is_kept_is_as_private_as_the_file(tmp_path: Path) -> None:
    """And not for ever: twenty changes can be put back."""
    config = written(tmp_path, STYLES["block"])
    config.path.chmod(0o640)
    added(config)
    (before,) = befores(config.path)
    assert stat.S_IMODE(before.stat().st_mode) == 0o640
    assert stat.S_IMODE(config.path.stat().st_mode) == 0o640
    (offer,) = setup.offers(again(config))
    setup.use_mapping(again(config), offer.use, offer.sides)
    for n in range(25):
        change_setting(again(config), 0, "business_names", on=bool(n % 2))
    assert len(befores(config.path)) == 20


def test_the_group_of_the_file_stays(tmp_path: Path) -> None:
    """Everyone who could read it before can do so after."""
    other = next((gid for gid in os.getgroups() if gid != os.getegid()), None)
    if other is None and os.geteuid() == 0:
        other = 12345
    if other is None:
        pytest.skip("there is one group only")
    config = written(tmp_path, STYLES["block"])
    os.chown(config.path, -1, other)
    config.path.chmod(0o640)
    added(config)
    assert config.path.stat().st_gid == other
    assert befores(config.path)[0].stat().st_gid == other


def test_only_where_the_file_says_so(tmp_path: Path) -> None:
    """Otherwise nothing is written, whoever asks."""
    config = written(tmp_path, STYLES["block"].replace("settings: {setup: web}\n", ""))
    for change in (
        lambda: added(config),
        lambda: setup.replace_token(config, "old", TOKEN),
        lambda: setup.use_mapping(config, "smarthr-touchontime", {}),
        lambda: setup.undo(config),
    ):
        with pytest.raises(UsageError, match="not changed from the browser"):
            change()
    assert [each.name for each in tmp_path.iterdir()] == ["renkei.yaml"]


def test_an_empty_folder_is_enough(tmp_path: Path) -> None:
    """What is there is never touched."""
    path = tmp_path / "renkei.yaml"
    assert setup.start(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    config = load_config(path)
    assert (dict(config.connections), config.settings.setup) == ({}, "web")
    added(config)
    assert "tot" in again(config).connections
    assert not setup.start(path)
    other = tmp_path / "secrets" / "renkei.yaml"
    assert not setup.start(other)
    assert not other.exists()


def test_an_empty_folder_for_companies_is_enough(tmp_path: Path) -> None:
    """Alone it says that there will be several; with anything in it nothing is written."""
    (tmp_path / "companies").mkdir()
    path = tmp_path / "renkei.yaml"
    assert setup.start(path)
    main = load_main(path)
    assert (main.names(), main.settings.setup) == ([], "web")
    path.unlink()
    (tmp_path / "companies" / "acme.yaml").touch()
    assert not setup.start(path)
    (tmp_path / "companies" / "acme.yaml").rename(tmp_path / "acme.yaml")
    assert not setup.start(path)


def test_a_new_company_is_nothing_yet(tmp_path: Path) -> None:
    """What was written for it is kept as nothing: it is never put back as an empty file."""
    (tmp_path / "companies").mkdir()
    path = tmp_path / "renkei.yaml"
    setup.start(path)
    with Companies(load_main(path)) as door:
        (own,) = door.add({"acme": setup.company('"A": #商事', "sandbox")})
    config = load_config(path, "acme")
    assert (config.company.label, config.company.is_sandbox) == ('"A": #商事', True)
    assert setup.was_added(config)
    before = own.read_bytes()
    with pytest.raises(UsageError):
        setup.undo(config)
    assert own.read_bytes() == before
    added(config)
    assert not setup.was_added(load_config(path, "acme"))
    setup.undo(load_config(path, "acme"))
    assert setup.was_added(load_config(path, "acme"))


def test_options_are_lines(tmp_path: Path) -> None:
    """As of a CSV file, which has neither address nor token."""
    config = written(tmp_path, STYLES["fresh"])
    options = setup.options_in("file: staff.csv\nnumber: 社員番号\n")
    setup.add_connection(config, "csv", ConnectionConfig(connector="csv", options=options), "")
    assert again(config).connections["csv"].options == {"file": "staff.csv", "number": "社員番号"}
    assert setup.options_in(" ") == {}
    for wrong in ("- a", "a: [", "text"):
        with pytest.raises(UsageError, match="Options"):
            setup.options_in(wrong)


def test_the_token_of_a_grant_is_kept_by_hand(tmp_path: Path) -> None:
    """There is more to it than one secret."""
    grant = "{oauth2: {url: 'http://127.0.0.1:1/t', client: env:A, secret: env:B}}"
    text = STYLES["block"].replace("env:OLD", grant)
    with pytest.raises(UsageError, match="OAuth"):
        setup.replace_token(written(tmp_path, text), "old", TOKEN)


def at_once(*works: Callable[[Note], object]) -> list[object]:
    """Carry out all works in threads; none writes before each has noted what it is about to do."""
    everybody = threading.Barrier(len(works))

    def note() -> None:
        with suppress(threading.BrokenBarrierError):
            everybody.wait(0.5)

    def done(work: Callable[[Note], object]) -> object:
        try:
            return work(note)
        except RenkeiError as error:
            return error

    with ThreadPoolExecutor(len(works)) as threads:
        return list(threads.map(done, works))


def connect(config: Config, name: str) -> Callable[[Note], object]:
    """Return what adds a connection of that name."""
    connection = ConnectionConfig(connector="touchontime", base_url=HERE)
    return lambda note: setup.add_connection(config, name, connection, TOKEN, note)


def test_of_two_administrators_nobody_loses_what_the_other_has_written(tmp_path: Path) -> None:
    """The second one is told to look again; neither a connection nor a token is left over."""
    config = written(tmp_path, STYLES["fresh"])
    became = at_once(connect(config, "a"), connect(config, "b"))
    (refused,) = [each for each in became if isinstance(each, RenkeiError)]
    assert refused.code == "changed_meanwhile"
    (kept,) = again(config).connections
    assert [each.name for each in (tmp_path / "secrets").iterdir()] == [f"{kept}.token"]
    (other,) = {"a", "b"} - {kept}
    connect(again(config), other)(lambda: None)
    assert set(again(config).connections) == {"a", "b"}
    assert len(befores(config.path)) == 2


@pytest.mark.parametrize("refusal", [errno.ENOLCK, errno.EBADF])
def test_a_disk_without_locks_is_written_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal: int
) -> None:
    """As in a folder of another computer, also if the file itself is read-only."""

    def refused(*_args: object) -> None:
        raise OSError(refusal, os.strerror(refusal))

    config = written(tmp_path, STYLES["fresh"])
    config.path.chmod(0o400)
    monkeypatch.setattr("renkei.files.fcntl.flock", refused)
    connect(config, "a")(lambda: None)
    assert set(again(config).connections) == {"a"}


def test_what_is_put_back_takes_nothing_away_that_was_just_written(tmp_path: Path) -> None:
    """Whoever comes second finds another file than the one they have looked at."""
    config = written(tmp_path, STYLES["fresh"])
    connect(config, "a")(lambda: None)
    now = again(config)
    became = at_once(lambda note: setup.undo(now, note), connect(now, "b"))
    assert len([each for each in became if isinstance(each, RenkeiError)]) == 1
    assert set(again(config).connections) in (set(), {"a", "b"})
