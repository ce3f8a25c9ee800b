"""Take the pictures of docs/images: every screen in both languages, with invented people.

    python -m tests.web.screenshots

People, calendar and addresses are always the same, so that a picture changes with its screen only.
"""

from __future__ import annotations

import base64
import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from playwright.sync_api import Page, sync_playwright
from tests.e2e.office import Office
from tests.pair import NOON
from tests.web.browser import SIZE, Dashboard, Person, chromium_path, new_context
from tests.web.tour import tour

from renkei.who import recorded
from renkei_sandbox import Sandbox

FOLDER = Path(__file__).resolve().parents[2] / "docs/images"
WIDTH, HEIGHT = SIZE["width"], SIZE["height"]
TALL = {"choose", "choose-new", "blocked", "outcomes"}
"""Long lists: of these, what a window shows."""

LEFT_OUT = {
    *("login-first", "lost", "closed", "refused-fetch", "login-wrong", "home-empty"),
    *("company-home", "company-users", "users-of-all", "audit", "audit-of-all"),
    *("inbox", "inbox-of-all", "fetch-in-line", "fetch-stopped", "sync-in-line"),
}
"""Of interest to tests only; and the log, which has the time of a real clock."""

STEADY = """([folder, login]) => {
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const text = texts.currentNode, steady = text.data.replace(folder, "");
    text.data = steady.replaceAll(login, "renkei@server");
  }
  for (const link of document.querySelectorAll(".copy"))
    link.textContent = link.textContent.replace(/welcome.*/, "welcome/…");
  const ja = document.documentElement.lang === "ja";
  const noon = ja ? "2026年11月20日 12:00" : "20 Nov 2026 12:00";
  for (const cell of document.querySelectorAll("td.at"))
    cell.textContent = cell.textContent.replace(/.*:.*/, noon);  // by the clock of today
  for (const field of document.querySelectorAll("html[lang=ja] input[type=date]")) {
    field.dataset.day = field.value;
    field.type = "text";  // a browser of another language writes dates in its own way
    field.value = field.dataset.day.replaceAll("-", "/") || "年/月/日";
    field.size = 10;
  }
}"""
"""Takes away what differs from one time, or one computer, to the next."""

AS_IT_WAS = """() => {
  for (const field of document.querySelectorAll("input[data-day]")) {
    field.type = "date";
    field.value = field.dataset.day;
  }
}"""

PALETTE = """async (png) => {
  const image = await createImageBitmap(await (await fetch(png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height), pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const data = pen.getImageData(0, 0, image.width, image.height).data, counts = new Map();
  const pixels = new Uint32Array(data.length / 4);
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = (data[4 * i] << 16) | (data[4 * i + 1] << 8) | data[4 * i + 2];
    counts.set(pixels[i], (counts.get(pixels[i]) || 0) + 1);
  }
  const colours = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const kept = colours.slice(0, 64);
  const apart = (a, b) => [16, 8, 0].reduce(
    (sum, bits) => sum + (((a >> bits) & 255) - ((b >> bits) & 255)) ** 2, 0);
  const nearest = new Map(colours.map((colour) => [colour, kept.reduce(
    (best, each, at) => apart(each, colour) < apart(kept[best], colour) ? at : best, 0)]));
  const indexes = Uint8Array.from(pixels, (pixel) => nearest.get(pixel));
  let text = "";
  for (let i = 0; i < indexes.length; i += 30000)
    text += String.fromCharCode(...indexes.subarray(i, i + 30000));
  return [image.width, image.height, kept, btoa(text)];
}"""


def main() -> None:
    """Walk past all screens once for each language."""
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    for language in ("ja", "en"):
        with somebody(language) as person:
            for name in tour(person):
                if name not in LEFT_OUT:
                    take(person, FOLDER / f"{name}.{language}.png", whole=name not in TALL)


@contextmanager
def somebody(language: str) -> Iterator[Person]:
    """Yield a person at a browser, with both systems and the dashboard on their usual ports."""
    with (
        TemporaryDirectory(prefix="renkei-pictures-") as folder,
        Sandbox(people=60, seed=1, now=NOON, port=8700) as box,
        pytest.MonkeyPatch.context() as patch,
        sync_playwright() as playwright,
    ):
        for system in box.systems.values():
            system.switches.rate_limit = False
        office = Office(box=box, folder=Path(folder), monkeypatch=patch)
        config = office.configure(smarthr="label: SmartHR", touchontime="label: Touch On Time")
        for name, value in office.environment().items():
            patch.setenv(name, value)
        dashboard = Dashboard(config, port=8780)
        dashboard.start()
        browser = playwright.chromium.launch(
            executable_path=chromium_path(), chromium_sandbox=os.getuid() != 0
        )
        context = new_context(browser, language)
        person = Person(office, dashboard, context, context.new_page())
        person.watch()
        yield person
        browser.close()
        dashboard.stop()


def take(person: Person, file: Path, *, whole: bool) -> None:
    """Take one picture, without what differs each time."""
    page, login = person.page, recorded(None)
    page.wait_for_load_state()
    page.mouse.move(0, 0)
    while True:
        page.evaluate(STEADY, [f"{person.office.folder}/", login])
        page.set_viewport_size({"width": WIDTH, "height": height(page) if whole else HEIGHT})
        picture = page.screenshot(animations="disabled", caret="hide")
        if login not in page.inner_text("body"):  # else a part has brought itself up to date
            break
    file.write_bytes(smaller(person, picture))
    page.evaluate(AS_IT_WAS)
    page.set_viewport_size({"width": WIDTH, "height": HEIGHT})


def smaller(person: Person, picture: bytes) -> bytes:
    """Return a picture with its 64 commonest colours: a fraction of the size, and as legible."""
    blank = person.context.new_page()
    url = "data:image/png;base64," + base64.b64encode(picture).decode()
    width, height, colours, text = blank.evaluate(PALETTE, url)
    blank.close()
    indexes = base64.b64decode(text)
    rows = b"".join(b"\0" + indexes[at : at + width] for at in range(0, len(indexes), width))
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
        (b"PLTE", b"".join(colour.to_bytes(3, "big") for colour in colours)),
        (b"IDAT", zlib.compress(rows, 9)),
        (b"IEND", b""),
    )
    chunks = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)


def height(page: Page) -> int:
    """Return how much there is to see, without the empty end of a short page."""
    last = page.locator("main > :last-child")
    return 32 + int(last.evaluate("(node) => node.getBoundingClientRect().bottom + scrollY"))


if __name__ == "__main__":
    main()
