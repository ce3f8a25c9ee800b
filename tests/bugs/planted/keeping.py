"""Bugs in what is kept and removed, in set-up by a browser, and in log-ins."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "in-doubt-is-removed",
        "A run in doubt is purged by retention: nothing can tell any more whether it created.",
        (
            "renkei.store.purge:Purge._disposable",
            "*more, sa.not_(in_doubt.exists())",
            "*more",
        ),
        tests="tests/engine/test_retention.py::test_a_run_in_doubt_stays_with_its_record[sqlite]",
    ),
    bug(
        "polled-names-are-unseen",
        "Whoever asks for the part of a run that looks again reads names without a line.",
        (
            "renkei_web.app:_note",
            "if not page.polled or whole not in opened:",
            "if not page.polled:",
        ),
        tests="tests/web/test_audit.py::test_a_part_that_looks_again_is_noted_once_with_its_page",
    ),
    bug(
        "another-change-is-put-back",
        "A click after a new token takes the change before it back, and the connection with it.",
        (
            "renkei.config.setup:_last_change",
            "before is None or before.read_bytes() != path.read_bytes()",
            "True",
        ),
        tests="tests/engine/test_setup.py::test_a_token_that_was_replaced_can_be_put_back",
    ),
    bug(
        "name-is-given-again",
        "A new company finds the runs of another one, whose file was deleted by hand.",
        ("renkei.companies.joining:Joining._free_place", "if count:", "if False:"),
        tests="tests/e2e/test_walls.py::test_the_name_of_somebody_elses_runs_is_not_given_again",
    ),
    bug(
        "rights-of-before",
        "A new company is seen by whoever had a right on one whose file was deleted by hand.",
        ("renkei.companies.joining:Joining._place_all", "also(name)", "also"),
        tests="tests/web/test_companies.py::test_a_new_company_is_nobodys_whose_name_had_another",
    ),
    bug(
        "one-scope-is-enough",
        "Two companies share an account though a pair of one of them is for everybody.",
        ("renkei.plan.shared:_refuse_without_scope", " and is_scoped(other, theirs)", ""),
        tests="tests/engine/test_companies.py"
        "::test_two_companies_share_an_account_where_both_say_whom_of_it_they_are_for",
    ),
    bug(
        "open-record-is-removed",
        "Retention removes a run that can still be resumed.",
        (
            "renkei.retention:let_go",
            "store.remove_runs(min(rules.records.before(now), over))",
            "store.remove_runs(rules.records.before(now))",
        ),
        tests="tests/engine/test_retention.py::test_an_open_record_stays_however_short_the_rule",
    ),
    bug(
        "open-plan-is-purged",
        "Retention takes the values of a plan that can still be chosen.",
        (
            "renkei.retention:let_go",
            "min(rules.values.before(now), over)",
            "rules.values.before(now)",
        ),
        tests="tests/engine/test_retention.py::test_an_open_plan_stays_however_short_the_rule",
    ),
    bug(
        "nameless-is-forgotten",
        "A record goes that tells whom a target took in without a number; they are created again.",
        (
            "renkei.store.purge:Purge._needed",
            "found.update(connection.execute(taken).scalars())",
            "pass",
        ),
        tests="tests/engine/test_retention.py"
        "::test_whom_a_target_took_in_without_a_number_is_never_forgotten",
    ),
    bug(
        "retention-beside-a-sync",
        "The store is written anew while another company's sync waits for it.",
        ("renkei.retention:is_due", "not is_in_use(store)", "True"),
        tests="tests/engine/test_retention.py::test_it_is_never_in_the_way_of_a_sync[sqlite]",
    ),
    bug(
        "tokens-outlive-their-company",
        "The refresh tokens of a company that is removed stay in the store.",
        (
            "renkei.store.companies:Companies.remove",
            "vault.let_go_of_tokens(connection, company)",
            "0",
        ),
        tests="tests/engine/test_vault.py::test_the_tokens_of_a_company_go_with_it[sqlite]",
    ),
    bug(
        "one-place-for-two-tokens",
        "A token of company a, of its connection b-c, is written over that of company a-b.",
        (
            "renkei.config.tokens:place_of",
            "{config.company.name}.{name}",
            "{config.company.name}-{name}",
        ),
        tests="tests/engine/test_setup.py::test_no_company_writes_over_the_token_of_another",
    ),
    bug(
        "any-file-of-the-service",
        "An administrator of one company has the service open files of another one.",
        ("renkei_web.views.setup:_may_say_more", "return visit.user.is_admin or", "return True or"),
        tests="tests/web/test_companies.py::test_no_connection_leads_to_a_file_of_another_company",
    ),
    bug(
        "token-file-for-everybody",
        "The file of a token that was entered in the browser is readable by others.",
        (
            "renkei.config.tokens:keep",
            r'files.replace(place, [token, "\n"], note=note)',
            r'files.replace(place, [token, "\n"], 0o644, note=note)',
        ),
        tests="tests/engine/test_setup.py::test_a_token_is_in_a_file_that_nobody_else_reads",
    ),
    bug(
        "refused-setup-is-noted",
        "The audit log has a connection that was refused.",
        (
            "renkei.config.setup:add_connection",
            "refuse(config.settings, config.path)",
            "refuse(config.settings, config.path), note()",
        ),
        tests="tests/web/test_setup.py::test_what_is_refused_has_no_line_in_the_audit_log",
    ),
    bug(
        "second-administrator-overwrites",
        "Of two who change the configuration at once the second one writes over the first one's.",
        (
            "renkei.config.edit:changing",
            "document.text != config.document.text",
            "False",
        ),
        tests="tests/engine/test_setup.py"
        "::test_of_two_administrators_nobody_loses_what_the_other_has_written",
    ),
    bug(
        "sessions-outlive-a-second-factor",
        "Who came with the password alone gets in by the code that its owner gives.",
        (
            "renkei_web.second_factor:SecondFactors.confirm",
            "Sessions(self._database).end_all(db, user_id, but=session)",
            "pass",
        ),
        tests="tests/web/test_second_factor.py::test_whoever_came_before_it_comes_anew[sqlite]",
    ),
    bug(
        "setup-without-leave",
        "A browser changes a configuration that does not allow it.",
        ("renkei.config.setup:refuse", 'settings.setup != "web"', "False"),
        tests="tests/engine/test_setup.py::test_only_where_the_file_says_so",
    ),
    bug(
        "company-without-leave",
        "A browser adds a company where the installation does not allow it.",
        (
            "renkei_web.views.companies:add",
            "setup.refuse(door.main.settings, door.main.path)",
            "pass",
        ),
        tests="tests/web/test_new_company.py::test_only_where_the_installation_allows_it",
    ),
    bug(
        "runs-taken-back",
        "A company that has runs is taken back with one click.",
        ("renkei.companies.leaving:Leaving.take_back", "or self.ground.count(name)", ""),
        tests="tests/web/test_new_company.py::test_a_company_with_runs_is_not_taken_back",
    ),
    bug(
        "undo-over-a-hand",
        "Putting back the last change loses what somebody has written since.",
        ("renkei.config.edit:before_now", "if each.name.endswith(suffix):", "if True:"),
        tests="tests/engine/test_setup.py::test_each_change_can_be_put_back",
    ),
    bug(
        "board-before-code",
        "The board tells of a company that requires a second factor to somebody who has none.",
        ("renkei_web.office:Office.shut_to", "elif code and not has_code:", "elif False:"),
        tests="tests/web/test_second_factor.py::test_a_company_that_requires_it_is_a_name_before",
    ),
    bug(
        "all-before-code",
        "Without a second factor an administrator gives away rights on a company that asks for it.",
        ("renkei_web.app:_lacks_code", "needed or office.asks_code_of(user)", "needed"),
        tests="tests/web/test_second_factor.py"
        "::test_whoever_administers_all_needs_what_one_company_requires",
    ),
    bug(
        "code-without-password",
        "Whoever finds an open browser turns a second factor of theirs on.",
        (
            "renkei_web.views.second_factor:change",
            'not visit.office.entrance.knows(user, visit.field("password"))',
            "False",
        ),
        tests="tests/web/test_second_factor.py::test_an_open_browser_is_not_the_person",
    ),
    bug(
        "sign-on-past-the-proxy",
        "With several companies the single sign-on leaves past the proxy.",
        (
            "renkei_runner.web:sign_on_of",
            "SignOn(provider, network_of(main.settings, main.path.parent))",
            "SignOn(provider)",
        ),
        tests="tests/web/test_single_sign_on.py"
        "::test_with_companies_the_main_file_says_the_way_to_the_provider",
    ),
    bug(
        "ticks-outlive-values",
        "Who was ticked in the dashboard stays after the values have gone.",
        ("renkei_web.companies:_let_go", "if gone:", "if False:"),
        tests="tests/web/test_companies.py::test_ticks_go_with_the_values",
    ),
    bug(
        "ticks-of-others-go",
        "A purge of one company forgets what is ticked in another one.",
        (
            "renkei_web.companies:_let_go",
            "drafts.c.company == runs.config.company.name",
            'drafts.c.company != ""',
        ),
        tests="tests/web/test_companies.py::test_ticks_go_with_the_values",
    ),
    bug(
        "token-replaced-unnoted",
        "Another token is in use, and the log does not tell.",
        ("renkei.systems:Systems._complete", "if self.used is not None:", "if False:"),
        tests="tests/engine/test_audit.py::test_another_token_is_noted_and_never_shown",
    ),
    bug(
        "code-taken-twice",
        "A code of a second factor is taken twice.",
        (
            "renkei_web.second_factor:take_code",
            "if last is None or each > last",
            "",
        ),
        tests="tests/web/test_second_factor.py::test_a_code_is_taken_once",
    ),
    bug(
        "codes-without-end",
        "Codes may be tried without end.",
        (
            "renkei_web.entrance:Entrance.finish",
            "self._tries.count(db, user.name, Place.of_code(user.id))",
            "pass",
        ),
        tests="tests/web/test_second_factor.py::test_codes_are_throttled",
    ),
    bug(
        "password-is-enough",
        "Whoever has a second factor gets in with the password alone.",
        (
            "renkei_web.entrance:Entrance._log_in",
            "second_factor.is_on(db, known.id)",
            "False",
        ),
        tests="tests/web/test_second_factor.py::test_a_password_alone_lets_nobody_in",
    ),
)
