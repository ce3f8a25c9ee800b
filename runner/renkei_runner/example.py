"""The configuration file that `renkei init` writes, with its comments in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Mapping

from renkei.words.i18n import N_, _

COLUMN = 48
"""Where comments behind a line begin."""

Lines = tuple[tuple[str, str], ...]
"""YAML, and the comment behind it; a comment alone may have several lines."""

_TITLE: Lines = (
    ("", N_("renkei.yaml: what renkei connects. It holds no secret, only where to find one.\n"
            "Try it with `renkei check`.")),
    ("", ""),
)  # fmt: skip

_BODY: Lines = (
    ("connections:", ""),
    ("  smarthr:", ""),
    ("    connector: smarthr", ""),
    ("    label: SmartHR", ""),
    ("    base_url: https://example.smarthr.jp/api", N_("your own subdomain")),
    ("    token: env:SMARTHR_TOKEN",
     N_("or file:/path (mode 600), or cmd:pass show smarthr")),
    ("  touchontime:", ""),
    ("    connector: touchontime",
     N_("KING OF TIME, too: connector and address are the same, the label is yours")),
    ("    label: Touch On Time", ""),
    ("    base_url: https://api.kingtime.jp/v1.0", ""),
    ("    token: env:TOUCHONTIME_TOKEN", ""),
    ("    # safety:", N_("what the syncs of a day may write here; more needs --allow-unusual")),
    ("    #   creates: {people: 5, percent: 30}",
     N_("percent of those listed on the source, if that is more")),
    ("    #   updates: {people: 3, percent: 30}", ""),
    ("    #   leaving: {people: 2, percent: 5}", ""),
    ("    #   returning: {people: 2, percent: 5}", N_("people whose leaving is taken away")),
    ("    #   emptied: {people: 1, percent: 2}", N_("people who lose another value")),
    ("    #   shrink: {people: 2, percent: 10}",
     N_("fewer people on the source, or here, than last time")),
    ("    # expected:",
     N_("more for some days, announced in advance, so that a schedule passes")),
    ("    #   creates: 60", N_("or updates, leaving, returning: people in all these days")),
    ("    #   from: 2027-04-01", ""),
    ("    #   to: 2027-04-10", ""),
    ("    #   why: 新卒入社", N_("stands in the report")),
    ("", ""),
    ("", N_("Which fields are paired: a built-in name, or the path of your own file.\n"
            "With several connections of one kind, each pair has an entry of its own that names"
            " its sides:\nother pairs cannot be fetched.")),
    ("mappings:", ""),
    ("  - use: smarthr-touchontime", ""),
    ("    settings: {business_names: false}",
     N_("true: use business names instead of legal names")),
    ("    # sides: {smarthr: smarthr, touchontime: touchontime}", ""),
    ("    # leavers: {touchontime: 62}",
     N_("pass on dates of leaving up to so many days late, by the side that is written to")),
    ("    # joiners: {touchontime: 14}", N_("register people up to so many days ahead")),
    ("    # who: {smarthr: {number: ['A*']}}",
     N_("these people only, by side, or by another field")),
    ("    # rehire: ask", N_("or reuse, new: who comes back under a new number")),
    ("", ""),
)  # fmt: skip

_STORE: Lines = (
    ("", N_("Where plans and reports are kept: a file on this computer, relative to this one.")),
    ("store: renkei.db", ""),
    ("", ""),
)  # fmt: skip

_SETTINGS: Lines = (
    ("# schedules:", N_("runs at set times, in Japan; `renkei worker` keeps them")),
    ("#   - name: nightly", ""),
    ('#     between: "01:00-06:30"', N_('or at: "0 13 * * 1-5", a cron expression')),
    ("#     not_on: [25-31]", N_("days of the month, such as those of payroll")),
    ("#     from: smarthr", ""),
    ("#     to: touchontime", ""),
    ("#     sync: {difference: [changed]}", N_("left out: only fetch and compare")),
    ("", ""),
    ("# settings:", ""),
    ("#   proxy: http://proxy.example.jp:8080",
     N_("the way out of a company's network; env:VARIABLE, if it needs a password")),
    ("#   ca_file: company.pem", N_("an authority to trust beside the public ones")),
    ("#   max_plan_age_hours: 24", N_("an older plan has to be fetched again")),
    ("#   settle_wait_seconds: 2",
     N_("between two look-ups of a write whose answer never came")),
    ("#   longest_request_seconds: 60",
     N_("the longest work on one request; so long an unanswered create is only looked up")),
    ("# notify:", N_("who is told what needs a person; `renkei notify test` tries it")),
    ("#   to: [{url: file:slack.url}]",
     N_("where the address of Slack, Teams, e-mail, Chatwork or LINE WORKS is kept")),
    ("#   dashboard: https://renkei.example.jp", N_("for the links in messages")),
)  # fmt: skip


_MAIN: Lines = (
    ("", N_("renkei.yaml: where the companies are, and their store.")),
    (
        "companies: companies/",
        N_("a folder with a file for each; `renkei company add NAME` writes one"),
    ),
    ("", ""),
)

_COMPANY: Lines = (
    ("label: {label}", N_("what people read")),
    ("environment: {environment}", N_("production, or sandbox for trial accounts")),
    ("# paused: true", N_("nothing is fetched or synced")),
    ("", ""),
)

_WRITTEN = {
    "smarthr_address": ("base_url: https://example.smarthr.jp/api", "base_url: {}"),
    "smarthr_token_file": ("token: env:SMARTHR_TOKEN", "token: {}"),
    "touchontime_address": ("base_url: https://api.kingtime.jp/v1.0", "base_url: {}"),
    "touchontime_token_file": ("token: env:TOUCHONTIME_TOKEN", "token: {}"),
}
"""What a value takes the place of, and how it is written."""


def example() -> str:
    """Return the file of one company as the person who asks for it reads it."""
    return _text((*_TITLE, *_BODY, *_STORE, *_SETTINGS))


def main_example() -> str:
    """Return the main file of several companies."""
    return _text((*_MAIN, *_STORE))


def company_example(label: str, environment: str, values: Mapping[str, str]) -> str:
    """Return the file of one of several companies, with the addresses and token files of it."""
    head = tuple(
        (yaml.format(label=_quoted(label), environment=environment), comment)
        for yaml, comment in _COMPANY
    )
    text = _text((*head, *_BODY, *_SETTINGS))
    for name, value in values.items():
        before, after = _WRITTEN[name]
        prefix = "file:" if name.endswith("_token_file") else ""
        text = text.replace(before, after.format(_quoted(prefix + value)), 1)
    return text


def address_of(system: str) -> str:
    """Return the address of a *system* where a list of companies says nothing."""
    before, _after = _WRITTEN[f"{system}_address"]
    return before.removeprefix("base_url: ")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _text(lines: Lines) -> str:
    return "".join(f"{_line(yaml, _(comment) if comment else '')}\n" for yaml, comment in lines)


def _line(yaml: str, comment: str) -> str:
    if not comment:
        return yaml
    if not yaml:
        return "\n".join(f"# {line}" for line in comment.split("\n"))
    return f"{yaml:<{COLUMN - 2}}  # {comment}"
