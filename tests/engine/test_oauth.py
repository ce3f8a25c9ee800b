"""Tokens by OAuth: asked for when they are needed, renewed once, kept from everybody's eyes."""

from __future__ import annotations

import base64
import datetime as dt
import os
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from tests.engine.provider import CLIENT, FIRST, SECRET, Provider, provided

from renkei.clock import Clock
from renkei.config import parse_config
from renkei.errors import (
    AccessError,
    ClosedError,
    ConfigurationError,
    MappingError,
    UnavailableError,
)
from renkei.http.connection import Conditions, Connection
from renkei.http.oauth import AccessToken, Grant
from renkei.http.retry import RetryBudget
from renkei.http.secret import Secret
from renkei.http.session import Session
from renkei.observer import Observer
from renkei.people import JST, ClosedHours
from renkei.store.vault import Vault
from renkei.systems import Systems

KEY = base64.b64encode(b"k" * 32).decode()


class Moving(Clock):
    """The real time is what a test says, and nobody waits for it."""

    def __init__(self, start: dt.datetime | None = None) -> None:
        self.passed_s = 0.0
        super().__init__(start)

    def real_now(self) -> dt.datetime:
        return super().real_now() + dt.timedelta(seconds=self.passed_s)

    def monotonic(self) -> float:
        return super().monotonic() + self.passed_s

    def sleep(self, seconds: float) -> None:
        self.passed_s += seconds


@pytest.fixture
def provider() -> Iterator[Provider]:
    with provided() as made:
        yield made


def connected(
    provider: Provider,
    vault: Vault | None = None,
    *,
    clock: Clock | None = None,
    **grant: Any,
) -> Connection:
    grant = {"client": CLIENT, "secret": Secret(SECRET), "url": provider.token_url, **grant}
    if vault is not None:
        grant = {"refresh": Secret(FIRST), **grant}
    return Connection(
        name="hr",
        connector="x",
        base_url=provider.base_url,
        token=AccessToken(Grant(**grant), vault),
        clock=clock or Moving(),
        read_only=False,
        budget=RetryBudget(0),
    )


def session_of(connection: Connection) -> Session:
    """Return a session as any connector makes it that knows nothing of OAuth."""
    headers = {"Authorization": f"Bearer {connection.token.reveal()}"}
    return connection.session(headers=headers, classify=lambda failure: None)


def vault_in(folder: Path, key: str = KEY) -> Vault:
    return Vault(str(folder / "renkei.db"), "of one grant", key)


def test_a_token_is_asked_for_when_it_is_needed_and_serves_many(provider: Provider) -> None:
    """Nothing is asked before the first request, and once for all requests, from any thread."""
    with connected(provider, scope="users.read users.write") as connection:
        session = session_of(connection)
        assert not provider.forms
        threads = [threading.Thread(target=session.get, args=("people",)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    (form,) = provider.forms
    assert (form["grant_type"], form["scope"]) == ("client_credentials", "users.read users.write")
    assert provider.seen == [("GET", "access-1")] * 4


def test_a_token_may_stand_in_the_headers_of_one_request(provider: Provider) -> None:
    """Wherever a connector puts it, what is valid takes its place."""
    with connected(provider) as connection:
        session = connection.session(headers={}, classify=lambda failure: None)
        session.get("people", headers={"Authorization": f"Bearer {connection.token.reveal()}"})
    assert provider.seen == [("GET", "access-1")]


@pytest.mark.parametrize("takes", ["header", "form"])
def test_the_secret_goes_where_the_endpoint_takes_it(takes: str) -> None:
    """In the header, as the standard wants, or else in the form; the next time at once there."""
    with provided(takes=takes) as provider, connected(provider) as connection:
        session = session_of(connection)
        session.get("people")
        provider.good.clear()
        session.get("people")
        assert len(provider.forms) == (2 if takes == "header" else 3)
        assert all("client_secret" not in form for form in provider.forms) == (takes == "header")


def test_a_token_that_is_refused_is_renewed_once(provider: Provider) -> None:
    """After a 401 another token is asked for and the same request sent again, a create too."""
    with connected(provider) as connection:
        session = session_of(connection)
        session.get("people")
        provider.good.clear()
        answer = session.send("POST", "people", body={"a": 1}, idempotent=False)
        assert answer.body == {"id": "1"}
        assert provider.seen[1:] == [("POST", "access-1"), ("POST", "access-2")]


def test_a_right_that_is_missing_ends_after_one_more_try(provider: Provider) -> None:
    """If the new token is refused as well, it is not the token: the error is told."""
    with connected(provider) as connection:
        provider.answers = [(200, {"access_token": "bad-1"}), (200, {"access_token": "bad-2"})]
        with pytest.raises(AccessError) as caught:
            session_of(connection).get("people")
        assert provider.seen == [("GET", "bad-1"), ("GET", "bad-2")]
        assert caught.value.detail == "HTTP 401\n*** is not good"


@pytest.mark.parametrize(("life", "still_good_s"), [(3600, 3500), ("3600", 3500), (30, 14)])
def test_a_token_is_renewed_before_it_runs_out(life: Any, still_good_s: float) -> None:
    """A minute before its end, or at half of a short life; text is taken for a number."""
    with provided(expires_in=life) as provider, connected(provider) as connection:
        session = session_of(connection)
        session.get("people")
        assert isinstance(connection.clock, Moving)
        connection.clock.passed_s = still_good_s
        session.get("people")
        connection.clock.passed_s = still_good_s + 60
        session.get("people")
    assert [token for _method, token in provider.seen] == ["access-1", "access-1", "access-2"]


@pytest.mark.parametrize("life", [None, "soon", -5, [], 10**12])
def test_a_life_that_makes_no_sense_is_a_long_one(life: Any) -> None:
    """Without a word of its end, a token serves until it is refused."""
    with provided(expires_in=life) as provider, connected(provider) as connection:
        session = session_of(connection)
        for _each in range(3):
            session.get("people")
    assert len(provider.forms) == 1


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (400, {"error": "invalid_scope"}, "the scope is wrong"),
        (400, {"error": "unauthorized_client"}, "may not use this kind"),
        (400, {"error": "other_thing", "error_description": SECRET}, "other_thing"),
        (400, {"error": f"<{SECRET}>"}, "no access token: ?. Check"),
        (403, b"<html>", "makes no sense (answer)"),
        (200, b"<html>", "makes no sense (answer)"),
        (200, {}, "its answer holds none"),
        (200, {"access_token": "two words"}, "its answer holds none"),
        (200, {"access_token": "a", "token_type": "mac"}, "no bearer token"),
        (302, b"", "makes no sense (redirect)"),
    ],
)
def test_without_a_token_nothing_is_sent(
    provider: Provider, status: int, answer: Any, told: str
) -> None:
    """The error names the endpoint and what to do; the system hears nothing, no secret is told."""
    provider.answers = [(status, answer)] * 2
    with connected(provider) as connection, pytest.raises(AccessError) as caught:
        session_of(connection).send("POST", "people", body={}, idempotent=False)
    assert told in caught.value.message
    assert "127.0.0.1" in caught.value.message
    assert not provider.seen
    trace = "".join(traceback.format_exception(caught.value)) + str(caught.value.detail)
    assert SECRET not in trace


def test_an_endpoint_in_trouble_is_asked_again(provider: Provider) -> None:
    """A token server that is out for a moment delays a write; nothing is in doubt after it."""
    provider.answers = [(503, b""), (429, b"")]
    with connected(provider) as connection:
        connection.budget = RetryBudget(5)
        session_of(connection).send("POST", "people", body={}, idempotent=False)
        provider.good.clear()
        connection.budget = RetryBudget(0)
        provider.answers = [(503, b"")]
        with pytest.raises(UnavailableError, match=r"127\.0\.0\.1 \(HTTP 503\)") as caught:
            session_of(connection).send("POST", "people", body={}, idempotent=False)
    assert caught.value.nothing_done
    assert len(provider.seen) == 2


def test_a_wait_that_the_endpoint_asks_for_is_waited_for(provider: Provider) -> None:
    """Not asked again before it is over, and told; the time of retries is not spent on it."""
    provider.answers = [(429, b"", {"Retry-After": "90"})] * 2
    told: list[float] = []
    with connected(provider) as connection:
        connection.on_wait = lambda _reason, seconds: told.append(seconds)
        session_of(connection).get("people")
        assert isinstance(connection.clock, Moving)
        assert 175 <= connection.clock.passed_s < 190
    assert len(provider.forms) == 3
    assert told[0] > 85


def test_no_token_is_asked_for_in_closed_hours(provider: Provider) -> None:
    """Not even where a wait for it has led into them."""
    provider.answers = [(429, b"", {"Retry-After": "1800"})]
    clock = Moving(dt.datetime(2026, 11, 20, 8, 20, tzinfo=JST))
    with connected(provider, clock=clock) as connection:
        connection.complete(Conditions(closed_hours=(ClosedHours(dt.time(8, 30), dt.time(10)),)))
        with pytest.raises(ClosedError):
            session_of(connection).get("people")
    assert len(provider.forms) == 1


@pytest.mark.security(18)
def test_no_secret_of_a_grant_is_ever_shown(provider: Provider) -> None:
    """Neither in a repr nor in the words of the system, in whatever form it quotes them."""
    with connected(provider) as connection:
        session_of(connection).get("people")
        pairs = (f"{CLIENT}:{SECRET}", f"{quote(CLIENT)}:{quote(SECRET, safe='')}")
        basic = [base64.b64encode(pair.encode()).decode() for pair in pairs]
        quoted = [SECRET, "access-1", connection.token.reveal(), "s3cret%2Bcanary%2F1", *basic]
        for text in (*quoted, *pairs):
            assert connection.token.hidden_in(f"<{text}>").rstrip("=>") == "<***"
        assert SECRET not in repr(connection)
        assert SECRET not in repr(connection.token)


def test_an_account_stays_the_same_with_every_token(provider: Provider, tmp_path: Path) -> None:
    """It is the client at its endpoint, and the log-in: lease and pace go by it."""
    with connected(provider) as connection, connected(provider) as other:
        before = connection.identity
        session_of(connection).get("people")
        assert connection.identity == before == other.identity
        assert connected(provider, client="another").identity != before
        assert connected(provider, vault_in(tmp_path)).identity != before


# -- refresh tokens ------------------------------------------------------------------------------


@pytest.mark.parametrize("rotates", [True, False])
def test_refresh_tokens_go_on_in_the_next_process(tmp_path: Path, rotates: bool) -> None:
    """Each is used once; what follows it is kept, and so is the access token while it is good."""
    with provided(rotates=rotates) as provider:
        for passed_s in (0, 10, 4000, 8000):
            with connected(provider, vault_in(tmp_path)) as connection:
                assert isinstance(connection.clock, Moving)
                connection.clock.passed_s = passed_s
                session_of(connection).get("people")
    used = [form["refresh_token"] for form in provider.forms]
    assert used == ([FIRST, "refresh-1", "refresh-2"] if rotates else [FIRST] * 3)
    assert [token for _m, token in provider.seen][:2] == ["access-1", "access-1"]


def test_a_kept_token_that_is_refused_is_renewed(provider: Provider, tmp_path: Path) -> None:
    """A 401 asks for another one even while the kept one should be good for long."""
    for _each in range(2):
        with connected(provider, vault_in(tmp_path)) as connection:
            session_of(connection).get("people")
            provider.good.clear()
    assert provider.seen[-1] == ("GET", "access-2")


def test_tokens_are_encrypted_in_the_store(provider: Provider, tmp_path: Path) -> None:
    """The file holds neither of them; another key opens nothing, and says what to do."""
    with connected(provider, vault_in(tmp_path)) as connection:
        session_of(connection).get("people")
    held = b"".join(each.read_bytes() for each in tmp_path.iterdir())
    assert b"refresh-1" not in held
    assert b"access-1" not in held
    other = base64.b64encode(b"j" * 32).decode()
    connection = connected(provider, vault_in(tmp_path, other))
    with connection, pytest.raises(ConfigurationError, match="log in again") as caught:
        session_of(connection).get("people")
    assert caught.value.code == "token_key"


@pytest.mark.parametrize("key", ["", "short", "髙" * 32, KEY[:-8], KEY + KEY])
def test_a_weak_key_is_no_key(tmp_path: Path, key: str) -> None:
    """Thirty-two random bytes in Base64 and nothing else; how to make them is told."""
    with pytest.raises(ConfigurationError, match="openssl rand"):
        vault_in(tmp_path, key)


@pytest.mark.parametrize(
    "said",
    [
        {"access_token": "two words"},
        {},
        {"access_token": "mac", "token_type": "mac"},
    ],
)
def test_the_next_refresh_token_is_kept_whatever_is_wrong_beside_it(
    provider: Provider, tmp_path: Path, said: dict[str, Any]
) -> None:
    """The one before it is of no use any more: without the next one somebody had to log in."""
    provider.refresh = "refresh-next"
    provider.answers = [(200, {"refresh_token": "refresh-next", **said})]
    with connected(provider, vault_in(tmp_path)) as connection, pytest.raises(AccessError):
        session_of(connection).get("people")
    with connected(provider, vault_in(tmp_path)) as connection:
        session_of(connection).get("people")
    assert provider.forms[-1]["refresh_token"] == "refresh-next"


def test_a_refresh_token_may_be_any_text(provider: Provider, tmp_path: Path) -> None:
    """It goes into a form and never into a header; it is hidden in every form all the same."""
    text = "Ünter Strich/+1"
    provider.answers = [(200, {"access_token": "access-0", "refresh_token": text})]
    provider.refresh = text
    with connected(provider, vault_in(tmp_path)) as connection:
        session_of(connection).get("people")  # access-0 is refused
        for form in (text, quote(text, safe=""), quote_plus(text)):
            assert connection.token.hidden_in(f"<{form}>") == "<***>"
    assert [form["refresh_token"] for form in provider.forms] == [FIRST, text]


def test_a_refresh_token_that_has_ended_asks_for_a_new_log_in(
    provider: Provider, tmp_path: Path
) -> None:
    """What a person has to do is told, and the new first token is used then."""
    provider.refresh = "the-one-after-a-new-log-in"
    connection = connected(provider, vault_in(tmp_path))
    with connection, pytest.raises(AccessError, match="log in again"):
        session_of(connection).get("people")


def test_two_connections_use_a_refresh_token_once(tmp_path: Path) -> None:
    """The second waits until the first comes out, and goes on with what came of it."""
    with provided(slow_s=0.2) as provider:
        both = [connected(provider, vault_in(tmp_path)) for _each in range(2)]
        threads = [threading.Thread(target=session_of(one).get, args=("people",)) for one in both]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(provider.forms) == 1
    assert provider.seen == [("GET", "access-1")] * 2


ONE = """\
import sys
from tests.engine.test_oauth import connected, session_of, vault_in
from tests.engine.provider import Provider
from pathlib import Path
provider = Provider(url=sys.argv[1])
with connected(provider, vault_in(Path(sys.argv[2]))) as connection:
    session_of(connection).get("people")
"""


def test_two_processes_use_a_refresh_token_once(tmp_path: Path) -> None:
    """The second waits for the first, and goes on with what came of it: nobody is locked out."""
    with provided(slow_s=0.3) as provider:
        vault_in(tmp_path).__enter__().__exit__()  # the store is there
        command = [sys.executable, "-c", ONE, provider.url, str(tmp_path)]
        root = Path(__file__).parents[2]
        env = {**os.environ, "PYTHONPATH": str(root)}
        processes = [subprocess.Popen(command, cwd=root, env=env) for _ in range(2)]
        assert [process.wait(timeout=50) for process in processes] == [0, 0]
    assert len(provider.forms) == 1
    assert not provider.locked


def test_a_process_that_died_inside_is_not_waited_for(tmp_path: Path) -> None:
    """Its turn ends with it."""
    code = (
        "import os, sys; from pathlib import Path; from tests.engine.test_oauth import vault_in;"
        " vault_in(Path(sys.argv[1])).__enter__(); os._exit(0)"
    )
    root = Path(__file__).parents[2]
    env = {**os.environ, "PYTHONPATH": str(root)}
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, env=env, check=True)
    with vault_in(tmp_path) as vault:
        assert vault.read() is None


# -- as it is configured ---------------------------------------------------------------------------

CONFIG = """\
connections:
  hr:
    connector: smarthr
    base_url: {base}
    token:
      oauth2:
        url: {url}
        client: env:HR_CLIENT
        secret: env:HR_SECRET
{more}
"""


def test_a_connection_says_how_its_token_is_had(
    provider: Provider, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connector that knows nothing of OAuth reads with it; one token serves the process."""
    monkeypatch.setenv("HR_CLIENT", CLIENT)
    monkeypatch.setenv("HR_SECRET", SECRET)
    monkeypatch.setenv("HR_REFRESH", FIRST)
    monkeypatch.setenv("HR_KEY", KEY)
    for more, grant in (
        ("", "client_credentials"),
        ("        refresh: env:HR_REFRESH\n        key: env:HR_KEY\n", "refresh_token"),
    ):
        provider.forms.clear()
        text = CONFIG.format(base=provider.base_url, url=provider.token_url, more=more)
        config = parse_config(text, tmp_path / "renkei.yaml")
        for _each in range(2):
            systems = Systems(config, Clock(), Observer())
            assert list(systems.reader("hr").list_employees(dt.date(2026, 12, 1), ["email"])) == []
            systems.close()
        assert [form["grant_type"] for form in provider.forms] == [grant]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("url: https", "url: http", "7:14: Use https"),
        ("env:HR_CLIENT", "renkei-client", "8:17: Write where to find the token"),
        ("env:HR_SECRET", "env:s3cret!", "9:17: The name of an environment variable"),
        ("client: ", "clint: ", '8:9: unknown key "clint"; did you mean "client"?'),
        ("oauth2:", "oauth:", '6:7: unknown key "oauth"; did you mean "oauth2"?'),
        ("secret: env:HR_SECRET", "refresh: env:R", '7:9: the key "secret" is missing'),
        ("env:HR_SECRET", "env:S\n        refresh: env:R", "10:18: The refresh tokens that follow"),
        ("env:HR_SECRET", "env:S\n        key: env:K", "10:14: A key is only for refresh"),
        (
            "env:HR_SECRET",
            "env:S\n        refresh: env:R\n        key: cmd:pass key",
            "11:14: A key is kept in a variable or a file",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(
    tmp_path: Path, old: str, new: str, message: str
) -> None:
    """As everywhere in the configuration, and no message repeats what may be a secret."""
    text = CONFIG.format(base="https://hr.example.com", url="https://id.example.com/t", more="")
    assert old in text
    with pytest.raises(MappingError) as caught:
        parse_config(text.replace(old, new), tmp_path / "renkei.yaml")
    told = "\n".join(str(problem) for problem in caught.value.problems)
    assert message in told
    assert "s3cret" not in told
