import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkei.http.decode import CutOff, NotJSON, TooLarge, WebPage, elements, parse

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**18), 10**18)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=15
)
arrays = st.lists(values, max_size=8)
layouts = st.sampled_from([None, 1, "\t"])


def chunked(body: bytes, cuts: list[int]) -> list[bytes]:
    places = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    return [body[a:b] for a, b in pairwise(places)]


def read(body: bytes, *, cap: int = 1 << 20) -> list[object]:
    return list(elements([body], max_record_bytes=cap))


@given(arrays, st.lists(st.integers(0, 10_000)), layouts, st.booleans())
def test_stream_equals_the_standard_library_however_it_arrives(
    array: list[object], cuts: list[int], indent: int | str | None, ascii_only: bool
) -> None:
    """For a valid document the strict stream yields what json.loads returns, at any chunking."""
    text = json.dumps(array, indent=indent, ensure_ascii=ascii_only)
    body = text.encode("utf-8", "surrogatepass")
    if b"\xed\xa0" in body or any("\ud800" <= c <= "\udfff" for c in text):
        return  # half a surrogate pair is no UTF-8
    found = list(elements(chunked(body, cuts), max_record_bytes=1 << 20))
    assert found == json.loads(body)


@pytest.mark.fault("F08")
@given(arrays.filter(bool), st.data())
def test_a_cut_array_is_never_taken_for_a_short_one(
    array: list[object], data: st.DataObject
) -> None:
    """Every proper beginning of an array raises, whatever it yielded before."""
    body = json.dumps(array).encode()
    end = data.draw(st.integers(0, len(body) - 1))
    with pytest.raises(NotJSON):  # CutOff, but for a number cut behind its point: ``[1.``
        read(body[:end])


@given(arrays, st.binary(max_size=30), st.integers(0, 10_000))
def test_nonsense_raises_nothing_but_our_errors(
    array: list[object], junk: bytes, place: int
) -> None:
    """Bytes dropped into a document leave it valid or raise an error of this module."""
    body = json.dumps(array).encode()
    at = place % (len(body) + 1)
    try:
        found = read(body[:at] + junk + body[at:])
    except NotJSON:
        return
    assert isinstance(found, list)


@pytest.mark.fault("F12")
@pytest.mark.security(14)
@pytest.mark.parametrize(
    "body",
    [
        b"[NaN]",
        b"[-Infinity]",
        b"[1e999]",
        b'[{"a": 1, "a": 2}]',
        b"[123456789012345678901]",
        b"[" + b"[" * 65 + b"]" * 65 + b"]",
        b"[" + b"[" * 200_000,
        b'[{"a":' + b'{"a":' * 200_000,
        b"[1] 2",
        b"[1,]",
        b"[1 2]",
        b"{}",
        b'["\xff"]',
        b"['a']",
    ],
)
def test_what_strict_json_does_not_have_is_refused(body: bytes) -> None:
    """NaN, duplicate keys, endless numbers, deep nesting and trailing text are refused."""
    with pytest.raises(NotJSON):
        read(body)
    with pytest.raises(NotJSON):
        list(elements([body[i : i + 1] for i in range(min(len(body), 999))], max_record_bytes=9999))


def test_nesting_up_to_the_limit_is_read() -> None:
    """An element may be nested 64 levels deep."""
    body = b"[" * 64 + b"]" * 64
    assert parse(body, max_bytes=1000) == json.loads(body)


def test_one_large_record_is_refused() -> None:
    """The cap counts bytes, not characters."""
    fitting, larger = json.dumps(["あ" * 100], ensure_ascii=False), "x" * 301
    assert read(fitting.encode(), cap=302) == ["あ" * 100]
    with pytest.raises(TooLarge):
        read(json.dumps([larger]).encode(), cap=302)


@pytest.mark.parametrize("later", ['{"a": "%s"}' % ("x" * 301), '{"a":' * 65 + "1" + "}" * 65])
def test_later_records_have_the_limits_of_the_first(later: str) -> None:
    """A record that is too large, or nested too deep, is refused wherever it stands."""
    with pytest.raises(NotJSON):
        read(f'[{{"a": 1}},{later}]'.encode(), cap=302 if "x" in later else 9999)
    assert read(b'[{"a": 1},{"a": 2} , {"a": 3},4]', cap=302) == [*({"a": n} for n in (1, 2, 3)), 4]


@pytest.mark.security(14)
def test_an_endless_record_is_stopped_at_the_cap() -> None:
    """A record that does not end is given up soon after the cap, not at the end of the answer."""
    taken = 0

    def endless() -> object:
        nonlocal taken
        yield b'["'
        while True:
            taken += 1000
            yield b"x" * 1000

    with pytest.raises(TooLarge):
        list(elements(endless(), max_record_bytes=50_000))  # type: ignore[arg-type]
    assert taken < 300_000


def test_a_web_page_is_called_one() -> None:
    """Markup instead of data is told apart from broken data."""
    with pytest.raises(WebPage):
        read(b"\n <!DOCTYPE html><html>")


@pytest.mark.fault("F06")
@pytest.mark.security(18)
def test_errors_name_a_place_and_hold_no_text() -> None:
    """The place counts bytes, and nothing of the document travels with the error."""
    with pytest.raises(NotJSON) as caught:
        read('[{"name": "三雲"}, oops, {"name": "汐里 and more text follows here"}]'.encode())
    assert caught.value.at == '[{"name": "三雲"}, oops'.encode().index(b"oops")
    assert "三雲" not in repr(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "body", [b"", b"[", b'[{"a"', b"[1", b"[1,", b'["\xe4', b"[tru", b'["\\u12']
)
def test_a_cut_is_told_from_a_mistake(body: bytes) -> None:
    """A text that may only be incomplete is cut off: reading it again makes sense."""
    with pytest.raises(CutOff):
        read(body)


def test_an_empty_array_is_empty() -> None:
    """Nothing is a list too."""
    assert read(b" [ ] ") == []


def test_a_byte_order_mark_is_skipped() -> None:
    """A mark at the start, as some proxies add, changes nothing."""
    assert read(b"\xef\xbb\xbf[1]") == [1]
