"""Bugs in comparing: who is who, and what differs."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "absent-is-empty",
        "What SmartHR does not show counts as empty.",
        (
            "renkei.http.records:Records.__init__",
            'ABSENT if absent == "unknown" else None',
            "None",
        ),
        tests="tests/connectors/smarthr/test_smarthr.py::test_a_key_that_is_absent_is_unknown",
    ),
    bug(
        "empty-overwrites",
        "What is empty in the source empties the target, although the mapping says keep.",
        (
            "renkei.mapping.translate:Translation.translate",
            'if value is not None or row.empty == "clear":',
            "if True:",
        ),
        tests="tests/engine/test_mapping_translate.py::test_empty_leaves_the_target_alone",
    ),
    bug(
        "way-back-rewrites",
        "What a table has made one value of several is written back over the source: 101 is 100.",
        (
            "renkei.mapping.translate:Translation.agrees",
            "return self._comes_back(row, ours, target)",
            "return False",
        ),
        tests="tests/engine/test_agreement.py::test_the_way_back_rewrites_nothing_that_agrees",
    ),
    bug(
        "stand-in-rewritten",
        "A nickname that the target has taken for the name is written back over the name.",
        (
            "renkei.mapping.translate:Translation._is_mirrored",
            "mirror.copies and alike and not stands_in",
            "mirror.copies and alike",
        ),
        tests="tests/engine/test_agreement.py::test_the_way_back_rewrites_nothing_that_agrees",
    ),
    bug(
        "one-of-several-rewritten",
        "An address that the target has as one of several is written over the first one.",
        (
            "renkei.mapping.translate:Translation.differs",
            "and not (source.others or target.others)",
            "",
        ),
        tests="tests/engine/test_agreement.py"
        "::test_an_address_anywhere_in_the_list_is_no_difference",
    ),
    bug(
        "clear-without-tables",
        "What is to be emptied stays where the values of the field are in a table.",
        (
            "renkei.mapping.translate:Translation.translate",
            'or row.empty == "clear"',
            'or (row.empty == "clear" and row.values is None)',
        ),
        tests="tests/engine/test_mapping_translate.py::test_clear_holds_for_a_table_too",
    ),
    bug(
        "first-stand-in-wins",
        "Of two values that stand in for one the first counts, not the last.",
        (
            "renkei.mapping.translate:Translation._stand_ins",
            "stand_ins.update(each.fields)",
            "stand_ins = {**each.fields, **stand_ins}",
        ),
        tests="tests/engine/test_mapping_translate.py"
        "::test_of_two_stand_ins_the_last_one_that_is_filled_counts",
    ),
    bug(
        "hidden-is-empty",
        "What the source shows of nobody is emptied in the target without a person.",
        ("renkei.plan.draft:Draft._note_empty_for_all", "if fields:", "if False:"),
        tests="tests/engine/test_compare.py::test_what_nobody_has_empties_nothing_unseen",
    ),
    bug(
        "spare-address-overwritten",
        "The address that is compared in the place of an empty first one is overwritten.",
        ("renkei_touchontime.records:spares", "_filled(raw[1:])", "_filled(raw)[1:]"),
        tests="tests/connectors/touchontime/test_touchontime.py::test_only_the_first_address_changes",
    ),
    bug(
        "addresses-lost",
        "Of a list of addresses only the one that is replaced is kept.",
        (
            "renkei_touchontime.records:_addresses",
            "*spares)",
            "*spares[:0])",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py::test_only_the_first_address_changes",
    ),
    bug(
        "new-without-what-is-needed",
        "Somebody new is sent without a field that the target needs and nothing fills.",
        (
            "renkei.plan.unfilled:blocked_if_unfilled",
            "or not fields()",
            "or True",
        ),
        tests="tests/engine/test_agreement.py::test_who_is_new_is_blocked_by_what_nothing_fills",
    ),
    bug(
        "kanji-folded",
        "Rare kanji count as their common forms.",
        (
            "renkei.text:comparable",
            "_joined(text.translate(_ALIKE_IN_KANA if kana else _ALIKE))",
            'unicodedata.normalize("NFKC", text)',
        ),
        tests="tests/engine/test_compare.py::test_kanji_case_and_inner_spaces_count",
    ),
    bug(
        "near-number-created",
        "Somebody is created whose number is there in another width or with other zeros.",
        (
            "renkei.plan.draft:Draft.note_near",
            "if in_target and not self._partners:",
            "if False:",
        ),
        tests="tests/engine/test_compare.py::test_a_near_number_blocks",
    ),
    bug(
        "shared-number-of-the-source",
        "Of two in the source with one number, both are synced.",
        ("renkei.plan.draft:Draft.note_numbers", "if not alone:", "if False:"),
        tests="tests/engine/test_compare.py::test_a_number_twice_in_the_source_blocks_both",
    ),
    bug(
        "shared-number-of-the-target",
        "Of two in the target with one number, the first is taken.",
        ("renkei.plan.draft:Draft.note_numbers", "if self._partners > 1:", "if False:"),
        tests="tests/engine/test_compare.py::test_a_number_twice_in_the_target_blocks",
    ),
    bug(
        "number-used-again",
        "Whoever carries the number is the same person, whatever the name and birth date.",
        ("renkei.identity.crowd:Crowds.judge", "if ruling is Ruling.BLOCK:", "if False:"),
        tests="tests/engine/test_identity.py::test_a_number_is_still_somebodys_or_not",
    ),
    bug(
        "mail-lifts-what-it-may-not",
        "An address that others have too is proof enough.",
        (
            "renkei.identity.crowd:Crowds._is_theirs_alone",
            "return any(",
            "return bool(shared) or any(",
        ),
        tests="tests/engine/test_identity.py"
        "::test_one_address_of_their_own_lifts_a_star_and_nothing_else",
    ),
    bug(
        "elsewhere-unseen",
        "The next one's number is taken for this one's, although the target has both.",
        ("renkei.identity.crowd:Crowds.judge", "if like.is_suspicious else ()", "if False else ()"),
        tests="tests/engine/test_identity.py"
        "::test_who_is_elsewhere_in_the_target_is_not_this_number",
    ),
    bug(
        "twin-created",
        "Somebody who is there without a number is created a second time.",
        ("renkei.identity.crowd:Crowds._is_free", "return True", "return False"),
        tests="tests/engine/test_identity.py::test_somebody_new_may_be_there_already",
    ),
    bug(
        "number-given-away",
        "Who lost the number to somebody else and got a new one is created a second time.",
        (
            "renkei.identity.crowd:Crowds._is_free",
            "not self._is_in_source(number) or moved",
            "not self._is_in_source(number)",
        ),
        tests="tests/engine/test_identity.py"
        "::test_who_lost_the_number_to_somebody_else_may_be_the_new_one",
    ),
    bug(
        "signs-are-a-name",
        "Two people who have only signs for names are one: who lost the number is created again.",
        (
            "renkei.identity.crowd:Crowds._is_plainly_a_partner",
            "if not all(map(is_written, names)):",
            "if False:",
        ),
        tests="tests/engine/test_identity.py"
        "::test_who_lost_the_number_is_found_where_only_readings_are_known",
    ),
    bug(
        "joined-after-leaving",
        "A date of joining is written beside the old date of leaving.",
        (
            "renkei.plan.draft:Draft._completed",
            "return (*others, Change(left.name, self._partner.values[left.name], None))",
            "return changes",
        ),
        tests="tests/e2e/test_right_person.py"
        "::test_who_comes_back_under_the_same_number_loses_the_old_date[to_smarthr]",
    ),
    bug(
        "looked-at-by-nobody",
        "Whoever has to be looked at first goes with all the others.",
        ("renkei.plan.choose:is_among", "(selection.look_first or not entry.look_first)", "True"),
        tests="tests/e2e/test_right_person.py"
        "::test_who_must_be_looked_at_first_is_left_for_a_person[to_touchontime]",
    ),
    bug(
        "release-for-ever",
        "A release holds whatever becomes of the two records.",
        ("renkei.plan.release:Serving._now", "if changed:", "if False:"),
        tests="tests/e2e/test_right_person.py::test_a_release_ends_with_what_was_shown[to_touchontime]",
    ),
    bug(
        "release-of-a-token",
        "With a new token all releases are forgotten.",
        (
            "renkei.store.releases:Place.is_same",
            "self.connection == other.connection or ",
            "",
        ),
        tests="tests/e2e/test_right_person.py::test_a_release_outlives_a_new_token[to_touchontime]",
    ),
    bug(
        "release-replaces-a-choice",
        "Whoever releases somebody loses the choice that was made before.",
        (
            "renkei_runner.sync:sync",
            "None if wanted.chosen or wanted.excluded else runs.selection(run_id)",
            "None",
        ),
        tests="tests/e2e/test_right_person.py"
        "::test_a_release_adds_to_a_choice_and_replaces_none[to_touchontime]",
    ),
    bug(
        "own-writes-end-a-release",
        "What renkei wrote itself counts as a change of the record.",
        (
            "renkei.plan.release:Serving._now",
            "written.get(name, ())",
            "()",
        ),
        tests="tests/e2e/test_right_person.py::test_what_renkei_wrote_itself_ends_no_release[to_touchontime]",
    ),
    bug(
        "two-come-back-to-one",
        "Two records of one person in the source both go on with the same old record.",
        (
            "renkei.plan.draft:Draft._look_for_twins",
            "and crowds.goes_on(self._person, back[0])",
            "",
        ),
        tests="tests/engine/test_rehires.py::test_two_who_come_back_to_one_record_are_asked_for",
    ),
    bug(
        "released-to-two",
        "One record is released to two employees of a plan.",
        (
            "renkei.plan.release:Releasing._refuse_taken",
            "theirs.source_id != item.source_id and not gives_up",
            "False",
        ),
        tests="tests/engine/test_rehires.py::test_a_record_is_released_to_one_employee_alone",
    ),
    bug(
        "ahead-is-closed",
        "Who was registered before the day of joining is taken for somebody who was resigned.",
        ("renkei.plan.listing:Listing._was_ahead", "sent < hired <= base", "False"),
        tests="tests/engine/test_employed.py"
        "::test_who_was_registered_ahead_begins_on_the_day_of_joining",
    ),
    bug(
        "moved-numbers-are-sent",
        "A plan in which the numbers have moved is synced like any other.",
        (
            "renkei.plan.unusual:Judging._judged",
            "unusual=(*halts, *judged.unusual)",
            "unusual=judged.unusual",
        ),
        tests="tests/e2e/test_right_person.py::test_renumbered_people_halt_the_plan[to_touchontime]",
    ),
    bug(
        "leaver-of-a-used-number",
        "The date of leaving of the one before is written to whoever has the number now.",
        (
            "renkei.plan.listing:Listing._leaver",
            "if self._count(number, self._is_on_roll):",
            "if False:",
        ),
        tests="tests/e2e/test_right_person.py"
        "::test_a_leaver_whose_number_is_used_again_is_left_alone[to_touchontime]",
    ),
    bug(
        "joiner-every-night",
        "Who was created ahead and is not shown yet is created every night.",
        ("renkei.plan.listing:Listing._may_join", "or person.id in self.created", ""),
        tests="tests/e2e/test_right_person.py::test_a_joiner_is_registered_ahead_once[to_touchontime-1-True]",
    ),
    bug(
        "leaver-in-doubt-untold",
        "A date of leaving that waits for a person to look is told to nobody.",
        ("renkei.plan.listing:Listing._leaver", "self.unsure.append(number)", "pass"),
        tests="tests/e2e/test_right_person.py"
        "::test_a_leaver_who_may_be_somebody_else_is_told[to_touchontime]",
    ),
    bug(
        "glance-without-stand-ins",
        "Whoever has a business name is the same only if the legal one is in the target.",
        (
            "renkei.plan.glance:Glance._way",
            "stand_ins.update(each.fields)",
            "pass",
        ),
        tests="tests/engine/test_agreement.py::test_a_change_still_goes_out",
    ),
    bug(
        "glance-past-an-empty-field",
        "Whatever the target has where the source is empty and clears it stays there.",
        (
            "renkei.plan.glance:Glance._way",
            'if row.empty == "keep"',
            "if row",
        ),
        tests="tests/engine/test_plain.py"
        "::test_a_glance_tells_as_much_of_whoever_says_something_odd",
    ),
    bug(
        "glance-past-a-blank",
        "A name of spaces alone is the same as one of spaces alone.",
        ("renkei.plan.glance:Glance._unsaid", "_MAYBE_BLANK.search", "(lambda _texts: None)"),
        tests="tests/engine/test_plain.py"
        "::test_a_glance_tells_as_much_of_whoever_says_something_odd",
    ),
    bug(
        "glance-past-a-future-day",
        "Whoever is hired next month is on the roll of today if both say so.",
        ("renkei.plan.glance:_Who.are_employed", "day > self.base", "False"),
        tests="tests/engine/test_plain.py"
        "::test_a_glance_tells_as_much_of_whoever_says_something_odd",
    ),
    bug(
        "stored-once-for-both",
        "Of two people who are stored once the target has what the source has, whatever it says.",
        (
            "renkei.store.codec:_alike_out",
            "[before[place] for place in fields.copies_in]",
            "[read[place] for place in fields.copied]",
        ),
        tests="tests/engine/test_plain.py",
    ),
    bug(
        "address-in-two-hands",
        "Who takes an address flies beside who gives it up.",
        (
            "renkei.sync.flight:Claims.collide",
            "or handed_on",
            "",
        ),
        tests="tests/engine/test_flight.py"
        "::test_an_address_that_is_handed_on_never_flies_with_itself",
    ),
    bug(
        "first-ones-together",
        "Many new employees leave before a look has shown that the first one was stored.",
        ("renkei.sync.apply:Apply._is_barred", "first and any(", "False and any("),
        tests="tests/engine/test_flight.py::test_the_first_new_employee_flies_alone",
    ),
    bug(
        "others-not-waited-for",
        "After a refusal that may be the system's others leave before all are back.",
        (
            "renkei.sync.apply:Apply._land",
            "while odd and self._flight:",
            "while False:",
        ),
        tests="tests/engine/test_flight.py::test_nothing_leaves_after_what_may_be_the_system",
    ),
    bug(
        "forgotten-in-flight",
        "What is in flight when a sync ends is not recorded.",
        ("renkei.sync.apply:Apply._land_rest", "while self._flight:", "while False:"),
        tests="tests/engine/test_flight.py"
        "::test_whatever_ends_the_sync_those_in_flight_are_recorded",
    ),
    bug(
        "outcomes-held-back",
        "Outcomes wait for the next intents, however long nobody follows.",
        ("renkei.sync.apply:Apply._write", "self.recorder.flush()", "pass"),
        tests="tests/engine/test_flight.py"
        "::test_what_has_come_back_is_committed_before_anybody_is_looked_at",
    ),
    bug(
        "taken-beside-a-refusal",
        "A write that left before a refusal was back tells that it was about the person.",
        (
            "renkei.sync.apply:Apply._land",
            "odd += self._settle_taken(self._flight.take())",
            "odd += self._flight.take()",
        ),
        tests="tests/engine/test_flight.py::test_a_system_that_is_gone_in_the_middle_blames_nobody",
    ),
    bug(
        "more-than-promised",
        "A connector that was promised fifty people at a time is asked for all.",
        ("renkei.plugins.facade:Reader.at_once", "else BATCH", "else AT_ONCE"),
        tests="tests/engine/test_flight.py::test_so_many_are_read_again_at_a_time_as_was_promised",
    ),
    bug(
        "outcome-waits-for-room",
        "What has come back is not in the journal while a sync waits for room, and in doubt then.",
        ("renkei.sync.apply:Apply._wait_for_room", "if full:", "if False:"),
        tests="tests/engine/test_flight.py"
        "::test_what_has_come_back_is_committed_before_anybody_waits_for_room",
    ),
    bug(
        "waiting-with-a-wave-in-hand",
        "Who waits for room holds the slots of those who have not left.",
        ("renkei.sync.apply:Apply._wait_for_room", "self._leave()", "pass"),
        tests="tests/engine/test_flight.py::test_nobody_waits_for_room_with_others_in_hand",
    ),
    bug(
        "pages-out-of-order",
        "Of the pages that are asked for ahead, the newest is taken first.",
        ("renkei.http.ahead:ahead", "asked.popleft()", "asked.pop()"),
        tests="tests/engine/test_http_ahead.py",
    ),
    bug(
        "old-record-before-the-day",
        "The record of whoever comes back is written before the first day.",
        ("renkei.plan.listing:Listing._listed", "if ahead and draft.is_linked:", "if False:"),
        tests="tests/e2e/test_right_person.py"
        "::test_a_record_that_goes_on_waits_for_the_day[to_touchontime]",
    ),
    bug(
        "retired-without-a-date",
        "Whoever comes back stays 退職済み in SmartHR, without a date.",
        ("renkei_smarthr.records:changed", 'body[STATUS] = "employed"', "pass"),
        tests="tests/e2e/test_right_person.py"
        "::test_who_comes_back_under_the_same_number_loses_the_old_date[to_smarthr]",
    ),
    bug(
        "long-across-the-cut",
        "Two given names are one if a vowel of the family name swallows the difference.",
        ("renkei.identity.names:_is_whole_same", "== {True, False}", "== {None}"),
        tests="tests/engine/test_names.py::test_what_of_a_name_has_changed_is_told",
    ),
    bug(
        "released-and-halted",
        "Whoever was released still counts as one whose number has moved.",
        (
            "renkei.runs.releases:Releases.release",
            "self._count_moved(self.ground.store.run(run_id))",
            "pass",
        ),
        tests="tests/e2e/test_right_person.py::test_who_is_released_stops_nobody[to_touchontime]",
    ),
    bug(
        "last-day-at-work",
        "Whoever leaves on the base date is still listed.",
        ("renkei.identity.roll:has_left", "left <= base", "left < base"),
        tests="tests/engine/test_compare.py::test_listed_are_those_employed_on_the_base_date",
    ),
    bug(
        "token-without-the-right",
        "A role that the token cannot read for anybody counts as empty.",
        ("renkei.plan.reading:refuse_unknown_roles", "if missing:", "if False:"),
        tests="tests/engine/test_compare.py::test_a_role_unknown_for_everybody_stops_the_fetch",
    ),
    bug(
        "today-in-london",
        "The base date of a fetch is the day in UTC.",
        ("renkei.clock:Clock.today", "self.now().astimezone(JST).date()", "self.now().date()"),
        tests="tests/e2e/test_base_date.py::test_today_is_the_day_in_japan",
    ),
    bug(
        "base-date-taken-anew",
        "A sync compares as of today, not as of the base date of its plan.",
        (
            "renkei.sync.run:Sync._look",
            "self.pairing.comparison(source, writer.fields, run.base_date)",
            "self.pairing.comparison(source, writer.fields, self.clock.today())",
        ),
        tests="tests/engine/test_gaps_sync.py::test_the_base_date_of_the_plan_holds_to_its_end",
    ),
    bug(
        "numbers-in-yaml",
        "A plain number in a mapping is read as YAML reads it: 0042 is 34.",
        (
            "renkei.yamlfile.source:_Builder._take",
            "self._put(event, None if empty else event.value)",
            (
                "plain = event.implicit[0] and event.value.isdigit()\n"
                "            value = str(yaml.safe_load(event.value)) if plain else event.value\n"
                "            self._put(event, None if empty else value)"
            ),
        ),
        tests="tests/engine/test_mapping_yaml.py::test_every_scalar_is_text",
    ),
)
