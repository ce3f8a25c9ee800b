"""Bugs on the way to the systems, and in reading what they answer."""

from __future__ import annotations

from tests.bugs.bug import Bug, bug

BUGS: tuple[Bug, ...] = (
    bug(
        "shorter-wait-wins",
        "The last announced pause counts, though an earlier answer asked for a longer one.",
        (
            "renkei.http.pace:Pacer.hold",
            "max(self._held_until, self._clock.monotonic() + seconds)",
            "self._clock.monotonic() + seconds",
        ),
        tests="tests/engine/test_http_pace.py::test_the_longer_of_all_announced_waits_is_kept",
    ),
    bug(
        "first-announcement-wins",
        "Of Retry-After and the rate-limit headers of one refusal only the first one counts.",
        (
            "renkei.http.failure:announced_s",
            "return max((seconds for seconds in waits if seconds), default=None)",
            "return next((seconds for seconds in waits if seconds), None)",
        ),
        tests="tests/engine/test_http_pace.py"
        "::test_the_longer_of_what_one_refusal_announces_counts",
    ),
    bug(
        "one-more-than-allowed",
        "A window holds one request more than the limit.",
        (
            "renkei.http.pace:Pacer._full_s",
            "len(self._answered) < counted",
            "len(self._answered) <= counted",
        ),
        tests="tests/engine/test_http_pace.py::test_a_limit_is_used_up_and_not_exceeded",
    ),
    bug(
        "window-shorter-than-the-way",
        "A slot comes back as if every answer had taken no longer than the shortest: too early.",
        ("renkei.http.pace:Pacer._both_ways_s", "_LEAST * self._least_s", "2 * self._least_s"),
        tests="tests/engine/test_http_pace.py"
        "::test_no_window_holds_too_many_where_the_shortest_way_is_known",
    ),
    bug(
        "refused-at-the-same-pace",
        "A system that has refused a request for its limit is sent as many as before.",
        (
            "renkei.http.session:Session._refusal",
            'error.code == "rate_limit"',
            'error.code == "never"',
        ),
        tests="tests/engine/test_http_session.py"
        "::test_a_system_that_counts_otherwise_is_given_its_whole_window",
    ),
    bug(
        "short-list-is-the-whole",
        "A list with fewer people than its own total is compared.",
        (
            "renkei.http.paging:_Joined.is_whole",
            "return len(self.last_met) == self.total",
            "return True",
        ),
        tests="tests/engine/test_http_session.py::test_a_list_that_does_not_add_up_has_changed",
    ),
    bug(
        "moving-list-is-the-whole",
        "A list whose total changes from page to page is compared.",
        (
            "renkei.http.whole:same_total",
            "if known not in (None, told):",
            "if False:",
        ),
        tests="tests/engine/test_http_session.py::test_a_list_that_does_not_add_up_has_changed",
    ),
    bug(
        "unstable-pages-read-once",
        "People who stand on another page each time are missed for good.",
        (
            "renkei.http.paging:read_pages",
            "if not walk.repeated or joined.is_too_much():",
            "if True:",
        ),
        tests="tests/engine/test_http_session.py"
        "::test_pages_without_a_fixed_order_are_joined_until_all_are_there",
    ),
    bug(
        "empty-page-is-the-end",
        "A page that lost all its rows ends the list, though it links on.",
        (
            "renkei.http.paging:_Walk._goes_on",
            "return linked and not complete and self._empty < EMPTY_PARTS",
            "return False",
        ),
        tests="tests/engine/test_http_session.py::test_an_empty_page_that_links_on_is_not_the_end",
    ),
    bug(
        "first-gzip-member-only",
        "What follows the first part of a packed answer is left out.",
        (
            "renkei.http.wire:Reply._unpacked",
            "unpack.unconsumed_tail or unpack.unused_data",
            "unpack.unconsumed_tail",
        ),
        tests="tests/engine/test_http_session.py::test_all_members_of_a_packed_answer_are_read",
    ),
    bug(
        "label-decides",
        "JSON that calls itself a web page is refused.",
        (
            "renkei.http.decode:is_web_page",
            "(labelled and first not in _OURS)",
            "labelled",
        ),
        tests="tests/engine/test_http_session.py::test_json_is_json_whatever_its_label",
    ),
    bug(
        "unclear-is-nobody",
        "Code 100 for a number means that nobody has it: they are created again.",
        (
            "renkei_touchontime.connector:TouchOnTime._find_singly",
            "return None",
            "return found",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_an_answer_that_may_mean_nobody_is_settled_by_the_list",
    ),
    bug(
        "no-gender-is-odd",
        "Touch On Time's word for no gender blocks the employee.",
        ("renkei.http.values:_text", "if raw in _NOTHING_CHOSEN:", "if False:"),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_a_gender_that_nobody_has_chosen_is_empty",
    ),
    bug(
        "bare-answer-is-empty",
        "What the short answer to a write leaves out is taken for empty.",
        (
            "renkei_touchontime.records:answered",
            "whole = not _ADDITIONAL.isdisjoint(answer)",
            "whole = True",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_a_bare_answer_tells_nothing_about_the_rest",
    ),
    bug(
        "cut-list-is-the-whole",
        "A list that is cut off in the middle is compared.",
        (
            "renkei.http.session:Session._elements",
            "except CutOff:\n        raise cut_off(self.name) from None",
            "except CutOff:\n        return",
        ),
        tests="tests/engine/test_http_session.py::test_a_stream_that_ends_early_raises",
    ),
    bug(
        "missing-is-gone",
        "Whoever a list of SmartHR leaves out counts as gone, without asking for them.",
        ("renkei_smarthr.client:Client.crews_by_id", "for identity in missing:", "for _ in ():"),
        tests="tests/connectors/smarthr/test_gaps_smarthr.py"
        "::test_whom_a_list_leaves_out_is_asked_for_directly",
    ),
    bug(
        "future-hires-are-new",
        "Whoever Touch On Time shows only at a later date is created again.",
        (
            "renkei_touchontime.connector:TouchOnTime._days",
            "return (at, last) if at < last else (at,)",
            "return (at,)",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_one_call_lists_everybody_and_another_future_hires",
    ),
    bug(
        "same-page-for-ever",
        "A system that sends the same page whatever it is asked for is read without end.",
        ("renkei.http.lists:_Heard.new", "self._refuse_endless(known)", "pass"),
        tests="tests/engine/test_http_lists.py::test_a_system_that_never_comes_to_an_end_is_left",
    ),
    bug(
        "link-followed",
        "The next page is asked for where the answer says, token included.",
        (
            "renkei.http.lists:Lists._asking",
            "    return lambda page: self.get(*path, query={**(query or {}), **page})",
            (
                "    def ask(page):\n"
                '        said = vars(self).get("_said", "") if page["page"] != "1" else ""\n'
                '        if link := __import__("re").search("<(.+?)>", said):\n'
                "            from renkei.http.request import Request\n"
                '            request = Request(method="GET", url=link[1])\n'
                "            answer = self._perform(request, self._answer)\n"
                "        else:\n"
                "            answer = self.get(*path, query={**(query or {}), **page})\n"
                '        vars(self)["_said"] = answer.headers.get("link", "")\n'
                "        return answer\n"
                "    return ask"
            ),
        ),
        tests="tests/engine/test_http_session.py::test_pages_are_read_to_the_end[True-True]",
    ),
    bug(
        "silence-of-a-proxy-is-a-doubt",
        "A create that a silent proxy never let out is told as one in doubt.",
        (
            "renkei.http.departure:Departure.never_left",
            'self.place != "left" or isinstance(error, NEVER_LEFT)',
            "isinstance(error, NEVER_LEFT)",
        ),
        tests="tests/engine/test_http_network.py"
        "::test_what_a_proxy_does_not_let_out_was_never_sent[silent]",
    ),
    bug(
        "what-left-through-a-proxy-is-certain",
        "A create whose answer was lost behind a proxy counts as never sent.",
        ("renkei.http.departure:Departure.__call__", 'self.place = "left"', "pass"),
        tests="tests/engine/test_http_network.py"
        "::test_a_create_that_left_through_the_proxy_is_in_doubt",
    ),
    bug(
        "proxy-for-this-computer",
        "A system on this computer is asked for at the company's proxy, token and all.",
        (
            "renkei.http.network:Network.towards",
            'evolve(self, proxy=None) if leads_back(urlsplit(url).hostname or "") else self',
            "self",
        ),
        tests="tests/engine/test_http_network.py"
        "::test_this_computer_is_never_reached_through_the_proxy[localhost]",
    ),
    bug(
        "name-that-cannot-be-printed",
        "A name that the terminal's encoding lacks ends a command after its writes.",
        ("renkei_runner.main:run", "forgive(sys.stdout, sys.stderr)", "pass"),
        tests="tests/runner/test_encodings.py::test_a_rare_name_is_printed[cp932]",
    ),
    bug(
        "guessing-shuts-out-who-is-known",
        "A browser in which somebody has logged in waits for what others try at its address.",
        (
            "renkei_web.tries:Tries.place",
            "if _is_there(db, sa.select(browsers).where(theirs, browsers.c.at > since)):",
            "if False:",
        ),
        tests="tests/web/test_accounts.py"
        "::test_a_known_browser_gets_in_while_somebody_guesses_at_its_address",
    ),
    bug(
        "half-requests-shut-out-others",
        "One connection too many is closed, whoever it is, while the silent ones stay.",
        (
            "renkei_web.line:Line._make_room",
            "missed_least.transport.abort()",
            "self.transport.abort()",
        ),
        tests="tests/web/test_line.py::test_connections_are_counted",
    ),
    bug(
        "redirect-followed",
        "A request goes on to wherever an answer sends it.",
        ("renkei.http.wire:Wire.__init__", "follow_redirects=False", "follow_redirects=True"),
        tests="tests/engine/test_http_session.py::test_redirects_are_not_followed",
    ),
    bug(
        "reset-is-an-epoch",
        "The seconds until a limit is reset are read as an instant, which is long over.",
        (
            "renkei_smarthr.client:rooms",
            'reset_s=said["reset"]',
            'reset_s=said["reset"] - __import__("time").time()',
        ),
        tests="tests/connectors/smarthr/test_smarthr.py"
        "::test_every_family_of_limit_headers_is_read",
    ),
    bug(
        "closed-is-a-wrong-token",
        "Every 403 of Touch On Time is a wrong token, the closed hours too.",
        (
            "renkei_touchontime.client:Client._classify",
            "if _CLOSED in codes:",
            (
                "if failure.status == 403:\n"
                "        return _no_access(failure)\n"
                "    if _CLOSED in codes:"
            ),
        ),
        tests="tests/connectors/touchontime/test_touchontime.py"
        "::test_the_closed_band_is_told_by_its_code",
    ),
    bug(
        "code-as-text-not-read",
        "The flat kind of error of Touch On Time, its code a text, is not understood.",
        (
            "renkei_touchontime.client:_codes",
            "yield int(text)",
            "continue",
        ),
        tests="tests/connectors/touchontime/test_touchontime.py::test_limits_did_nothing",
    ),
    bug(
        "closed-hours-not-kept",
        "Requests are sent in closed hours.",
        (
            "renkei.http.connection:Connection.check_open",
            "if opens := hours.reopening(now):",
            "if opens := None:",
        ),
        tests="tests/engine/test_http_session.py::test_closed_hours_stop_every_request",
    ),
    bug(
        "fetch-may-write",
        "A connection for reading sends writes.",
        (
            "renkei.http.connection:Connection._refuse_writing",
            "if self.read_only:",
            "if False:",
        ),
        tests="tests/engine/test_http_session.py::test_reading_connections_refuse_writes",
    ),
    bug(
        "any-version-overwritten",
        "A change by SCIM is sent whatever version the account has by now.",
        (
            "renkei_scim.client:Client.update",
            'headers["If-Match"] = version',
            "pass",
        ),
        tests="tests/connectors/scim/test_scim.py"
        "::test_who_was_changed_meanwhile_is_not_overwritten",
    ),
    bug(
        "other-addresses-lost",
        "An update by SCIM drops the further addresses of an account.",
        ("renkei_scim.records:_replaced", "if _text(each) != first]", "if False]"),
        tests="tests/connectors/scim/test_scim.py"
        "::test_the_primary_address_is_synced_and_the_others_stay",
    ),
    bug(
        "no-filter-is-nobody",
        "Where a service knows no filters, everybody is called nobody, and created again.",
        (
            "renkei_scim.connector:SCIM._with_numbers",
            "found = list(self._client.everybody())",
            "found = []",
        ),
        tests="tests/connectors/scim/test_scim.py::test_without_filters_the_whole_list_is_read",
    ),
    bug(
        "twice-by-an-ignored-filter",
        "Where a service ignores filters, one account is taken for several of one number.",
        (
            "renkei_scim.connector:SCIM.read_employees",
            "yield from {person.id: person for person in people}.values()",
            "yield from people",
        ),
        tests="tests/connectors/scim/test_scim.py"
        "::test_where_a_filter_is_ignored_nobody_comes_twice",
    ),
    bug(
        "odd-version-stops-all",
        "The odd version of one account ends a whole sync by SCIM.",
        (
            "renkei_scim.records:_version",
            "version if version.isascii() and version.isprintable() else None",
            "version",
        ),
        tests="tests/connectors/scim/test_scim.py::test_a_version_that_cannot_be_sent_back_is_none",
    ),
    bug(
        "closed-account-opened",
        "An account that somebody has closed on purpose is opened again by a schedule.",
        (
            "renkei.plan.draft:Draft._note_partner",
            'elif roles.get("employed") is False and "employed" in mapped.values():',
            "elif False:",
        ),
        tests="tests/engine/test_employed.py"
        "::test_an_account_that_somebody_closed_is_not_opened_by_a_schedule",
    ),
    bug(
        "closing-everybody-is-usual",
        "Setting the accounts of all inactive is over no safety limit.",
        ("renkei.safety:leaves", "return change.after is False", "return False"),
        tests="tests/engine/test_employed.py"
        "::test_accounts_that_are_closed_and_opened_count_as_people_who_leave_and_return",
    ),
    bug(
        "refresh-token-twice",
        "Two processes use one refresh token: the second locks both out.",
        (
            "renkei.store.vault:_Kept.take_turn",
            "if taken is None or (taken != value and is_inside(turn, taken)):",
            "if False:",
        ),
        tests="tests/engine/test_oauth.py::test_two_connections_use_a_refresh_token_once",
    ),
    bug(
        "renewed-for-ever",
        "A token that is refused is renewed again and again.",
        ("renkei.http.session:Session._perform", "renewed = True", "renewed = False"),
        tests="tests/engine/test_oauth.py::test_a_right_that_is_missing_ends_after_one_more_try",
    ),
    bug(
        "next-refresh-token-lost",
        "The next refresh token is dropped with an access token that cannot be used: locked out.",
        (
            "renkei.http.oauth:AccessToken._renewed",
            "slot.write(tokens)",
            "self._usable(connection, said, tokens)",
        ),
        tests="tests/engine/test_oauth.py"
        "::test_the_next_refresh_token_is_kept_whatever_is_wrong_beside_it",
    ),
    bug(
        "basic-authentication-shown",
        "A token that is quoted in the Base64 of a header, behind a user name, is shown.",
        ("renkei.http.secret:_in_base64", "for before in range(3):", "for before in ():"),
        tests="tests/engine/test_http_session.py"
        "::test_a_token_is_hidden_as_a_part_of_basic_authentication",
    ),
    bug(
        "query-in-trace",
        "What stands alone in the query of an address is written to the trace: a key, a number.",
        ("renkei.http.trace:_shown", 'if "=" in part', "if part"),
        tests="tests/engine/test_http_trace.py::test_of_a_query_only_names_are_shown",
    ),
    bug(
        "token-endpoint-not-spared",
        "A token endpoint that asks for a pause is asked again at once.",
        (
            "renkei.http.session:Session._perform",
            "connection.wait_while_held()",
            "connection.check_open()",
        ),
        tests="tests/engine/test_oauth.py::test_a_wait_that_the_endpoint_asks_for_is_waited_for",
    ),
    bug(
        "any-post-may-read",
        "A connector that only reads may send a POST to any path, as a search.",
        ("renkei.http.session:Session.search", "if path not in self._reads:", "if False:"),
        tests="tests/engine/test_http_session.py::test_no_other_path_is_searched",
    ),
    bug(
        "last-key-wins",
        "Of two values for one key in an answer the last is taken.",
        ("renkei.http.decode:_unique", "if len(result) != len(pairs):", "if False:"),
        tests="tests/engine/test_http_decode.py::test_what_strict_json_does_not_have_is_refused",
    ),
    bug(
        "bomb-unpacked",
        "A small answer that unpacks into a huge one is read to its end.",
        (
            "renkei.http.wire:Reply.chunks",
            "if max(received, self._response.num_bytes_downloaded) > max_bytes:",
            "if False:",
        ),
        tests="tests/engine/test_http_session.py"
        "::test_a_small_answer_that_unpacks_into_a_huge_one_is_stopped",
    ),
    bug(
        "later-records-unlimited",
        "Only the first record of a list is held against the cap.",
        ("renkei.http.decode:_Text.objects", "(end - start) * 4 > self._cap or ", ""),
        tests="tests/engine/test_http_decode.py::test_later_records_have_the_limits_of_the_first",
    ),
    bug(
        "later-records-endlessly-deep",
        "Only the first record of a list is held against the limit of nesting.",
        (
            "renkei.http.decode:_Text.objects",
            "or _brackets(self._buffer, start, end) > MAX_DEPTH",
            "",
        ),
        tests="tests/engine/test_http_decode.py::test_later_records_have_the_limits_of_the_first",
    ),
    bug(
        "no-deadline-for-a-call",
        "A time limit is for the next byte, not for the whole call.",
        ("renkei.http.wire:Reply._raw", "if self.deadline.left_s() <= 0:", "if False:"),
        tests="tests/engine/test_gaps_http.py::test_no_answer_may_drip_for_ever",
    ),
)
