/* What the queue and a case gain where scripts run: rows that change by themselves, keys, progress of a file.
   Without it every row has its buttons, and loading the page again shows what is new. */

const BY_ITSELF = { "X-Amends-By-Itself": "1" };
const POLL = 30000; // where events do not come through
const LOOK = 20000; // how often an open case says that it is looked at
const KEYS = "amends-keys";
const READING = "amends-reading";

const at = (id) => document.getElementById(id);
const rowsIn = (page) => [...page.querySelectorAll("#queue .row[id]")];

/* ---- Looking again: changed rows change where they stand, new ones wait until they are asked for ------------------- */

let waiting = null; // the newest page that was fetched, whose new rows are not shown yet
let looking = 0;
let again = false;

async function fetched(address, options = {}) {
  const answer = await fetch(address, { headers: BY_ITSELF, ...options });
  if (answer.redirected && new URL(answer.url).pathname === "/sign-in") throw new Error("signed-out");
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

function count(number, what) {
  return number === 1 ? `1 ${what}` : `${number} ${what}s`;
}

function arrived(words, press, deed) {
  const line = at("arrivals");
  if (!line) return;
  line.hidden = !words;
  document.querySelector(".queue__order").hidden = Boolean(words);
  line.replaceChildren(words ? `${words} ` : "");
  if (!press) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link-button";
  button.textContent = press;
  button.addEventListener("click", deed);
  line.append(button);
}

// A row keeps what its reader has done to it: the tick, and where the focus is.
function renew(row, fresh) {
  if (row.innerHTML === fresh.innerHTML && row.className === fresh.className) return;
  // Where an answer goes is read from what was pressed, once it is there: until then that stays.
  if (row.querySelector(".htmx-request")) return;
  const ticked = row.querySelector('input[type="checkbox"]:checked') !== null;
  const focus = row.contains(document.activeElement) ? document.activeElement : null;
  const which = focus && (focus.dataset.act ? `[data-act="${focus.dataset.act}"]` : focus.matches("a") ? ".row__link" : "input");
  row.className = fresh.className;
  row.dataset.version = fresh.dataset.version;
  row.replaceChildren(...fresh.cloneNode(true).childNodes);
  const tick = row.querySelector('input[type="checkbox"]');
  if (tick) tick.checked = ticked;
  if (which) (row.querySelector(which) || row.querySelector(".row__link")).focus({ preventScroll: true });
}

function merge(page) {
  const shown = new Map(rowsIn(document).map((row) => [row.id, row]));
  const fresh = rowsIn(page);
  const there = new Set(fresh.map((row) => row.id));
  for (const row of fresh) if (shown.has(row.id)) renew(shown.get(row.id), row);
  for (const [id, row] of shown) row.classList.toggle("row--gone", !there.has(id));
  const added = fresh.filter((row) => !shown.has(row.id)).length;
  const gone = [...shown.keys()].filter((id) => !there.has(id)).length;
  waiting = added || gone ? page : null;
  const said = [added && `${count(added, "case")} new or changed`, gone && `${count(gone, "case")} no longer in this list`];
  const words = said.filter(Boolean).join(", ");
  arrived(words ? `${words}.` : "", words && "Show the list as it is now", showWaiting);
}

// The case that is being read stays where it is on the screen, with its focus.
function showWaiting() {
  if (!waiting) return;
  const old = document.querySelector(".queue__rows");
  const anchor = at(reading) || rowsIn(document).find((row) => row.getBoundingClientRect().top >= 0);
  const top = anchor ? anchor.getBoundingClientRect().top : 0;
  const ticked = new Set([...old.querySelectorAll('input[name="case"]:checked')].map((tick) => tick.value));
  old.replaceWith(document.adoptNode(waiting.querySelector(".queue__rows")));
  waiting = null;
  for (const tick of document.querySelectorAll('input[name="case"]')) tick.checked = ticked.has(tick.value);
  wakeQueue();
  const still = anchor && at(anchor.id);
  if (still) window.scrollBy(0, still.getBoundingClientRect().top - top);
  const target = still || rowsIn(document)[0];
  if (target) target.querySelector(".row__link").focus({ preventScroll: true });
}

// After a view that could not be kept the page stands at an address that only takes forms.
function address() {
  return window.location.pathname === "/queue" ? `/queue${window.location.search}` : `/queue${at("queue").dataset.back}`;
}

function lookAgain(wait = 250) {
  if (document.hidden || over) return;
  if (looking) { again = true; return; }
  // Many pages hear of the same change: they do not all ask at the same moment.
  looking = window.setTimeout(async () => {
    try {
      if (at("queue")) merge(await fetched(address()));
      else if (at("looking")) await showLooking(await fetch(at("looking").dataset.looking, { headers: BY_ITSELF }));
    } catch (wrong) {
      if (wrong.message === "signed-out" || wrong.message === "401") signedOut();
    }
    looking = 0;
    if (again) { again = false; lookAgain(2000); }
  }, wait + Math.random() * 250);
}

function signedOut() {
  stopListening();
  window.clearInterval(polling);
  over = true;
  arrived("You were signed out, so this list stands still.", "Sign in again", () => window.location.reload());
}

/* ---- Listening --------------------------------------------------------------------------------------------------- */

let source = null;
let polling = 0;
let over = false; // signed out: nothing more is asked

function stopListening() {
  if (source) source.close();
  source = null;
}

function listen() {
  const live = document.querySelector("[data-live]");
  if (over) return;
  if (!live) { stopListening(); window.clearInterval(polling); polling = 0; return; }
  if (!polling) polling = window.setInterval(pollOrListen, POLL);
  // A browser keeps few connections to one place: pages that nobody sees leave them to the others.
  if (source || !window.EventSource || document.hidden) return;
  source = new EventSource(live.dataset.live);
  // The first word is to look at everything: between the page and that word something may have changed.
  source.addEventListener("cases", (event) => { if (concerns(JSON.parse(event.data))) lookAgain(); });
  source.addEventListener("ended", (event) => { if (JSON.parse(event.data).why === "signed-out") signedOut(); });
  source.addEventListener("error", () => { if (source && source.readyState === EventSource.CLOSED) source = null; });
}

// A server that refused once ends an EventSource for good, so it is asked anew.
function pollOrListen() {
  if (source && source.readyState === EventSource.OPEN) return;
  listen();
  lookAgain();
}

// A queue is any case's; a case's page is its own alone.
function concerns(told) {
  const here = at("looking");
  return !here || told.all || told.cases.some((each) => here.dataset.looking === `/cases/${each.reference}/looking`);
}

document.addEventListener("visibilitychange", () => { if (document.hidden) stopListening(); else pollOrListen(); });
window.addEventListener("pagehide", stopListening);
window.addEventListener("pageshow", (event) => { if (event.persisted) { listen(); lookAgain(); } });

/* ---- Keys: only where nothing is being typed, and only while they are wanted ---------------------------------------- */

const wanted = () => window.localStorage.getItem(KEYS) !== "off";
// The row that had the focus last; kept for whoever comes back from its case, which loads the page anew.
const came = window.performance.getEntriesByType("navigation")[0];
let reading = (came && came.type !== "navigate" && window.sessionStorage.getItem(READING)) || "";
document.addEventListener("focusin", () => {
  if (!current()) return;
  reading = current().id;
  window.sessionStorage.setItem(READING, reading);
});
const current = () => document.activeElement && document.activeElement.closest("#queue .row[id]");

function move(step) {
  const rows = rowsIn(document);
  const here = rows.indexOf(current() || at(reading));
  const row = rows[here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(rows.length - 1, Math.max(0, here + step))];
  if (row) { row.querySelector(".row__link").focus(); row.scrollIntoView({ block: "nearest" }); }
}

document.addEventListener("keydown", (event) => {
  if (!at("queue") || event.ctrlKey || event.altKey || event.metaKey || event.defaultPrevented) return;
  if (event.target.matches('input:not([type="checkbox"]), textarea, select, [contenteditable]') || event.target.closest("dialog")) return;
  if (!wanted()) return;
  const row = current();
  const act = { a: "acknowledge", t: "take" }[event.key];
  if (event.key === "j") move(1);
  else if (event.key === "k") move(-1);
  else if (event.key === "?") help();
  else if (act && row && row.querySelector(`[data-act="${act}"]`)) row.querySelector(`[data-act="${act}"]`).click();
  else if (act && row) { if (!waiting) arrived(act === "take" ? "There is nothing to take here." : "You have read this already."); }
  else return;
  event.preventDefault();
});

function help() {
  at("keys").querySelector("[data-keys-switch]").checked = wanted();
  at("keys").showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys-help]")) help();
  if (event.target.closest("[data-keys-close]")) at("keys").close();
  const file = event.target.closest("a[data-export]");
  if (file && !event.ctrlKey && !event.metaKey && !event.shiftKey) { event.preventDefault(); bring(file); }
});

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-keys-switch]")) window.localStorage.setItem(KEYS, event.target.checked ? "on" : "off");
});

/* ---- A button of a row: done where it stands ------------------------------------------------------------------------ */

document.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (event.target.id !== "queue-form" || !button || !button.dataset.act) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  // The form is that of all rows: what holds back a second press of one must not hold back the others.
  delete event.target.dataset.sent;
  const row = button.closest(".row");
  const body = new URLSearchParams({
    csrf: event.target.elements.csrf.value, back: event.target.elements.back.value, one: button.value,
  });
  button.disabled = true;
  try {
    const page = await fetched(button.formAction, { method: "POST", body, headers: {} });
    merge(page);
    const notice = page.querySelector("#notice p");
    if (notice && at("arrivals").hidden) arrived(notice.textContent.replace("✓", "").trim());
    if (row.isConnected && !row.contains(document.activeElement)) row.querySelector(".row__link").focus({ preventScroll: true });
  } catch (wrong) {
    button.disabled = false;
    if (wrong.message === "signed-out" || wrong.message === "401") signedOut();
    else arrived("That did not work. Nothing was changed. Try again in a minute.");
  }
}, true);

/* ---- A file, with its progress ---------------------------------------------------------------------------------------- */

async function bring(link) {
  const line = at("export-progress");
  const bar = line.querySelector("progress");
  const say = (words) => { at("export-words").textContent = words; };
  line.hidden = false;
  bar.hidden = false;
  bar.removeAttribute("value");
  say("Making the file…");
  try {
    const answer = await fetch(link.href);
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    const all = Number(answer.headers.get("Content-Length"));
    const parts = [];
    let got = 0;
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      parts.push(part.value);
      got += part.value.length;
      if (all) bar.value = Math.round((got / all) * 100);
    }
    const saved = document.createElement("a");
    saved.href = URL.createObjectURL(new Blob(parts, { type: answer.headers.get("Content-Type") }));
    saved.download = /filename="([^"]+)"/.exec(answer.headers.get("Content-Disposition"))[1];
    saved.click();
    window.setTimeout(() => URL.revokeObjectURL(saved.href), 60000);
    bar.value = 100;
    say("The file is saved.");
  } catch (wrong) {
    bar.hidden = true;
    say(wrong.message === "503" ? "Other files are being made right now. Try again in a minute." : "That did not work. Try again in a minute.");
  }
}

/* ---- A case that is open says so to the others at the desk, and hears who else looks --------------------------------------
   It never opens the case anew: nobody pressed anything, so nobody has read what is new there. */

let looks = 0;

async function sayLooking(gone = false) {
  const here = at("looking");
  if (!here || (document.hidden && !gone)) return;
  const body = new URLSearchParams({ csrf: here.dataset.csrf, ...(gone ? { gone: "1" } : {}) });
  try {
    const answer = await fetch(here.dataset.looking, { method: "POST", body, headers: BY_ITSELF, keepalive: gone });
    if (!gone) await showLooking(answer);
  } catch { /* The next one says it. */ }
}

async function showLooking(answer) {
  const said = answer.ok && !answer.redirected ? await answer.text() : "";
  if (at("looking") && at("looking").textContent !== said) at("looking").textContent = said;
}

window.addEventListener("pagehide", () => sayLooking(true));
document.addEventListener("visibilitychange", () => { if (document.hidden) sayLooking(true); else sayLooking(); });

/* ---- Pages come by themselves as well (htmx): what is open decides what goes on ------------------------------------------- */

function wakeQueue() {
  const line = document.querySelector(".keys-line");
  if (line) line.hidden = false;
}

let onCase = "";

function wake() {
  wakeQueue();
  waiting = null;
  over = false;
  listen();
  const here = at("looking");
  const path = here ? here.dataset.looking : "";
  if (path === onCase) return;
  onCase = path;
  window.clearInterval(looks);
  if (path) { sayLooking(); looks = window.setInterval(() => sayLooking(), LOOK); }
}

document.body.addEventListener("htmx:beforeSwap", (event) => { if (event.detail.target.id === "main") sayLooking(true); });
document.body.addEventListener("htmx:afterSettle", () => { if (onCase && !at("looking")) onCase = ""; wake(); });
wake();
