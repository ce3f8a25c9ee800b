"""Bugs in who is told what."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "told-twice",
        "Two processes that have both looked tell the same, as nobody asks who was first.",
        (
            "renkei.store.alerts:Alerts._tell",
            "alerts.c.ended_at.is_(None), untold)",
            "alerts.c.ended_at.is_(None))",
        ),
        tests="tests/engine/test_alerts.py::test_nobody_tells_what_another_has_claimed[sqlite]",
    ),
    bug(
        "told-all-day",
        "A system that comes and goes rings whenever it is looked at.",
        (
            "renkei.store.alerts:Alerts._tell",
            "alerts.c.told_on < today",
            "alerts.c.told_on <= today",
        ),
        tests="tests/engine/test_alerts.py"
        "::test_a_state_is_told_once_a_day_and_once_when_it_is_over",
    ),
    bug(
        "told-again-though-it-may-have-arrived",
        "A message whose answer was lost is sent a second time.",
        (
            "renkei.alerts.audience:has_reached_nobody",
            'each.fate == "refused"',
            'each.fate != "sent"',
        ),
        tests="tests/engine/test_alerts.py::test_what_has_reached_nobody_is_told_again",
    ),
    bug(
        "over-though-nobody-heard",
        "What came back and reached nobody is told to be over.",
        (
            "renkei.store.alerts:Alerts.give_back",
            "before.told and before.ended_at is None",
            "before.told",
        ),
        tests="tests/engine/test_alerts.py"
        "::test_what_came_back_and_has_reached_nobody_is_not_told_to_be_over",
    ),
    bug(
        "a-message-for-each-company",
        "In a night without a system whoever hears of all companies gets a message for each.",
        (
            "renkei.alerts.telling:Telling._letters",
            "gathered = words.TOGETHER if audience.of_all else ()",
            "gathered = ()",
        ),
        tests="tests/engine/test_alerts.py"
        "::test_a_system_that_is_away_for_all_companies_is_one_message",
    ),
    bug(
        "week-lost-with-its-message",
        "A summary of a week that has reached nobody is taken for told.",
        ("renkei.alerts.telling:Telling._give_back", "self.store.give_back_once(once)", "pass"),
        tests="tests/engine/test_alerts.py"
        "::test_a_sync_and_a_week_that_have_reached_nobody_are_told_again",
    ),
    bug(
        "label-in-a-coded-message",
        "The link of a message names the company for which a code should stand.",
        ("renkei.alerts.words:Names.link", "self.coded or not run", "not run"),
        tests="tests/engine/test_alerts.py"
        "::test_a_code_stands_for_a_company_if_somebody_wants_it_so",
    ),
    bug(
        "values-in-a-message",
        "Whoever is told gets the reason of a run in the system's own words.",
        (
            "renkei.alerts.words:_facts",
            '"count": state.count,',
            '"count": state.count, "why": "秘密院 himitsu@example.jp",',
        ),
        tests="tests/engine/test_alerts.py::test_a_message_holds_nothing_of_anybody_and_no_secret",
    ),
    bug(
        "telling-harms-a-run",
        "What goes wrong with a message ends the command, though the run has ended well.",
        (
            "renkei.alerts.telling:Telling.tell",
            "except Exception as error:",
            "except ZeroDivisionError as error:",
        ),
        tests="tests/engine/test_alerts.py::test_whatever_telling_does_the_run_is_as_it_is[error0]",
    ),
    bug(
        "over-while-at-work",
        "A run that is being gone on with is told to be over.",
        ("renkei.alerts.telling:Telling._claim", "unknown=unknown", "unknown=()"),
        tests="tests/engine/test_alerts.py::test_while_a_process_is_at_work_nothing_is_over",
    ),
    bug(
        "told-of-what-goes-on",
        "Whoever is told hears of each run that only waits for a system.",
        ("renkei.alerts.states:_of_run", " and not stood.goes_on", ""),
        tests="tests/engine/test_alerts_scheduled.py::test_what_a_worker_goes_on_with_needs_nobody",
    ),
    bug(
        "limit-while-in-line",
        "Whoever looks takes each sync that waits in line for one over a safety limit.",
        ("renkei.alerts.states:_of_plan", " or plan.goes_on", ""),
        tests="tests/engine/test_alerts.py::test_a_direction_needs_a_person_or_not[limit, in line]",
    ),
    bug(
        "given-up-and-told-to-nobody",
        "A schedule that has fetched, and that nothing more has come of, is told to nobody.",
        (
            "renkei.store.stands:missed",
            "sa.or_(jobs.c.run_id.is_(None), jobs.c.run_id.in_(_left(company)))",
            "jobs.c.run_id.is_(None)",
        ),
        tests="tests/engine/test_alerts_scheduled.py"
        "::test_what_was_fetched_and_never_sent_is_told[choose]",
    ),
    bug(
        "over-as-time-passes",
        "What is only seen no more is told to be over.",
        ("renkei.store.alerts:Alerts.claim", " and key not in quiet", ""),
        tests="tests/engine/test_alerts.py::test_what_is_only_seen_no_more_is_not_told_to_be_over",
    ),
    bug(
        "morning-without-a-message",
        "Somebody who joins on Monday is told of on Monday, when the next run is due.",
        ("renkei.chores:Chores._remind", "_tell_of(config)", "pass"),
        tests="tests/engine/test_alerts_scheduled.py"
        "::test_in_the_morning_it_is_told_what_lasts_though_nothing_ran",
    ),
    bug(
        "lost-with-a-mistake-in-the-file",
        "A job that ends while its company's file cannot be read is told to nobody, ever.",
        (
            "renkei.chores:Chores._tell",
            "wrong.add(company)",
            "store.take_up_telling([company], clock.now())",
        ),
        tests="tests/engine/test_alerts_scheduled.py"
        "::test_what_could_not_be_told_for_a_mistake_in_the_file_is_told_later",
    ),
    bug(
        "stopped-by-its-file-in-silence",
        "A company of which no schedule runs any more, as its file has a mistake, is not told of.",
        ("renkei.worker:Worker._note_files", "store.note_files(wrong, now)", "pass"),
        tests="tests/engine/test_alerts_scheduled.py"
        "::test_a_company_whose_file_has_mistakes_is_told_of",
    ),
    bug(
        "inbox-over-the-walls",
        "The inbox lists companies on which somebody has no right.",
        ("renkei_web.views.inbox:show", "held.of(name).sees", "True"),
        tests="tests/web/test_inbox.py"
        "::test_nobody_sees_what_is_about_a_company_without_a_right[counts]",
    ),
    bug(
        "inbox-of-a-shut-company",
        "The inbox tells of a company whose pages ask for a second factor first.",
        (
            "renkei_web.views.inbox:show",
            "each for each in mine if each.company.name not in shut",
            "mine",
        ),
        tests="tests/web/test_inbox.py"
        "::test_a_company_whose_pages_are_shut_is_not_in_the_inbox[second_factor]",
    ),
)
