// The little that pages need beside htmx: the token on each request, one click once, the base date in words.
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
    if (source && source.matches("[type=checkbox]")) source.checked = !source.checked;
    offline(true);
  });
}
document.addEventListener("htmx:after:swap", () => offline(false));

function offline(yes) {
  const notice = document.getElementById("offline");
  if (notice) notice.hidden = !yes;
}

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
