"""Bugs in who may do what in the dashboard."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "foreign-run-is-shown",
        "A run of another company is shown to whoever guesses its id below their own company.",
        (
            "renkei.store.views:Views._row",
            "connection.execute(_LOCKED if lock else _RUN, asked)",
            'connection.execute(sa.select(runs).where(runs.c.id == asked["run"]))',
        ),
        tests="tests/web/test_companies.py::test_no_id_leads_to_what_is_of_another_company",
    ),
    bug(
        "one-right-for-all-companies",
        "Whoever has a right on one company has it on every company.",
        (
            "renkei_web.rights:Held.of",
            "self.by_company.get(company, Role.NONE)",
            "next(iter(self.by_company.values()), Role.NONE)",
        ),
        tests="tests/web/test_companies.py::test_no_address_leads_to_another_company",
    ),
    bug(
        "role-of-the-only-company-counts-for-all",
        "A viewer of the days of one company reads every company.",
        ("renkei_web.rights:Rights.of", "if user.is_admin or not company:", "if True:"),
        tests="tests/web/test_companies.py::test_whoever_has_no_right_sees_no_company",
    ),
    bug(
        "role-is-not-asked-for",
        "Whoever has any right on a company may do everything there.",
        ("renkei_web.users:Role.includes", ">=", "!= -1 or"),
        tests="tests/web/test_companies.py::test_a_right_is_on_one_company",
    ),
    bug(
        "another-company-answers",
        "Whoever learns the key of a question answers it for another company.",
        (
            "renkei_web.processes:Work.answer",
            "asked.company == company",
            "asked.company != company or True",
        ),
        tests="tests/web/test_companies.py::test_a_question_is_answered_in_its_own_company_only",
    ),
    bug(
        "rights-outlive-a-company",
        "A new company is open to those who had rights on a removed one of the same name.",
        ("renkei_web.companies:forget", "for table in (rights, drafts):", "for table in ():"),
        tests="tests/web/test_companies.py::test_the_rights_on_a_removed_company_are_gone",
    ),
    bug(
        "typed-reason-told",
        "Viewers read the reason that a colleague has written for a release.",
        (
            "renkei_web.reading:Sight.item",
            'released=item.released and evolve(item.released, why=_("(not shown)"))',
            "released=item.released",
        ),
        tests="tests/web/test_sight.py::test_reasons_that_were_typed_are_for_operators",
    ),
    bug(
        "counts-only-sees-a-name",
        "Whoever may see counts only reads the names of those who failed.",
        (
            "renkei_web.reading:seen",
            "elif role.includes(Role.VIEWER):",
            "elif role is Role.COUNTS:\n        yield from people\n    else:",
        ),
        tests="tests/web/test_sight.py::test_counts_have_no_person",
    ),
    bug(
        "counts-only-sees-numbers-in-notices",
        "Whoever may see counts only reads numbers of employees in what is said of a run.",
        ("renkei_web.reading:told", "role.includes(Role.VIEWER) and", "True and"),
        tests="tests/web/test_sight.py::test_counts_have_no_person",
    ),
    bug(
        "births-are-shown-to-viewers",
        "Viewers read when somebody was born.",
        ("renkei_web.reading:Sight.of", "paired(*PRIVATE)", 'paired("gender")'),
        tests="tests/web/test_sight.py::test_viewers_see_no_birth_no_gender_and_no_leaver",
    ),
    bug(
        "planned-leaving-is-shown-to-viewers",
        "Viewers read who is going to leave.",
        (
            "renkei_web.reading:Sight._hides",
            "if self.all_leave or any(map(self._will_leave, values)):",
            "if False:",
        ),
        tests="tests/web/test_sight.py::test_viewers_see_no_birth_no_gender_and_no_leaver",
    ),
    bug(
        "files-say-more-than-pages",
        "The spreadsheet and the printed page have for viewers what the pages hide.",
        (
            "renkei_web.reading:everybody",
            "seen(runs, run, found, role)",
            "found",
        ),
        tests="tests/web/test_sight.py::test_viewers_see_no_birth_no_gender_and_no_leaver",
    ),
    bug(
        "a-candidates-birth-is-shown",
        "Viewers read the birth of somebody who may be the same person.",
        (
            "renkei_web.reading:Sight._candidate",
            "hides = self._hides(other.values)",
            "hides = lambda _name: False",
        ),
        tests="tests/web/test_sight.py::test_nothing_that_hangs_on_somebody_tells_more",
    ),
    bug(
        "leavers-of-a-day-to-come-are-listed",
        "A list of a day to come shows viewers who will have left by then.",
        ("renkei_web.reading:Sight.of", "base = run.base_date > today", "base = False"),
        tests="tests/web/test_sight.py::test_whoever_leaves_by_a_base_date_to_come_is_not_listed",
    ),
    bug(
        "words-of-a-system-quote-a-birth",
        "Viewers read a birth date in the words with which a system has refused it.",
        (
            "renkei_web.reading:Sight.item",
            "detail=None,  # a",
            "detail=item.detail,  # a",
        ),
        tests="tests/web/test_sight.py::test_viewers_see_no_birth_no_gender_and_no_leaver",
    ),
)
