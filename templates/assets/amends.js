/* What the pages gain where scripts run. Nothing here is needed to report, to take a step or to read a case. */

const body = document.body;
body.classList.add("js-enabled", "govuk-frontend-supported");

const designSystem = import(document.querySelector('meta[name="govuk-frontend"]').content);
const working = document.getElementById("working");

/* ---- Times that go on ---------------------------------------------------------------------------------------- */

let ahead = 0; // how far the server's clock is ahead of this one, in milliseconds

function count(number, what) {
  return number === 1 ? `${number} ${what}` : `${number} ${what}s`;
}

// The same words as `minutes_words` in service/core/templating.py.
function stretch(milliseconds) {
  const minutes = Math.floor(milliseconds / 60000);
  if (minutes < 1) return "less than a minute";
  if (minutes < 60) return count(minutes, "minute");
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return count(hours, "hour") + (minutes % 60 && hours < 6 ? ` ${count(minutes % 60, "minute")}` : "");
  const days = Math.floor(hours / 24);
  return count(days, "day") + (hours % 24 && days < 3 ? ` ${count(hours % 24, "hour")}` : "");
}

function tick() {
  const now = Date.now() + ahead;
  for (const time of document.querySelectorAll("time[data-tick]")) {
    const at = Date.parse(time.dateTime);
    let words = stretch(now - at);
    if (time.dataset.tick === "left") {
      time.classList.toggle("due--late", at <= now);
      words = at > now ? `${stretch(at - now)} left` : `late by ${words}`;
    }
    if (time.textContent !== words) time.textContent = words;
  }
  for (const field of document.querySelectorAll("input[data-just-now]")) justNow(field);
}

// A time that means "just now" goes on until somebody sets it. Its own clock is that of the person's zone.
function justNow(field) {
  const { start, since } = field.dataset;
  if (!start) {
    field.dataset.start = field.max;
    field.dataset.since = Date.now();
    field.addEventListener("input", () => field.removeAttribute("data-just-now"));
  }
  const minutes = since ? Date.now() - Number(since) : 0;
  field.value = new Date(Date.parse(`${start || field.max}Z`) + minutes).toISOString().slice(0, 16);
  field.max = field.value;
}

/* ---- A page, or the part of one that htmx brought, comes to life ----------------------------------------------- */

function wake(scope) {
  const told = scope.dataset.now ? Date.parse(scope.dataset.now) : NaN;
  if (!Number.isNaN(told)) ahead = told - Date.now();
  tick();
  designSystem.then(({ initAll }) => initAll({ scope }));

  for (const button of scope.querySelectorAll("[data-copy], [data-now-for], [data-fill]")) button.hidden = false;
  for (const link of scope.querySelectorAll(".look-again")) link.hidden = true;
  for (const area of scope.querySelectorAll("textarea[data-max]")) countDown(area);
  for (const form of scope.querySelectorAll("form[data-keep]")) keep(form);
  for (const form of scope.querySelectorAll("form[data-guarding]")) guard(form);
  if (window.matchMedia("(min-width: 56em)").matches) {
    for (const fold of scope.querySelectorAll("details[data-wide-open]")) fold.open = true;
  }
  reveal();
}

// After a page came by itself, the reader and the screen reader are taken to what matters on it.
function arrive(main) {
  const summary = main.querySelector("#error-summary");
  const target = summary || main.querySelector("#notice") || main;
  target.focus({ preventScroll: target === main });
}

/* ---- Copying ------------------------------------------------------------------------------------------------- */

async function copyWords(button) {
  const source = document.getElementById(button.dataset.copy);
  const words = "value" in source ? source.value : source.textContent;
  const label = button.dataset.label || (button.dataset.label = button.textContent);
  let done = false;
  try {
    await navigator.clipboard.writeText(words);
    done = true;
  } catch {
    if (source.select) source.select();
    else window.getSelection().selectAllChildren(source);
    done = document.execCommand("copy");
  }
  button.textContent = done ? "Copied" : "Select the words and copy them";
  button.setAttribute("aria-live", "polite");
  window.setTimeout(() => { button.textContent = label; }, 4000);
}

/* ---- Typed words --------------------------------------------------------------------------------------------- */

function countDown(area) {
  const max = Number(area.dataset.max);
  const line = document.createElement("p");
  line.className = "left-count";
  line.hidden = true;
  area.after(line);
  const show = () => {
    const left = max - area.value.length;
    line.hidden = left > max / 10;
    line.textContent = left < 0 ? `${count(-left, "character")} too many` : `${count(left, "character")} left`;
  };
  area.addEventListener("input", show);
  show();
}

const unsent = new Set();

function keep(form) {
  // What was refused came back with the page, and is not sent either.
  const refused = form.dataset.keep === "refused";
  if (refused) unsent.add(form);
  const written = () => refused || [...form.querySelectorAll("textarea, input[type=text], input[type=url]")]
    .some((field) => field.value !== field.defaultValue);
  form.addEventListener("input", () => { if (written()) unsent.add(form); else unsent.delete(form); });
}

function anythingUnsent() {
  for (const form of unsent) if (!form.isConnected) unsent.delete(form);
  return unsent.size > 0;
}

// What is half written in other forms waits in this tab's memory while one is sent, and is put into the page that comes
// back. It is stored nowhere: signing in or out, or leaving at once, ends it with the page.
let aside = null;

function setAside(sent) {
  const forms = [...unsent].filter((form) => form.isConnected && form !== sent);
  aside = forms.length && sent.matches("main form") ? { page: window.location.pathname, forms } : null;
}

function putBack(main) {
  const { page, forms } = aside || { forms: [] };
  aside = null;
  if (page !== window.location.pathname || !document.querySelector(".bell")) return;
  for (const old of forms) {
    const fields = [...old.elements].filter((field) => field.id && !("justNow" in field.dataset));
    const form = fields.map((field) => document.getElementById(field.id)?.form).find(Boolean);
    if (form) refill(form, fields);
    else main.prepend(leftOver(fields));
  }
}

function refill(form, fields) {
  for (const old of fields) {
    const choice = ["radio", "checkbox"].includes(old.type);
    const field = [...form.elements].find((each) => each.name === old.name && (!choice || each.value === old.value));
    if (!field) continue;
    if (choice) field.checked = old.checked;
    else if (old.type === "file") field.files = old.files;
    else field.value = old.value;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  for (let fold = form.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
}

// Its form is not on the page any more.
function leftOver(fields) {
  const box = document.createElement("details");
  box.className = "govuk-details";
  box.open = true;
  box.append(document.createElement("summary"));
  box.firstChild.className = "govuk-details__summary";
  box.firstChild.textContent = "What you wrote, and did not send";
  for (const field of fields.filter((each) => each.matches("textarea, input[type=text], input[type=url]") && each.value)) {
    const said = document.createElement("p");
    said.className = "govuk-details__text words";
    said.dir = "auto";
    said.textContent = field.value;
    box.append(said);
  }
  return box;
}

window.addEventListener("beforeunload", (event) => {
  if (anythingUnsent()) event.preventDefault();
});

/* ---- Leaving at once ------------------------------------------------------------------------------------------- */

// The design system's own script leaves the page in the history, is held up by words that are not sent, and loses its
// key as soon as htmx brings another page. This one follows it in all that people see and hear.
const SHIFTS = 3;
let shifts = 0;
let shifted = false;
let forgotten = 0;

function leave(link) {
  const cover = document.createElement("p");
  cover.className = "govuk-exit-this-page-overlay";
  cover.setAttribute("role", "alert");
  body.classList.add("govuk-exit-this-page-hide-content");
  body.append(cover);
  cover.textContent = "Loading.";
  document.title = "Notes";
  unsent.clear();
  aside = null;
  for (const form of document.forms) form.reset();
  window.sessionStorage.clear(); // htmx notes there which page this was
  window.location.replace(link.href);
}

document.addEventListener("keyup", (event) => {
  const link = document.querySelector("a[data-leave]");
  const counts = link && event.key === "Shift" && !shifted;
  // A capital letter ends with Shift as well.
  shifted = event.shiftKey;
  window.clearTimeout(forgotten);
  if (!counts && !shifts) return;
  shifts = counts ? shifts + 1 : 0;
  if (shifts >= SHIFTS) {
    leave(link);
    return;
  }
  const said = document.querySelector("[data-leave-said]");
  const times = SHIFTS - shifts;
  if (said) said.textContent = shifts ? `Shift, press ${count(times, "more time")} to leave.` : "";
  forgotten = window.setTimeout(() => {
    shifts = 0;
    if (said) said.textContent = "";
  }, 5000);
}, true);

/* ---- Guarded reports: yes or not sure closes the boxes for words -------------------------------------------------- */

function guard(form) {
  const fields = form.querySelectorAll("[data-closes] input, [data-closes] textarea");
  const look = () => {
    const risky = ["safety_risk", "possibly_classified"]
      .some((name) => ["yes", "unsure"].includes(form.elements[name].value));
    for (const field of fields) field.disabled = risky;
  };
  form.addEventListener("change", look);
  look();
}

/* ---- Links into a folded part open it ---------------------------------------------------------------------------- */

function reveal() {
  const id = decodeURIComponent(window.location.hash.slice(1));
  const target = id && document.getElementById(id);
  if (!target) return;
  for (let fold = target.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
  target.scrollIntoView({ block: "start" });
  if (target.matches("input, textarea, select")) target.focus();
}

window.addEventListener("hashchange", reveal);

/* ---- Presses ----------------------------------------------------------------------------------------------------- */

document.addEventListener("click", (event) => {
  const leaving = event.target.closest("a[data-leave]");
  if (leaving) {
    event.preventDefault();
    leave(leaving);
    return;
  }

  const copying = event.target.closest("[data-copy]");
  if (copying) copyWords(copying);

  const filling = event.target.closest("[data-fill]");
  if (filling) {
    const field = document.getElementById(filling.dataset.fill);
    field.value = document.getElementById(filling.dataset.from).textContent;
    field.focus();
  }

  const timing = event.target.closest("[data-now-for]");
  if (timing) {
    const field = document.getElementById(timing.dataset.nowFor);
    if (field.max) field.value = field.max;
  }

  const jump = event.target.closest('a[href^="#"]');
  if (jump && jump.hash === window.location.hash) reveal();
});

// What looks like a button and is announced as one also answers to the space bar.
document.addEventListener("keydown", (event) => {
  if (event.key !== " " || !event.target.matches('a[role="button"]')) return;
  event.preventDefault();
  event.target.click();
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  // The server would refuse it with the words kept; far too much it would not even take in.
  const long = [...form.querySelectorAll("textarea[data-max]")].find((area) => area.value.length > Number(area.dataset.max));
  if (long) {
    event.preventDefault();
    event.stopImmediatePropagation();
    long.setCustomValidity(`Use at most ${Number(long.dataset.max).toLocaleString("en-GB")} characters. Nothing is sent yet.`);
    long.reportValidity();
    long.addEventListener("input", () => long.setCustomValidity(""), { once: true });
    return;
  }
  // What is only looked at is saved as a file, and the page stays: the next press may follow at once.
  if (event.submitter && "again" in event.submitter.dataset) return;
  if (form.dataset.sent) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  form.dataset.sent = "yes";
  unsent.delete(form);
  window.setTimeout(() => { delete form.dataset.sent; }, 8000);
}, true);

/* ---- htmx: what it says while it works, and where it leaves the reader --------------------------------------------- */

function say(words, trouble = false) {
  working.textContent = words;
  working.classList.toggle("working--trouble", trouble);
  working.setAttribute("role", trouble ? "alert" : "status");
  working.hidden = false;
}

let slow = 0;

body.addEventListener("htmx:beforeRequest", (event) => {
  const form = event.detail.elt;
  if (form.matches("a") && anythingUnsent() && !window.confirm("You have typed words that are not sent. Leave them?")) {
    event.preventDefault();
    return;
  }
  if (!form.matches("[data-upload]")) slow = window.setTimeout(() => say("Working on it…"), 700);
});

body.addEventListener("htmx:afterRequest", (event) => {
  window.clearTimeout(slow);
  delete event.detail.elt.dataset.sent;
  if (!working.classList.contains("working--trouble")) working.hidden = true;
});

body.addEventListener("htmx:beforeSwap", (event) => {
  if (event.detail.target.id === "main") setAside(event.detail.requestConfig.elt);
  working.hidden = true;
  working.classList.remove("working--trouble");
});

// A refused form stays on the address it stood on, so that loading the page again shows the page.
body.addEventListener("htmx:beforeHistoryUpdate", (event) => {
  if (event.detail.xhr && event.detail.xhr.status >= 400) {
    event.detail.history.type = "replace";
    event.detail.history.path = window.location.pathname + window.location.search;
  }
});

for (const trouble of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) {
  body.addEventListener(trouble, (event) => {
    window.clearTimeout(slow);
    if (event.detail.elt.matches("form[data-keep]")) unsent.add(event.detail.elt);
    say(trouble === "htmx:responseError"
      ? "That did not work, and nothing was kept. Your words are still here. Try again in a minute."
      : "You seem to be offline. Your words are still here. Try again.", true);
  });
}

body.addEventListener("htmx:afterSettle", (event) => {
  const main = document.getElementById("main");
  if (!main || (event.detail.elt !== main && !main.contains(event.detail.elt))) return;
  wake(main);
  putBack(main);
  if (event.detail.elt === main && event.detail.requestConfig && event.detail.requestConfig.elt.matches("a, form")) arrive(main);
});

body.addEventListener("htmx:xhr:progress", (event) => {
  const line = event.target.querySelector ? event.target.querySelector(".progress") : null;
  if (!line || !event.detail.lengthComputable) return;
  const percent = Math.round((event.detail.loaded / event.detail.total) * 100);
  line.hidden = false;
  line.querySelector("progress").value = percent;
  line.querySelector(".progress__words").textContent = percent < 100 ? `Sending: ${percent} %` : "Sent. We are checking it…";
});

wake(document.getElementById("main"));
const summary = document.getElementById("error-summary");
if (summary) summary.focus();
window.setInterval(tick, 10000);
