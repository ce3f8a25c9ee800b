// The little that pages need beside htmx: the token on each request, one click once, ticks that are not
// lost, the focus, and the base date in words.
"use strict";

document.addEventListener("htmx:config:request", (event) => {
  const request = (event.detail.ctx || event.detail).request;
  request.headers["X-CSRF-Token"] = document.body.dataset.csrf || "";
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!("once" in form.dataset)) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  form.setAttribute("aria-busy", "true");
});

// What could not be stored is not shown as if it were; what cannot be brought up to date says so.
for (const failed of ["htmx:error", "htmx:response:error"]) {
  document.addEventListener(failed, (event) => {
    const source = event.detail.ctx && event.detail.ctx.sourceElement;
    if (source && source.matches("[data-tick]")) lost(source);
    else offline(true);
  });
}
document.addEventListener("htmx:after:swap", () => offline(false));

function offline(yes) {
  const notice = document.getElementById("offline");
  if (notice) notice.hidden = !yes;
}

// --- ticks: each is known here until it is stored ---

const unanswered = new Map();

for (const [happens, what] of [["change", "input[data-tick]"], ["click", "button[data-tick]"]]) {
  document.addEventListener(happens, (event) => {
    const tick = event.target.closest(what);
    if (!tick) return;
    unanswered.set(tick.id, tick.checked);
    beside(tick).querySelector(".lost")?.remove();
  }, true);
}

function beside(tick) {
  return tick.closest("tr")?.querySelector(".name") || tick.closest(".toolbar");
}

function lost(tick) {
  unanswered.delete(tick.id);
  onward = null;  // whoever reads this is still here
  if (tick.type === "checkbox") tick.checked = !tick.checked;
  if (!tick.isConnected || beside(tick).querySelector(".lost")) return;
  beside(tick).append(document.getElementById("lost").content.cloneNode(true));
}

// A tick that meets the end of the session waits in this tab until the same person is back.
document.addEventListener("htmx:after:request", (event) => {
  const { sourceElement, response } = event.detail.ctx;
  if (!sourceElement.matches("[data-tick]") || response.status >= 400) return;
  if (response.headers.has("HX-Refresh")) {
    const kept = { user: document.body.dataset.user, at: here(), ticks: [...unanswered] };
    sessionStorage.setItem("ticks", JSON.stringify(kept));
  } else unanswered.delete(sourceElement.id);
  if (onward && !unanswered.size) onward();
});

// Whoever goes on quickly takes all ticks along: leaving the page would drop those not yet sent.
let onward = null;

function afterTicks(event, goOn) {
  if (!unanswered.size) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  onward = goOn;
}
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href]:not([hx-get])");
  const beside = event.ctrlKey || event.metaKey || event.shiftKey;  // another tab: this one stays
  if (link && !beside) afterTicks(event, () => location.assign(link.href));
}, true);
document.addEventListener("submit", (event) => {
  afterTicks(event, () => event.target.requestSubmit(event.submitter));
}, true);

function tickAgain() {
  const text = document.getElementById("people") && sessionStorage.getItem("ticks");
  if (!text) return;
  sessionStorage.removeItem("ticks");
  const kept = JSON.parse(text);
  if (kept.user !== document.body.dataset.user || kept.at !== here()) return;
  for (const [id, on] of kept.ticks) {
    const tick = document.getElementById(id);
    if (tick && (tick.type !== "checkbox" || tick.checked !== on)) tick.click();
  }
}
setTimeout(tickAgain);  // after htmx has begun, which waits as long

function here() {
  return location.pathname + location.search;
}

// --- the focus: what has it may be gone after a look at the run; then it is on the run's state ---

let focused = null;
document.addEventListener("htmx:before:swap", () => {
  const at = document.activeElement;
  focused = at && at.closest("#run") ? at : null;
});
document.addEventListener("htmx:after:swap", () => {
  if (focused && !focused.isConnected) document.getElementById("state")?.focus({ preventScroll: true });
  focused = null;
});

// A page that the back button brings out of the browser's memory may send its form again.
window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  if (document.getElementById("people")) location.reload();  // ticks may have changed since
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
    form.removeAttribute("aria-busy");
  }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-explains]")) explain(event.target);
});

function explain(field) {
  const place = document.querySelector(`#${field.dataset.explains} [data-day]`);
  if (!place || !field.value) return;
  const [year, month, day] = field.value.split("-").map(Number);
  const moment = new Date(Date.UTC(year, month - 1, day));
  const options = document.documentElement.lang === "ja"
    ? { year: "numeric", month: "long", day: "numeric", weekday: "short", timeZone: "UTC" }
    : { year: "numeric", month: "long", day: "numeric", timeZone: "UTC" };
  const locale = document.documentElement.lang === "ja" ? "ja-JP" : "en-GB";
  const text = new Intl.DateTimeFormat(locale, options).format(moment);
  place.textContent = place.dataset.text.replaceAll("{day}", text);
}
