from __future__ import annotations

import datetime as dt
import re
from contextlib import suppress
from pathlib import Path

import certifi
import pytest

from renkei.config import Config, Settings, clock_for, load_config, resolve_secret
from renkei.errors import ConfigurationError, Hint, MappingError, UsageError
from renkei.model import Remark
from renkei.people import JST, ClosedHours, RequestLimit
from renkei.place import shown
from renkei.safety import Expected, Limit, Safety
from renkei.store.store import Store
from renkei.words.i18n import speaking
from renkei_runner.example import example

LOCAL = """\
connections:
  a:
    connector: smarthr
    base_url: http://127.0.0.1:8700/api/
    token: env:A
    options: {page_size: 0100}
    closed_hours: ["8:30-10:00"]
    limits:
      - {count: 10, seconds: 1}
  b:
    {connector: touchontime, base_url: "http://localhost:8700", token: "file:b.token",
     closed_hours: []}
mappings:
  - use: smarthr-touchontime
    settings: {business_names: true}
    sides: {smarthr: a, touchontime: b}
settings: {max_plan_age_hours: 48, settle_wait_seconds: 0}
"""


WAITS = ("max_plan_age_hours", "settle_wait_seconds", "longest_request_seconds")


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "renkei.yaml"
    path.write_text(text)
    return load_config(path)


def problems(tmp_path: Path, text: str) -> list[tuple[int, int, str]]:
    with pytest.raises(MappingError) as caught:
        load(tmp_path, text)
    return [(each.line, each.column, each.message) for each in caught.value.problems]


def connection(**settings: str) -> str:
    plain = {"connector": "smarthr", "base_url": "https://x.smarthr.jp/api", "token": "env:T"}
    lines = [f"    {key}: {value}" for key, value in (plain | settings).items()]
    return "connections:\n  x:\n" + "\n".join(lines) + "\n"


def test_a_configuration_is_read(tmp_path: Path) -> None:
    """Everything a file can say arrives as typed values; text keeps its leading zeros."""
    config = load(tmp_path, LOCAL)
    a = config.connections["a"]
    assert a.base_url == "http://127.0.0.1:8700/api/"  # as written
    assert a.options == {"page_size": "0100"}
    assert a.closed_hours == (ClosedHours(dt.time(8, 30), dt.time(10)),)
    assert a.limits == (RequestLimit(10, 1),)
    assert config.connections["b"].closed_hours == ()
    assert config.mappings[0].settings == {"business_names": True}
    assert config.mappings[0].sides == {"smarthr": "a", "touchontime": "b"}
    assert config.settings.max_plan_age_hours == 48
    assert config.store == str(tmp_path / "renkei.db")


@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_example_is_valid(tmp_path: Path, language: str) -> None:
    """What `renkei init` writes can be read, overrides nothing, and speaks one language."""
    with speaking(language):
        text = example()
    config = load(tmp_path, text)
    assert list(config.connections) == ["smarthr", "touchontime"]
    assert config.connections["touchontime"].closed_hours is None
    comments = [line.partition("# ")[2] for line in text.splitlines()]
    spoken = [comment for comment in comments if " " in comment or not comment.isascii()]
    assert bool(re.search("[ぁ-ヿ]", "".join(spoken))) is (language == "ja")
    assert "postgres" not in text.lower()
    assert "URL" not in text
    for name in WAITS:
        assert f"#   {name}: " in text


@pytest.mark.parametrize("language", ["en", "ja"])
def test_what_the_example_comments_out_is_right(tmp_path: Path, language: str) -> None:
    """Taking the signs away gives what stands there: the limits and waits by default."""
    with speaking(language):
        text = re.sub(r"(?m)^( *)# (?=(  )*(- )?[a-z_]+:)", r"\1", example())
    (tmp_path / "company.pem").write_text(Path(certifi.where()).read_text(encoding="utf-8"))
    config = load(tmp_path, text)
    for name in WAITS:
        assert getattr(config.settings, name) == getattr(Settings(), name)
    touchontime = config.connections["touchontime"]
    assert touchontime.safety == Safety()
    first, last = dt.date(2027, 4, 1), dt.date(2027, 4, 10)
    assert touchontime.expected == Expected(creates=60, from_=first, to=last, why="新卒入社")
    assert config.mappings[0].sides == {"smarthr": "smarthr", "touchontime": "touchontime"}


def test_the_limits_of_an_older_file_stay(tmp_path: Path) -> None:
    """Each that is given replaces its own default, and no other."""
    text = connection(
        safety="{creates: {people: 80, percent: 30}, emptied: {people: 0, percent: 0}}"
    )
    safety = load(tmp_path, text).connections["x"].safety
    given = {"creates": Limit(people=80, percent=30), "emptied": Limit(people=0, percent=0)}
    assert safety == Safety(**given)
    text = connection(safety="{returning: {people: 5, percent: 1}}")
    safety = load(tmp_path, text).connections["x"].safety
    assert safety == Safety(returning=Limit(people=5, percent=1))


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    """Mistakes of the shape and of the values come together, each with its place."""
    text = connection(base_url="http://x.smarthr.jp", tokn="x") + "mapings: []\n"
    found = problems(tmp_path, text)
    assert [(line, column) for line, column, _message in found] == [(4, 15), (6, 5), (7, 1)]


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x", "x.smarthr.jp", "https://", "https://u:p@x.jp", "https://x.jp/?a=b",
        "https://x.jp/#a", "http://x.jp", "http://127.0.0.1.evil.jp", "https://x.jp:port",
        "'https://x .jp'", "http://localhost@evil.jp",
    ],
)  # fmt: skip
def test_a_bad_address_is_refused(tmp_path: Path, url: str) -> None:
    """Only https, or http on this computer, without user, query and fragment, is accepted."""
    ((line, column, _message),) = problems(tmp_path, connection(base_url=url))
    assert (line, column) == (4, 15)


@pytest.mark.parametrize(
    "token", ["shr_0123secret", "vault:secret", "env:0123-secret", "cmd:", "env:"]
)
def test_a_literal_token_is_refused_and_never_repeated(tmp_path: Path, token: str) -> None:
    """A token written into the file is refused without showing it again."""
    ((line, column, message),) = problems(tmp_path, connection(token=f"'{token}'"))
    assert (line, column) == (5, 12)
    assert "secret" not in message


@pytest.mark.parametrize("key", ["closed_hours", "limits"])
def test_overrides_are_for_this_computer_only(tmp_path: Path, key: str) -> None:
    """Nobody turns off the closed hours or limits of a real system."""
    ((_line, _column, message),) = problems(tmp_path, connection(**{key: "[]"}))
    assert key in message


@pytest.mark.parametrize("hours", ["10:00-08:30", "8-10", "24:00-25:00", "08:30", "a-b"])
def test_hours_have_a_start_and_an_end(tmp_path: Path, hours: str) -> None:
    """Hours that make no sense are refused at their place."""
    text = connection(base_url="http://127.0.0.1", closed_hours=f'["{hours}"]')
    ((line, _column, _message),) = problems(tmp_path, text)
    assert line == 6


def test_numbers_are_positive(tmp_path: Path) -> None:
    """A limit of nothing and a plan of no age are refused."""
    text = connection(base_url="http://127.0.0.1", limits="[{count: 0, seconds: 0}]")
    assert len(problems(tmp_path, text + "settings: {max_plan_age_hours: 0}\n")) == 3


@pytest.mark.parametrize(
    ("written", "good"),
    [("1", 1), ("20", 20), ("0", 0), ("21", 0), ("no", 0), pytest.param("9" * 5_000, 0, id="long")],
)
def test_so_many_requests_may_be_in_flight(tmp_path: Path, written: str, good: int) -> None:
    """From one to as many as lines are kept open; eight if nothing is said."""
    text = connection(base_url="http://127.0.0.1", in_flight=written)
    if good:
        file = tmp_path / "renkei.yaml"
        file.write_text(text, encoding="utf-8")
        assert load_config(file).connections["x"].in_flight == good
    else:
        ((line, _column, _message),) = problems(tmp_path, text)
        assert line == 6


def test_a_side_names_a_connection(tmp_path: Path) -> None:
    """A side that names no connection is told with those that exist."""
    text = connection() + "mappings:\n  - {use: m, sides: {old: y}}\n"
    ((line, _column, message),) = problems(tmp_path, text)
    assert line == 7
    assert "y" in message
    assert "x" in message


@pytest.mark.parametrize("url", ["mysql://u:hunter2@db/x", "sqlite://", "postgresql://db:x/y"])
def test_a_database_that_does_not_work_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """In the file it is told with its place, from the environment by name; never its password."""
    ((line, column, message),) = problems(tmp_path, connection() + f"store: {url}\n")
    assert (line, column) == (6, 8)
    assert "postgresql://renkei@db.example.jp/renkei" in message
    assert "hunter2" not in message
    monkeypatch.setenv("STORE", url)
    with pytest.raises(ConfigurationError, match="such as") as caught:
        load(tmp_path, connection() + "store: env:STORE\n")
    assert "hunter2" not in f"{caught.value.message}{caught.value.where}"


@pytest.mark.security(1)
@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:hunter2@db/renkei",
        "postgres://u:hunter2@db/renkei",
        "postgresql://u@db/renkei?password=hunter2",
        "postgresql://u@db/renkei?sslpassword=hunter2&sslkey=k",
        "postgresql://u:hunter2@db",
        "postgresql://u:hunter2@db:x/renkei",
    ],
)
def test_a_password_stands_in_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    """It is refused as a token is, in its place; from where it is kept it reaches the driver."""
    ((line, column, message),) = problems(tmp_path, connection() + f"store: {url}\n")
    assert (line, column) == (6, 8)
    assert "replace it by a new one" in message
    assert "hunter2" not in message
    if not url.endswith("/renkei"):
        return
    monkeypatch.setenv("STORE", url)
    secret = tmp_path / "store-address"
    secret.write_text(f"{url}\n")
    secret.chmod(0o600)
    for reference in ("env:STORE", "file:store-address"):
        with suppress(ConfigurationError):  # the port that is no number
            config = load(tmp_path, connection() + f"store: {reference}\n")
            assert config.store == url
            assert "hunter2" not in repr(config)
            assert "hunter2" not in shown(config.store)


@pytest.mark.parametrize("scheme", ["sqlite", "sqlite+pysqlite"])
def test_a_url_of_sqlite_names_a_file(tmp_path: Path, scheme: str) -> None:
    """It is the same as the path of the file, with the care that a file gets."""
    url = f"{scheme}:///{tmp_path}/renkei.db"
    place = load(tmp_path, connection() + f"store: {url}\n").store
    Store(place).close()
    assert (tmp_path / "renkei.db").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Without a configuration, people are told how to write one."""
    with pytest.raises(ConfigurationError, match="no configuration file") as caught:
        load_config(tmp_path / "nowhere.yaml")
    assert caught.value.hint == Hint("init")


def test_an_unknown_connection_is_a_usage_error(tmp_path: Path) -> None:
    """A connection that is not configured is repeated beside those that are."""
    with pytest.raises(UsageError, match=r"nosuch.*a, b"):
        load(tmp_path, LOCAL).connection("nosuch")


def test_a_token_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """env: reads a variable; a missing or empty one is named."""
    monkeypatch.setenv("T", "secret")
    assert resolve_secret("env:T", tmp_path) == "secret"
    for value in ("", None):
        monkeypatch.setenv("T", value) if value is not None else monkeypatch.delenv("T")
        with pytest.raises(ConfigurationError, match="T"):
            resolve_secret("env:T", tmp_path)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_a_token_from_a_file(tmp_path: Path, mark: str) -> None:
    """file: takes a private file, without its last line end and the mark that Windows writes."""
    path = tmp_path / "token"
    path.write_text(f"{mark}secret\n", encoding="utf-8")
    path.chmod(0o600)
    assert resolve_secret("file:token", tmp_path) == "secret"


@pytest.mark.security(2)
@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o610])
def test_a_token_file_for_others_is_refused(tmp_path: Path, mode: int) -> None:
    """A token file that others can read is refused with the command that repairs it."""
    path = tmp_path / "token"
    path.write_text("secret\n")
    path.chmod(mode)
    with pytest.raises(ConfigurationError, match="chmod 600") as caught:
        resolve_secret("file:token", tmp_path)
    assert "secret" not in caught.value.message


def test_a_token_from_a_command(tmp_path: Path) -> None:
    """cmd: starts a program without a shell and takes what it prints."""
    assert resolve_secret("cmd:printf '%s' 'a $HOME;b'", tmp_path) == "a $HOME;b"


@pytest.mark.parametrize(
    "command", ["sh -c 'echo secret; exit 3'", "/no/such/program secret", "true"]
)
def test_a_command_that_fails_shows_nothing(tmp_path: Path, command: str) -> None:
    """A command without a token is named; neither its output nor its arguments are shown."""
    with pytest.raises(ConfigurationError) as caught:
        resolve_secret(f"cmd:{command}", tmp_path)
    assert "secret" not in caught.value.message


def test_the_clock_can_be_set_on_this_computer(tmp_path: Path) -> None:
    """RENKEI_NOW sets the calendar if every connection is on loopback."""
    clock, warning = clock_for(load(tmp_path, LOCAL), {"RENKEI_NOW": "2026-04-01T09:00:00+09:00"})
    assert warning is None
    assert clock.today() == dt.date(2026, 4, 1)
    assert abs(clock.now() - dt.datetime(2026, 4, 1, 9, tzinfo=JST)) < dt.timedelta(seconds=5)


def test_the_clock_is_real_elsewhere(tmp_path: Path) -> None:
    """With a real system RENKEI_NOW is ignored, and a warning says so."""
    clock, warning = clock_for(load(tmp_path, example()), {"RENKEI_NOW": "2020-04-01T09:00:00Z"})
    assert warning == Remark("now_ignored")
    assert clock.today().year > 2025


def test_one_real_system_makes_the_clock_real(tmp_path: Path) -> None:
    """Whatever the command uses: nobody has to know which connections that are."""
    text = LOCAL.replace("http://localhost:8700", "https://api.kingtime.jp").replace(
        ",\n     closed_hours: []", ""
    )
    now = {"RENKEI_NOW": "2026-04-01T09:00:00Z"}
    assert clock_for(load(tmp_path, text), now)[1] == Remark("now_ignored")


@pytest.mark.parametrize("now", ["yesterday", "2026-04-01T09:00:00", "2026-04-01"])
def test_a_bad_time_is_refused(tmp_path: Path, now: str) -> None:
    """RENKEI_NOW needs a date, a time and an offset."""
    with pytest.raises(UsageError, match="RENKEI_NOW"):
        clock_for(load(tmp_path, LOCAL), {"RENKEI_NOW": now})


def test_without_the_variable_the_clock_is_real(tmp_path: Path) -> None:
    """Nothing set, nothing moved, nothing warned."""
    assert clock_for(load(tmp_path, example()), {})[1] is None
