// Rows as elements. Every text goes through `textContent` or a text node, never through markup.

const LONG = 6000;  // characters of a text that are shown before it is asked for whole
const ADDED = 400;  // characters from which a text that a program put in is folded
const CHUNK = 40;  // rows that are made at once, when they come near the screen
const ROW_HEIGHT = 56;  // pixels a row is taken to be high before it is made

const shownState = { pattern: null, all: false, open: new Map() };

function el(tag, given = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children.flat().filter((each) => each !== null && each !== ""));
  return made;
}

/** Characters that nobody sees: what colours a terminal as a picture, what turns text by name. */
const visible = (text) => text
  .replace(/[\0-\x08\x0b\x0c\x0e-\x1f\x7f]/g, (each) =>
    each === "\x7f" ? "\u2421" : String.fromCharCode(0x2400 + each.charCodeAt(0)))
  .replace(/[\u202d\u202e]/g, (each) => `[U+${each.charCodeAt(0).toString(16).toUpperCase()}]`);

/** A text with what is searched for marked. */
function marked(whole) {
  const text = visible(whole);
  if (!shownState.pattern) return [text];
  const found = [];
  let at = 0;
  for (const hit of text.matchAll(shownState.pattern)) {
    found.push(text.slice(at, hit.index), el("mark", {}, hit[0]));
    at = hit.index + hit[0].length;
  }
  found.push(text.slice(at));
  return found;
}

const hits = (text) => Boolean(shownState.pattern) && text.search(shownState.pattern) >= 0;

function body(text, kind) {
  if (!text.trim()) return el("p", { class: "none" }, "(empty)");
  const cut = text.length > LONG && !hits(text.slice(LONG));
  const made = el(kind, { class: "body", dir: "auto" }, marked(cut ? text.slice(0, LONG) : text));
  if (!cut) return made;
  const more = el("button", { type: "button", class: "more", onclick: () => {
    made.append(...marked(text.slice(LONG)));
    more.remove();
  } }, `${count(text.length - LONG)} more characters`);
  return el("div", {}, made, more);
}

/** Something folded whose content is made when it is opened; how it stands is remembered. */
function fold(key, given, summary, content, open = false) {
  const shown = [summary].flat().filter(Boolean).map((each) => typeof each === "string" ? el("span", {}, each) : each);
  const made = el("details", given, el("summary", {}, shown));
  const all = given.class !== "part" && shownState.all;
  made.addEventListener("toggle", () => {
    shownState.open.set(key, made.open);
    if (made.open && made.children.length === 1) made.append(...[content()].flat());
  });
  made.open = open || (shownState.open.get(key) ?? all);
  if (made.open) made.append(...[content()].flat());
  return made;
}

const count = (number) => number.toLocaleString("en-GB");
const many = (number, name) => `${count(number)} ${name}${number === 1 ? "" : "s"}`;
const tokens = (number) => number < 1000 ? String(number)
  : number < 1e6 ? `${(number / 1e3).toFixed(1)}k` : `${(number / 1e6).toFixed(1)}M`;
const seconds = (number) => number < 0 ? "?" : number < 10 ? `${number.toFixed(2)} s` : number < 120
  ? `${number.toFixed(1)} s` : `${Math.floor(number / 60)} min ${Math.round(number % 60)} s`;
const clock = (at) => at ? new Date(at * 1000).toLocaleTimeString("en-GB") : "?";
const line = (text, most = 100) => {
  const found = text.slice(0, 4 * most).replace(/\s+/g, " ").trim();
  return found.length > most ? `${found.slice(0, most)}…` : found;
};
const money = (amount) => {
  const sign = record.summary.cost?.currency === "CNY" ? "¥" : "$";
  if (amount > 0 && amount < 0.00001) return `<${sign}0.00001`;
  return `${sign}${amount.toFixed(amount < 0.01 ? 5 : amount < 1 ? 4 : 2)}`;
};

function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

const FOLDED = {
  reasoning: (said) => [el("b", {}, "thinks"), line(said[TEXT])],
  placeholder: (said) => [el("b", {}, said[NAME] ? "placeholder of dsfix" : "placeholder"),
    "not the model's words"],
  call: (said) => [el("b", {}, "calls"), el("code", {}, said[NAME]), line(said[TEXT])],
  result: (said) => [el("b", {}, "result"), line(said[TEXT]) || "(empty)"],
  text: (said) => [el("b", {}, said[ROLE]), line(said[TEXT])],
};

/** Whether a text was put in by a program: a system prompt, or what agents add in tags. */
const isAdded = ([role, , text]) => !["user", "assistant", "agent"].includes(role) ||
  (role === "user" && text.trimStart().startsWith("<"));

const sizeOf = (text) => text.length > 200
  ? el("small", {}, `${count(text.length)} characters`) : "";

function saidRow(said, key) {
  const [role, sort, text, name] = said;
  if (sort === "other") {
    return el("article", { class: "said other" }, el("span", { class: "role" }, role),
      el("p", { class: "named" }, `[${name}]`));
  }
  if (sort === "text" && !(text.length > ADDED && isAdded(said))) {
    return el("article", { class: `said text by-${role === "user" ? "user" : "other"}` },
      el("span", { class: "role" }, role), body(text, "div"));
  }
  const summary = [...FOLDED[sort](said).map((each) =>
    typeof each === "string" ? el("span", {}, marked(each)) : each), sizeOf(text)];
  return el("article", { class: `said ${sort === "text" ? "added" : sort}` }, fold(key, {}, summary,
    () => body(sort === "call" ? pretty(text) : text, sort === "reasoning" ? "div" : "pre"),
    hits(text)));
}

function modelNames({ asked, sent, served }) {
  return [asked, sent, served].filter((name, at, all) => name && name !== all[at - 1]);
}

function figures(exchange) {
  const found = [], { tokens: used } = exchange, rate = speed(exchange);
  if (exchange.first_byte !== null) found.push(["first byte", seconds(exchange.first_byte)]);
  if (exchange.duration !== null) found.push(["took", seconds(exchange.duration)]);
  if (rate !== null) found.push(["tokens/s", rate.toFixed(rate < 10 ? 1 : 0)]);
  if (used) {
    found.push(["in", tokens(used.input)]);
    if (used.input) found.push(["cached", `${Math.round(100 * used.cached / used.input)}%`]);
    found.push(["out", tokens(used.output)]);
    if (used.searches) found.push(["searches", used.searches.toLocaleString("en")]);
    if (used.fetches) found.push(["pages read", used.fetches.toLocaleString("en")]);
  }
  if (exchange.cost !== null) found.push(["cost", money(exchange.cost)]);
  return found;
}

/** How an exchange ended, and the class of that. */
function ending(exchange) {
  if (exchange.cut) return [`cut by ${exchange.cut}`, "bad"];
  if (exchange.error) return [String(exchange.status || "failed"), "bad"];
  if (!exchange.ended) {
    const running = record.session.state === "running";
    return [running ? "running" : "unfinished", running ? "busy" : "bad"];
  }
  return [exchange.finish ? `${exchange.status} ${exchange.finish}` : String(exchange.status), ""];
}

const repairNames = (exchange) => [...new Set(exchange.repairs.map((each) => each.repair))];

function exchangeRow(exchange, key) {
  const [end, mood] = ending(exchange);
  const summary = [
    el("b", {}, `#${exchange.id}`), el("time", {}, clock(exchange.started)),
    el("span", { class: "models" }, marked(modelNames(exchange.models).join(" → "))),
    el("span", { class: `end ${mood}` }, end),
    el("span", { class: "figures" }, figures(exchange).map(
      ([name, value]) => el("span", {}, `${name} `, el("b", {}, value)))),
    ...repairNames(exchange).map((name) => el("span", { class: "repair" }, marked(name))),
  ];
  const error = exchange.error ? el("p", { class: "error" }, marked(exchange.error)) : null;
  return el("article", { class: "exchange" }, [fold(key, {}, summary,
    () => exchangeDetails(exchange, key)), error]);
}

function exchangeDetails(exchange, key) {
  const found = [];
  const did = didList(exchange, key);
  if (did.length) found.push(el("h3", {}, "What dsfix did"), el("ul", { class: "did" }, did));
  const miss = record.summary.cache?.misses?.find((each) => each.exchange === exchange.id);
  if (miss) {
    found.push(el("p", {}, `${tokens(miss.lost)} tokens sent before were not read from the cache: `,
      miss.why));
  }
  if (exchange.attempts.length) {
    found.push(el("h3", {}, "Attempts before"), el("ol", {}, exchange.attempts.map((tried) =>
      el("li", {}, el("b", {}, String(tried.status)), ` ${tried.words} → ${tried.then}`))));
  }
  found.push(factList({ wire: exchange.dialect, path: exchange.path, kind: exchange.kind,
    recovery: exchange.step === "none" ? "" : exchange.step,
    ...Object.fromEntries(Object.entries(exchange.params).map(
      ([name, value]) => [name, JSON.stringify(value)])) }));
  found.push(...Object.keys(exchange.parts).map((name) => partFold(exchange, name, key)));
  const before = previous(exchange);
  if (before) {
    found.push(el("a", { href: `#compare=${before.id},${exchange.id}` },
      `compare with the request before (#${before.id})`));
  }
  return found;
}

/** A system prompt or the tools: what it is and its size, then each piece the same way. */
function partFold(exchange, name, key) {
  const all = pieces(exchange, name);
  const texts = all.map((piece) => piece.text ?? "not kept");
  const about = all.some((piece) => piece.name)
    ? `${count(all.length)}: ${line(all.map((piece) => piece.name).join(", "))}`
    : `${all.length > 1 ? `${all.length} pieces: ` : ""}${line(texts.join(" "))}`;
  return fold(`${key}/${name}`, { class: "part" }, [el("b", {}, name), about, sizeOf(texts.join(""))],
    () => all.length === 1 ? body(texts[0], "pre") : all.map((piece, at) =>
      fold(`${key}/${name}/${at}`, { class: "part" },
        [piece.name ? el("code", {}, piece.name) : "", line(descriptionOf(piece)), sizeOf(texts[at])],
        () => body(texts[at], "pre"))));
}

function descriptionOf({ name, text }) {
  if (!name || text === null) return text ?? "not kept";
  const tool = JSON.parse(text);
  return String((tool.function ?? tool).description ?? "");
}

function factList(facts) {
  return el("dl", { class: "facts" }, Object.entries(facts).filter(([, said]) => said).flatMap(
    ([name, said]) => [el("dt", {}, name), el("dd", {}, String(said))]));
}

/** The request before this one in its conversation. */
function previous(exchange) {
  return record.exchanges.findLast((each) => each.conversation === exchange.conversation &&
    each.id < exchange.id && each.head >= 0 && exchange.head >= 0) ?? null;
}
