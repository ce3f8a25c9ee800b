"""The page about being told: what it shows works as it says."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from tests.docs.test_docs import examples

from renkei.alerts import senders
from renkei.alerts.child import sent
from renkei.alerts.notifier import Message, Way
from renkei.alerts.states import KINDS, State
from renkei.companies import Listed, short_text
from renkei.config import Company, load_config, load_main
from renkei.words.i18n import speaking
from renkei_runner.companies import _parts

PAGES = ["docs/notifications.md", "docs/notifications.ja.md"]


@pytest.mark.parametrize("name", PAGES)
def test_the_examples_of_the_configuration_are_read(name: str, tmp_path: Path) -> None:
    """Of one company and of several; each kind that can be told stands in the table."""
    shown = examples(name)
    file = tmp_path / "renkei.yaml"
    file.write_text(f"connections: {{}}\nsettings: {{setup: web}}\n{shown['one']}")
    assert [each.weekly for each in load_config(file).notify.to] == [False, False, True]
    file.write_text(shown["several"])
    assert load_main(file).notify.names == "code"
    text = Path(__file__).parents[2].joinpath(name).read_text(encoding="utf-8")
    assert [kind for kind in KINDS if f"| `{kind}` |" not in text] == []


@pytest.mark.parametrize(("name", "spoken"), [("operator.md", "en"), ("operator.ja.md", "ja")])
def test_the_list_of_companies_says_why_in_words_of_the_page(name: str, spoken: str) -> None:
    """Whatever `renkei companies` may say of one stands there, as code and as people see it."""
    text = Path(__file__).parents[2].joinpath("docs", name).read_text(encoding="utf-8")
    with speaking(spoken):
        rows = [f"| `{need}` | {short_text(need)} |" for need in KINDS]
    assert [row for row in rows if row not in text] == []


def test_a_choice_over_a_limit_has_the_name_it_had_before_too() -> None:
    """Readers of the JSON of the list of companies find either."""
    waits = State(company="acme", kind="limit", source="a", target="b", run="1")
    listed = Listed(company=Company(name="acme"), states=[waits])
    assert _parts(listed)["needs_a_person"] == ["limit", "chosen"]


@pytest.mark.parametrize("name", PAGES)
def test_the_example_tells_whether_a_message_is_ours(name: str) -> None:
    """What we sign is ours; anything else, or from another time, is not."""
    names: dict[str, Any] = {}
    exec(examples(name)["signature"], names)  # noqa: S102 - our own page
    taken: list[tuple[bytes, dict[str, str]]] = []

    class Wire:
        def post(self, _url: str, body: bytes, headers: dict[str, str]) -> None:
            taken.append((body, headers))

    message = Message(id="1", title="t", text="x")
    for at in (time.time(), time.time() - 600):
        senders.signed("key", now=lambda at=at: at)(message, "https://x", Wire())  # type: ignore[arg-type,misc]
    for (body, headers), ours in zip(taken, (True, False), strict=True):
        stamp, signature = headers["X-Renkei-Timestamp"], headers["X-Renkei-Signature"]
        assert names["is_ours"](b"key", stamp, signature, body) is ours
        assert not names["is_ours"](b"key", stamp, signature, body + b" ")
        assert not names["is_ours"](b"other", stamp, signature, body)


def test_the_example_of_a_notifier_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """To its own address, on the way that it is given."""
    names: dict[str, Any] = {}
    exec(examples(PAGES[0])["notifier"], names)  # noqa: S102 - our own page
    posts: list[str] = []
    monkeypatch.setattr(Way, "post", lambda _self, url, _body, _headers: posts.append(url))

    class Module:
        notifiers = staticmethod(names["notifiers"])

    letter = {"secret": None, "proxy": None, "ca_file": None, "address": "pigeon://loft-7"}
    message: dict[str, Any] = {"id": "1", "title": "t", "text": "x", "link": None, "facts": {}}
    assert sent({**letter, "messages": [message]}, [Module]) == [("sent", "")]
    assert posts == ["https://loft.example.jp/loft-7"]
