"""Makes workbooks, well-formed ones and others, from cells that are written as in their XML."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from html import escape
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

MAIN = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
LINK = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
KIND = "application/vnd.openxmlformats-officedocument.spreadsheetml"
STYLES = (
    "General",
    "yyyy/m/d",
    "0000",
    '[$-411]ggge"年"m"月"d"日"',
    "#,##0;[Red]-#,##0",
    "[Red]h:mm",
)
DAY, PADDED, ERA, MONEY, TIME, BUILT_IN = 1, 2, 3, 4, 5, 6
"""Places of styles; the last one is a format of Japanese dates that no workbook spells out."""


def made(
    *rows: Sequence[object],
    strings: Sequence[str] = (),
    more: str = "",
    from_1904: bool = False,
    parts: Mapping[str, str | bytes | None] | None = None,
) -> bytes:
    """Return a workbook with these rows; *parts* are put in the place of others, None: left out."""
    sheet = "".join(
        f'<row r="{at}">{"".join(map(cell, row))}</row>' for at, row in enumerate(rows, 1)
    )
    formats = "".join(
        f'<numFmt numFmtId="{164 + at}" formatCode="{escape(code)}"/>'
        for at, code in enumerate(STYLES)
    )
    kinds = "".join(f'<xf numFmtId="{number}"/>' for number in (*range(164, 170), 31))
    texts = "".join(f"<si>{each}</si>" for each in strings)
    contents: dict[str, str | bytes | None] = {
        "[Content_Types].xml": f'<Types xmlns="{TYPES}">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{KIND}.sheet.main+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{KIND}.sharedStrings+xml"/>'
        "</Types>",
        "xl/workbook.xml": f'<workbook {MAIN} xmlns:r="{LINK}">'
        f'<workbookPr date1904="{int(from_1904)}"/><sheets>'
        '<sheet name="old" sheetId="1" state="hidden" r:id="a"/>'
        '<sheet name="staff" sheetId="2" r:id="b"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": "<Relationships>"
        f'<Relationship Id="a" Type="{LINK}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="b" Type="{LINK}/worksheet" Target="/xl/worksheets/sheet2.xml"/>'
        f'<Relationship Id="c" Type="{LINK}/styles" Target="styles.xml"/>'
        f'<Relationship Id="d" Type="{LINK}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
        "xl/styles.xml": f"<styleSheet {MAIN}><numFmts>{formats}</numFmts>"
        f'<cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs>{kinds}</cellXfs></styleSheet>',
        "xl/sharedStrings.xml": f"<sst {MAIN}>{texts}</sst>",
        "xl/worksheets/sheet1.xml": f"<worksheet {MAIN}><sheetData>"
        '<row><c t="inlineStr"><is><t>no</t></is></c></row></sheetData></worksheet>',
        "xl/worksheets/sheet2.xml": f"<worksheet {MAIN}><sheetData>{sheet}</sheetData>{more}"
        "</worksheet>",
        **(parts or {}),
    }
    buffer = BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            if content is not None:
                archive.writestr(name, content)
    return buffer.getvalue()


def cell(value: object) -> str:
    """Return a cell in XML: one that is given as such, or a value as programs write it."""
    if isinstance(value, str) and value.startswith("<c"):
        return value
    if value is None:
        return "<c/>"
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    if isinstance(value, dt.date):
        return f'<c s="{DAY}"><v>{(value - dt.date(1899, 12, 30)).days}</v></c>'
    if isinstance(value, int | float):
        return f"<c><v>{value}</v></c>"
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(str(value))}</t></is></c>'


def numeral(value: object, style: int) -> str:
    """Return a cell with a number in a style."""
    return f'<c s="{style}"><v>{value}</v></c>'
