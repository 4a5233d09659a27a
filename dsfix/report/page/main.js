// The page put together: where it is, keys, and what a running session adds.

const POLL = 1000;

const side = el("nav", { "aria-label": "conversations" });
const main = el("main", { tabindex: -1 });
const query = el("input", { type: "search", placeholder: "Search ( / )", "aria-label": "search",
  spellcheck: "false", autocomplete: "off" });
const found = el("div", { class: "found", hidden: true });
const state = el("span", { class: "state" });
const help = el("dialog", { class: "help", "aria-label": "keys" });
const KEYS = { j: "next row", k: "row before", o: "open or close a row", e: "open or close all",
  "/": "search", Enter: "next hit, in the search", "Shift-Enter": "hit before", t: "timeline",
  c: "main conversation", d: "light or dark", "?": "these keys", Esc: "leave the search" };

let threads = [], view = null, at = -1;

function start() {
  const { session } = record;
  const small = (label, text, act) => el("button", { type: "button", "aria-label": label,
    title: label, onclick: act }, text);
  document.body.prepend(
    el("header", {}, el("button", { type: "button", class: "skip", onclick: () => main.focus() },
      "To the conversation"), el("h1", {}, session.title || session.id), state,
      el("a", { href: "#timeline" }, "Timeline"), query,
      small("light or dark (d)", "◐", toggleTheme), small("keys (?)", "?", showHelp), found),
    el("div", { class: "columns" }, side, main), help);
  help.append(el("h2", {}, "Keys"), factList(KEYS), el("form", { method: "dialog" },
    el("button", {}, "Close")));
  try {
    setTheme(localStorage.getItem("dsfix-theme"));
  } catch { /* a file may have no storage */ }
  listThreads();
  addEventListener("hashchange", route);
  addEventListener("keydown", onKey);
  addEventListener("beforeprint", () => view.lazy?.fillAll());
  query.addEventListener("input", later(search, 150));
  query.addEventListener("keydown", onSearchKey);
  new ResizeObserver(() => document.documentElement.style.setProperty("--head",
    `${document.querySelector("header").offsetHeight}px`)).observe(document.querySelector("header"));
  route();
  if (document.documentElement.dataset.news && session.state === "running") follow();
}

function listThreads() {
  threads = conversations();
  const { session } = record;
  state.textContent = session.state === "ended" && session.exit_code !== null
    ? `exit ${session.exit_code}` : session.state;
  state.dataset.state = session.state;
  const facts = fold("session", { class: "session" }, [el("b", {}, "Session"), session.id],
    () => factList(sessionFacts()), matchMedia("(min-width: 60rem)").matches);
  swap(side, [facts, ...sideList(threads, view?.thread)]);
}

/** Put other children in, but those that are the same; the focus stays where it was. */
function swap(parent, made) {
  const old = [...parent.children];
  for (const [at, each] of made.entries()) {
    if (old[at]?.isEqualNode(each)) continue;
    const focused = old[at]?.contains(document.activeElement);
    if (old[at]) old[at].replaceWith(each);
    else parent.append(each);
    if (focused) (each.querySelector("summary") ?? each).focus({ preventScroll: true });
  }
  for (const gone of old.slice(made.length)) gone.remove();
}

/** Show what the address names. */
function route() {
  const where = location.hash.slice(1);
  const exchange = /^exchange=(\d+)$/.exec(where), compared = /^compare=(\d+),(\d+)$/.exec(where);
  if (exchange) showExchange(Number(exchange[1]));
  else if (compared) show("compare", compareView(Number(compared[1]), Number(compared[2])));
  else if (where === "timeline") showTimeline();
  else showThread(Number(/^c(\d+)$/.exec(where)?.[1] ?? mainThread()));
}

/** The conversation with which the page opens: the longest of the main ones. */
function mainThread() {
  const long = (each) => each.exchanges.length + (each.kind === "main" ? 1e6 : 0);
  return threads.reduce((best, each, place) =>
    long(each) > long(threads[best]) ? place : best, 0);
}

function show(name, content, lazy = null, thread = undefined) {
  view?.lazy?.watch.disconnect();
  view = { name, lazy, thread };
  at = -1;
  main.replaceChildren(content);
  for (const each of side.querySelectorAll("a")) {
    const current = each.getAttribute("href") === `#c${thread}`;
    setCurrent(each, current);
    if (current) bringIntoView(side, each);
  }
  setCurrent(document.querySelector("header a"), name === "timeline");
  if (name !== "exchange") scrollTo(0, 0);
}

/** Scroll the list alone, not the page as well. */
function bringIntoView(list, each) {
  const [around, own] = [list.getBoundingClientRect(), each.getBoundingClientRect()];
  if (own.top < around.top) list.scrollTop += own.top - around.top;
  if (own.bottom > around.bottom) list.scrollTop += own.bottom - around.bottom;
}

function setCurrent(link, yes) {
  if (yes) link.setAttribute("aria-current", "page");
  else link.removeAttribute("aria-current");
}

function showThread(place) {
  if (!threads[place]) {
    show("empty", el("p", { class: "none" }, "No exchange has been recorded yet."));
    return;
  }
  const lazy = new Lazy(conversationRow, "conversation");
  lazy.set(rowsOf(threads[place]));
  show("thread", el("div", {}, el("h2", { class: "unseen" }, titleOf(threads[place])), lazy.root),
    lazy, place);
}

function showTimeline() {
  const longest = longestOf(record.exchanges);
  const lazy = new Lazy((row) => timelineRow(row, longest), "timeline");
  lazy.set(record.exchanges.map((exchange) => ({ what: "line", exchange })));
  const head = el("div", { class: "exchange-line head", "aria-hidden": "true" },
    COLUMNS.map((name) => el("span", {}, name)));
  show("timeline", el("div", { class: "timeline" }, el("h2", { class: "unseen" }, "Timeline"), head,
    lazy.root), lazy);
}

function showExchange(id) {
  const place = threads.findIndex((each) => each.exchanges.some((one) => one.id === id));
  showThread(Math.max(place, 0));
  const row = view.lazy?.rows.findIndex((each) =>
    each.what === "exchange" && each.exchange.id === id) ?? -1;
  if (row >= 0) select(row, "center");
}

/** Choose a row. The focus goes with it, but out of the search, so that Tab goes on from there. */
function select(row, block = "nearest") {
  const chosen = view.lazy?.element(row);
  if (!chosen) return;
  main.querySelector(".at")?.classList.remove("at");
  chosen.classList.add("at");
  at = row;
  if (document.activeElement !== query) {
    chosen.tabIndex = chosen.matches("a") ? 0 : -1;
    chosen.focus({ preventScroll: true });
  }
  chosen.scrollIntoView({ block });
  // Rows on the way had been taken to be of another height.
  requestAnimationFrame(() => chosen.scrollIntoView({ block }));
}

function onKey(event) {
  const typing = event.target.closest?.("input, dialog[open]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const act = {
    j: () => select(at + 1), k: () => select(Math.max(0, at - 1)), e: toggleAll, o: openRow,
    "/": () => query.focus(), "?": showHelp, t: () => { location.hash = "timeline"; },
    c: () => { location.hash = `c${mainThread()}`; }, d: toggleTheme,
  }[event.key];
  if (!act) return;
  event.preventDefault();
  act();
}

function openRow() {
  const chosen = main.querySelector(".at");
  const folded = chosen?.querySelector("details");
  if (folded) folded.open = !folded.open;
  else if (chosen?.href) location.hash = new URL(chosen.href).hash;
}

function toggleAll() {
  shownState.all = !shownState.all;
  shownState.open.clear();
  const row = at;
  view?.lazy?.refresh();
  if (row >= 0) select(row);
}

const showHelp = () => help.open ? help.close() : help.showModal();

function setTheme(name) {
  if (name) document.documentElement.dataset.theme = name;
}

function toggleTheme() {
  const dark = document.documentElement.dataset.theme ??
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  const other = dark === "dark" ? "light" : "dark";
  setTheme(other);
  try {
    localStorage.setItem("dsfix-theme", other);
  } catch { /* then it lasts as long as the page */ }
}

function later(act, wait) {
  let timer = 0;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(act, wait);
  };
}

/** Ask for what is new until the session is over. */
async function follow() {
  const address = document.documentElement.dataset.news;
  let version = record.version;
  while (record.session.state === "running") {
    await new Promise((resolve) => setTimeout(resolve, document.hidden ? 5 * POLL : POLL));
    try {
      const counts = ["nodes", "messages", "parts"].map((name) => `${name}=${record[name].length}`);
      const answer = await fetch(`${address}?${counts.join("&")}&version=${version}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const news = await answer.json();
      version = news.version;
      takeIn(news);
      grown();
    } catch {
      state.textContent = "dsfix view has ended";
      state.dataset.state = "lost";
      return;
    }
  }
}

/** Show what was added, and stay at the end if the reader is there. */
function grown() {
  const last = innerHeight + scrollY > document.documentElement.scrollHeight - 80;
  const empty = threads.length === 0;
  listThreads();
  if (empty && threads.length) route();
  else if (view.name === "thread") view.lazy.set(rowsOf(threads[view.thread]));
  else if (view.name === "timeline") {
    view.lazy.set(record.exchanges.map((exchange) => ({ what: "line", exchange })));
  }
  if (last) scrollTo(0, document.documentElement.scrollHeight);
}

start();
