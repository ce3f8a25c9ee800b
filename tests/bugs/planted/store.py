"""Bugs in the store: who holds it, and what it keeps."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "deferred-begin",
        "A writer begins as a reader, and fails at once when another one was quicker.",
        (
            "renkei.database.opening:_sqlite",
            '"begin immediate" if writes else "begin"',
            '"begin"',
        ),
        tests="tests/engine/test_gaps_store.py::test_a_writer_waits_for_the_one_before",
    ),
    bug(
        "intent-without-a-lease",
        "An intent is committed although another process has taken over.",
        ("renkei.store.journal:Journal.intend", "lease.renew(connection, held)", "pass"),
        tests="tests/engine/test_store.py::test_a_stolen_lease_stops_the_old_holder",
    ),
    bug(
        "written-without-a-lease",
        "A system is opened for writing before anybody has taken the lease.",
        ("renkei.systems:Systems._connection", "name=name,", "name=name, read_only=False,"),
        tests="tests/engine/test_hooks.py::test_nothing_is_written_before_there_is_a_guard",
    ),
    bug(
        "slept-through-its-lease",
        "A process that slept does not look at its lease before the request leaves.",
        ("renkei.sync.run:Sync._open", "hold.check", "lambda: None"),
        tests="tests/e2e/test_gaps_lease.py::test_a_lease_lost_after_the_intent_sends_nothing",
    ),
    bug(
        "lease-for-ever",
        "The lease of a process on another machine never expires.",
        ("renkei.store.owner:is_alive", "silent < LIFETIME_S and ", ""),
        tests="tests/engine/test_owner.py"
        "::test_who_cannot_be_seen_is_dead_after_twenty_silent_seconds[another machine]",
    ),
    bug(
        "lease-stolen-from-the-living",
        "A lease is taken although its process lives.",
        ("renkei.store.lease:acquire", "is_held(row)", "False"),
        tests="tests/engine/test_store.py::test_a_second_process_is_told_who_writes",
    ),
    bug(
        "any-process-of-that-number",
        "A dead process counts as alive once its number is in use again.",
        (
            "renkei.store.owner:Owner.is_dead",
            "return abs(_started(self.pid) - self.started) > 1.0",
            "return False",
        ),
        tests="tests/engine/test_store.py::test_a_process_number_used_again_is_another_process",
    ),
    bug(
        "ended-unnoticed",
        "A process that has ended keeps its lease until its parent asks for it.",
        (
            "renkei.store.owner:Owner.is_dead",
            "if psutil.Process(self.pid).status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD):",
            "if False:",
        ),
        tests="tests/engine/test_gaps_store.py::test_a_process_that_ended_unnoticed_keeps_no_lease",
    ),
    bug(
        "late-answer-wins",
        "An answer that comes after the lease was lost replaces what the successor has found.",
        ("renkei.store.journal:_record", '"held": held.token,', '"held": held.token + 1,'),
        tests="tests/engine/test_store.py"
        "::test_an_answer_that_comes_after_the_theft_is_still_recorded",
    ),
    bug(
        "open-to-everybody",
        "The store is created readable for everybody.",
        (
            "renkei.database.opening:_draft",
            "os.O_NOFOLLOW, 0o600))",
            "os.O_NOFOLLOW, 0o644))",
        ),
        ("renkei.database.opening:open_database", "path.chmod(0o600)", "pass"),
        tests="tests/engine/test_store.py::test_a_new_store_is_readable_by_its_owner_only",
    ),
    bug(
        "store-of-tomorrow",
        "A store that a newer renkei has made is used.",
        (
            "renkei.database.opening:revision_of",
            "if revision > schema.head:",
            "if False:",
        ),
        tests="tests/e2e/test_usage.py::test_a_store_that_cannot_be_used_is_left_alone[newer]",
    ),
    bug(
        "any-connection-is-a-pair",
        "A use without sides pairs the first connection of each kind, whatever company it is of.",
        ("renkei.config.pairs:_connection", "alone = len(same) == 1", "alone = len(same) >= 1"),
        tests="tests/engine/test_pairs.py::test_the_check_tells_of_pairs",
    ),
    bug(
        "pair-in-two-uses",
        "Of two uses of one pair the first one is used.",
        ("renkei.plan.pairings:Pairings._between", "== asked]", "== asked][:1]"),
        tests="tests/engine/test_pairs.py::test_a_pair_in_two_uses_is_refused_with_both_places",
    ),
    bug(
        "intent-in-a-file-that-is-gone",
        "A commit into a store that was deleted in that moment counts, and its request is sent.",
        (
            "renkei.store.database:Database._transaction",
            "is_older = False\n    self._refuse_another_file()",
            "is_older = False",
        ),
        tests="tests/engine/test_store_gone.py"
        "::test_a_commit_into_a_file_that_is_gone_does_not_count",
    ),
    bug(
        "older-copy-unnoticed",
        "A store that was overwritten by an older copy is written on as if nothing had happened.",
        ("renkei.store.database:Database._note_mark", "if mark < known:", "if False:"),
        tests="tests/engine/test_store_gone.py"
        "::test_nothing_is_sent_whose_intent_nobody_would_find[before-overwritten]",
    ),
    bug(
        "older-copy-forgotten",
        "Whom an older copy of the store has forgotten is created at once, and again.",
        (
            "renkei.store.history:History._restored",
            "return connection.execute(query).scalars().all(), restored",
            "return (), None",
        ),
        tests="tests/engine/test_store_moves.py"
        "::test_an_older_copy_is_found_and_nobody_new_is_sent_too_early[sqlite]",
    ),
    bug(
        "nothing-locked-on-a-server",
        "On a server two transactions decide by what neither of them has locked.",
        ("renkei.store.views:Views._row", "_LOCKED if lock else _RUN", "_RUN"),
        tests="tests/engine/test_store_server.py"
        "::test_a_choice_waits_for_the_sync_that_is_just_beginning",
    ),
    bug(
        "write-between-two-looks",
        "A fetch that sees a later write on a server never hears of an earlier one.",
        ("renkei.store.plans:Plans.journal_now", "settled=writes", ""),
        tests="tests/engine/test_store_server.py"
        "::test_a_fetch_knows_of_every_write_that_is_being_committed",
    ),
    bug(
        "written-while-looking",
        "What is written in a moment that is only looked at is read afterwards as it was before.",
        (
            "renkei.store.database:Database._transaction",
            'if getattr(self._mine, "moment", None) is not None:',
            "if False:",
        ),
        tests="tests/engine/test_store.py"
        "::test_what_is_read_of_one_moment_is_one_transaction[sqlite]",
    ),
    bug(
        "moved-and-used",
        "A store that was moved is written on, and the two drift apart.",
        ("renkei.store.database:Database._refuse_moved", "if serial.MOVED in kept:", "if False:"),
        tests="tests/engine/test_store_moves.py::test_a_moved_store_is_no_older_copy",
    ),
    bug(
        "recovery-code-twice",
        "On a server a recovery code that is given twice at once lets somebody in twice.",
        ("renkei_web.database:Database.writing", "self._be_the_one(connection)", "pass"),
        (
            "renkei_web.second_factor:take",
            "return db.execute(sa.delete(recovery_codes).where(*mine)).rowcount == 1",
            (
                "found = db.execute(sa.select(recovery_codes).where(*mine)).first();"
                " db.execute(sa.delete(recovery_codes).where(*mine)); return found is not None"
            ),
        ),
        tests="tests/web/test_dashboard_on_server.py"
        "::test_what_is_taken_once_is_taken_once[recovery]",
    ),
    bug(
        "two-writers-of-a-dashboard",
        "On a server two at once are let in by one link or code, or past the fifth try.",
        ("renkei_web.database:Database.writing", "self._be_the_one(connection)", "pass"),
        tests="tests/web/test_dashboard_on_server.py::test_what_is_taken_once_is_taken_once[app]",
    ),
    bug(
        "dashboard-begins-anew",
        "Where a store has moved without its people, the dashboard begins with nobody.",
        ("renkei_web.moving:refuse_left_behind", "if left is None:", "if left is left:"),
        tests="tests/web/test_dashboard_on_server.py"
        "::test_people_who_were_left_behind_are_told_and_taken_along",
    ),
    bug(
        "copied-unseen",
        "A store is moved although its copy is not like it.",
        ("renkei.database.copying:compare_rows", "if not same_rows", "if False and same_rows"),
        tests="tests/engine/test_store_moves.py"
        "::test_a_copy_that_fails_half_way_has_moved_nothing[compared]",
    ),
    bug(
        "every-command-makes-a-store",
        "A command that looks for a run makes an empty store where the old one is gone.",
        ("renkei.runs.ground:Ground.store", "create=False", "create=True"),
        tests="tests/engine/test_store_gone.py::test_only_a_fetch_makes_a_store_and_says_so",
    ),
    bug(
        "purge-leaves-names",
        "A purge leaves the names of those who were chosen.",
        ("renkei.store.purge:Purge._empty", 'name="", payload=None', "payload=None"),
        tests="tests/engine/test_store.py::test_a_purge_leaves_counts_and_outcomes_and_no_value",
    ),
    bug(
        "choice-of-somebody-else",
        "A choice that another operator has replaced is synced all the same.",
        (
            "renkei.store.journal:Journal.begin_sync",
            'selection and row["selection"] != codec.selection_out(selection)',
            "False",
        ),
        tests="tests/engine/test_safety.py::test_a_choice_made_in_the_meantime_is_not_synced",
    ),
)
