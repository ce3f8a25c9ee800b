"""Bugs in the walls between companies."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "removed-and-fetched",
        "Whoever was about to fetch for a company keeps its people after it was removed.",
        ("renkei.store.database:Database._refuse_removed", "!= self._removals", "is None"),
        tests="tests/engine/test_company_list.py"
        "::test_who_is_about_to_begin_finds_that_the_company_was_removed[sqlite]",
    ),
    bug(
        "removed-under-a-job",
        "A company is removed while a worker has a job of it in hand.",
        ("renkei.store.companies:Companies._at_rest", "not job_in(row).free", "False"),
        tests="tests/engine/test_company_list.py"
        "::test_nobody_at_work_is_adopted_or_removed[sqlite-remove]",
    ),
    bug(
        "run-of-another-company",
        "Whoever guesses the number of a run reads that of another company.",
        (
            "renkei.store.views:Views._row",
            "connection.execute(_LOCKED if lock else _RUN, asked)",
            'connection.execute(sa.select(runs).where(runs.c.id == asked["run"]))',
        ),
        tests="tests/engine/test_companies.py"
        "::test_a_run_of_another_company_is_as_if_it_did_not_exist[sqlite-run]",
    ),
    bug(
        "paused-is-offered",
        "What is refused while a company is paused is offered all the same.",
        (
            "renkei.plan.standing:Standing.possible",
            "if self.pairings.config.company.paused:",
            "if False:",
        ),
        tests="tests/engine/test_companies.py::test_a_paused_company_is_left_alone",
    ),
    bug(
        "key-is-taken-for-given",
        "A number of a run reaches its people, whosever they are.",
        ("renkei.store.views:Views._key", "if key not in self._given:", "if False:"),
        tests="tests/engine/test_companies.py"
        "::test_a_run_of_another_company_is_as_if_it_did_not_exist[sqlite-entries]",
    ),
    bug(
        "alike-is-the-same",
        "Two companies that call their connections alike learn their usual counts of each other.",
        ("renkei.store.views:Views._between", "self._of(runs), ", ""),
        tests="tests/engine/test_companies.py"
        "::test_nothing_of_another_company_is_listed_or_learned_from[sqlite]",
    ),
    bug(
        "releases-of-all",
        "What people have said in one company counts in all.",
        ("renkei.store.releases:Releases.releases", ".where(self._of(releases))", ""),
        tests="tests/engine/test_companies.py"
        "::test_nothing_of_another_company_is_listed_or_learned_from[sqlite]",
    ),
    bug(
        "ticks-of-a-lost-run",
        "After a restore a new run has the ticks of the lost one whose number it gets.",
        ("renkei_web.companies:forget_ticks", "if database is None:", "if database is not None:"),
        tests="tests/e2e/test_store_command.py::test_a_restored_store_is_said_by_command",
    ),
    bug(
        "fetch-of-another-company",
        "Whoever guesses the moment of a fetch that waits for a worker sees, and stops, another's.",
        (
            "renkei.store.errands:Errands.asked_for",
            "where(self._of(jobs), *theirs)",
            "where(jobs.c.schedule == name, jobs.c.due == due)",
        ),
        tests="tests/web/test_companies.py"
        "::test_no_id_leads_to_another_company_by_way_of_the_workers",
    ),
    bug(
        "second-token-opens-it",
        "Two companies may open one account, if each has a token of its own.",
        ("renkei.plan.shared:refuse_told", "if theirs and _system", "if False and _system"),
        tests="tests/engine/test_whose.py::test_two_tokens_of_one_account_are_refused",
    ),
    bug(
        "one-id-for-all-systems",
        "An id that another installation gives to its company, too, counts as the same account.",
        ("renkei.plan.shared:refuse_told", "if theirs and _system", "if True or _system"),
        tests="tests/engine/test_whose.py::test_an_id_is_one_systems",
    ),
    bug(
        "another-spelling-opens-it",
        "Two companies may open one account, if one of them writes its address in capitals.",
        ("renkei.plan.shared:_system", "one_spelling(connection.base_url)", "connection.base_url"),
        tests="tests/engine/test_whose.py::test_an_address_is_one_system_however_it_is_written",
    ),
    bug(
        "log-of-the-one-before",
        "A new company reads the log of a removed one that had its name.",
        ("renkei.store.log:AuditLog._begin", "if not company:", "if True:"),
        tests="tests/engine/test_company_list.py"
        "::test_a_new_company_does_not_read_the_log_of_another_one",
    ),
    bug(
        "adopted-without-its-rights",
        "Whoever is killed between the runs and the rights of a company never gets the rights.",
        ("renkei.store.companies:Companies.adopt", "if not ids and before:", "if False:"),
        tests="tests/engine/test_company_list.py::test_an_adoption_that_was_cut_off_goes_on",
    ),
    bug(
        "two-companies-one-account",
        "Two companies may write to one account.",
        (
            "renkei.store.accounts:Accounts.others_of",
            'c.execute(_OTHERS, {"account": account, "company": self.company})',
            "()",
        ),
        tests="tests/engine/test_companies.py"
        "::test_two_companies_of_one_account_are_refused[sqlite]",
    ),
    bug(
        "taken-over-from-another-company",
        "A company takes the lease of another one over, and is told who had it.",
        ("renkei.store.lease:acquire", 'alive and row["company"] != company', "False"),
        tests="tests/engine/test_companies.py"
        "::test_one_account_has_one_writer_whatever_the_company[sqlite]",
    ),
    bug(
        "paused-is-fetched",
        "A paused company is fetched all the same.",
        ("renkei.runs.fetching:Fetching._once", "refuse_paused(ground.config)", "pass"),
        tests="tests/engine/test_companies.py::test_a_paused_company_is_left_alone",
    ),
    bug(
        "numbers-used-again",
        "After a removal the next run has the number of one that is gone.",
        ("renkei.store.companies:Companies.remove", "_keep_numbers(connection)", "pass"),
        tests="tests/engine/test_company_list.py"
        "::test_a_company_is_removed_whole_and_the_other_stays[sqlite]",
    ),
    bug(
        "certificate-of-nothing",
        "Whoever is killed after a removal gets a certificate that says nothing was there.",
        (
            "renkei.store.companies:Companies.remove",
            "before.rows if before else {}",
            "{}",
        ),
        tests="tests/engine/test_company_list.py::test_a_removal_that_was_cut_off_goes_on",
    ),
    bug(
        "removed-while-at-work",
        "A company is removed while a sync of it writes.",
        ("renkei.store.companies:Companies._at_rest", "if lease.is_held(row):", "if False:"),
        tests="tests/engine/test_company_list.py"
        "::test_nobody_at_work_is_adopted_or_removed[sqlite-remove]",
    ),
)
