"""Touch On Time's error bodies. Codes from 9000 are ours; the vendor's list is not public."""

from __future__ import annotations

from typing import Final

from renkei_sandbox.messages import Answer, Fields, dump

DATE_FORMAT: Final = 2
AUTHENTICATION: Final = 100
CLOSED: Final = 104
LIMIT: Final = 105
BAD_TOKEN: Final = 111
EMPTY: Final = 222
UNAVAILABLE: Final = 300
UNKNOWN_KEY: Final = 526
CODE_TAKEN: Final = 9001
UNKNOWN_CHOICE: Final = 9002
GENDER: Final = 9003
CODE_CHARACTERS: Final = 9004
DATE_ORDER: Final = 9005
EMAIL: Final = 9006
EMAIL_TWICE: Final = 9007
NOT_JSON: Final = 9008
TOO_LONG: Final = 9009
WRONG_TYPE: Final = 9010
DATE_RANGE: Final = 9011
UNKNOWN_CODE: Final = 9012
NO_ROUTE: Final = 9013
INCOMPLETE: Final = 9014

MESSAGES: Final = {
    DATE_FORMAT: "日付の形式が不正です。",
    AUTHENTICATION: "認証に失敗しました。",
    LIMIT: "リクエスト数の上限を超えました。",
    BAD_TOKEN: "認証に失敗しました。",
    UNAVAILABLE: "Resource Server Error.",
    UNKNOWN_KEY: "従業員識別キーが存在しません。",
    UNKNOWN_CODE: "従業員コードが存在しません。",
    NOT_JSON: "リクエストボディがJSONではありません。",
    INCOMPLETE: "リクエストの内容に不備があります。",
    NO_ROUTE: "指定されたURLは存在しません。",
    DATE_RANGE: "日付は3年前から1年後までの範囲で指定してください。",
}
_STATUS_CODES: Final = {400: EMPTY, 401: BAD_TOKEN, 403: AUTHENTICATION, 404: UNKNOWN_KEY}


def errors(status: int, *entries: tuple[int, str]) -> Answer:
    """Return the common shape: a list of codes (numbers) and messages."""
    listed: list[Fields] = [{"message": message, "code": code} for code, message in entries]
    return Answer(status=status, body=dump({"errors": listed}))


def error(status: int, code: int) -> Answer:
    """Return the common shape with one entry and its usual message."""
    return errors(status, (code, MESSAGES.get(code, "エラーが発生しました。")))


def flat(status: int, code: str) -> Answer:
    """Return the other shape, which too many requests get: flat, its code a string."""
    return Answer(status=status, body=dump({"code": code, "message": "Too Many Requests"}))


def closed(bands: list[tuple[str, str]]) -> Answer:
    """Return the refusal in the closed hours."""
    hours = ", ".join(f"{start} ～ {end}" for start, end in bands)
    sentence = f"次の時間帯（JST）はAPIへのアクセスが禁止されています [{hours}]"
    return errors(403, (CLOSED, sentence))


def usual(status: int, code: int | None) -> Answer | None:
    """Return the vendor's answer for *status* and *code*, or None where it has none."""
    if status == 429 or code in (303, 308):
        return flat(status, str(code or 303))
    known = _STATUS_CODES.get(status, UNAVAILABLE if status == 500 else None)
    chosen = known if code is None else code
    if chosen == CLOSED:
        answer = closed([("08:30", "10:00"), ("17:30", "18:30")])
        answer.status = status
        return answer
    return None if chosen is None else error(status, chosen)
