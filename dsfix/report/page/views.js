// The views: rows made as they come near the screen, the timeline, a comparison, the list.

/** A long list whose rows are made in chunks, each when it comes near the screen. */
class Lazy {
  constructor(make, label) {
    this.make = make;
    this.rows = [];
    this.root = el("section", { class: "rows", "aria-label": label });
    this.watch = new IntersectionObserver((seen) => {
      for (const each of seen) if (each.isIntersecting) this.fill(each.target);
    }, { rootMargin: "1200px 0px" });
  }

  /** Show these rows; those that say the same as before, from the start, are left as they are. */
  set(rows) {
    const same = common(this.rows, rows, sameRow);
    if (same === rows.length && same === this.rows.length) return;
    this.rows = rows;
    const kept = Math.ceil(same / CHUNK);
    for (const chunk of [...this.root.children].slice(kept)) {
      this.watch.unobserve(chunk);
      chunk.remove();
    }
    const last = this.root.lastChild;
    if (last?.firstChild) {
      for (const old of [...last.children].slice(same - (kept - 1) * CHUNK)) old.remove();
      this.fill(last);
    }
    for (let start = kept * CHUNK; start < rows.length; start += CHUNK) {
      const size = Math.min(CHUNK, rows.length - start);
      const chunk = el("div", { class: "chunk", "data-start": start });
      chunk.style.minHeight = `${size * ROW_HEIGHT}px`;
      this.root.append(chunk);
      this.watch.observe(chunk);
    }
    if (!same && rows.length) this.fill(this.root.firstChild);  // no empty page at first
  }

  /** Make the rows of a chunk that are not there yet. */
  fill(chunk) {
    const start = Number(chunk.dataset.start), from = start + chunk.children.length;
    const rows = this.rows.slice(from, start + CHUNK);
    chunk.append(...rows.map((row, at) => {
      const made = this.make(row);
      made.dataset.row = from + at;
      return made;
    }));
    chunk.style.minHeight = "";
    this.watch.unobserve(chunk);
  }

  /** The element of a row, made if it is not there yet. */
  element(row) {
    const chunk = this.root.children[Math.floor(row / CHUNK)];
    if (!chunk) return null;
    this.fill(chunk);
    return chunk.children[row % CHUNK];
  }

  /** Make all rows, as a printer wants them. */
  fillAll() {
    for (const chunk of this.root.children) this.fill(chunk);
  }

  /** Make again what was made, with another search or all folds another way. */
  refresh() {
    for (const chunk of this.root.children) {
      if (!chunk.firstChild) continue;
      chunk.replaceChildren();
      this.fill(chunk);
    }
  }
}

/** Whether two rows say the same; an exchange that goes on is another one, its texts may not be. */
function sameRow(a, b) {
  const alike = a.what === b.what && a.at === b.at && a.text === b.text &&
    a.exchange.id === b.exchange.id;
  if (!alike || a.what === "note") return alike;
  if (a.what === "said" || a.what === "echo") return sameSaid(a.said, b.said);
  if (a.what === "mended") return a.edits.length === b.edits.length;
  return a.exchange === b.exchange;
}

const sameSaid = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

function conversationRow(row) {
  const key = `${row.exchange.id}/${row.what}/${row.at}`;
  if (row.what === "said") return saidRow(row.said, key);
  if (row.what === "exchange") return exchangeRow(row.exchange, key);
  if (row.what === "mended") return mendedRow(row, key);
  if (row.what === "note") return el("p", { class: "note" }, row.text);
  return el("article", { class: "said echo" }, fold(key, {},
    [el("b", {}, "answer sent back"), row.text],
    () => row.said.map((said, place) => saidRow(said, `${key}/${place}`))));
}

const LINE = 200;  // characters of a line that is the same in both requests
const COLUMNS = ["#", "time", "kind", "model", "end", "first byte", "took", "tok/s", "in",
  "cached", "out", "cost", "repairs"];

function timelineRow({ exchange }, longest) {
  const [end, mood] = ending(exchange), { tokens: used } = exchange, rate = speed(exchange);
  const told = [];
  const cell = (at, value, given = {}) => {
    if (value) told.push(at > 4 ? `${COLUMNS[at]} ${value}` : value);
    return el("span", { ...given, "data-name": COLUMNS[at] },
      given.class === "models" ? marked(value) : value);
  };
  const bar = el("span", { class: "bar", "aria-hidden": "true" },
    el("i", { class: "wait" }), el("i", { class: "stream" }));
  const took = exchange.duration ?? 0, first = Math.min(exchange.first_byte ?? took, took);
  bar.firstChild.style.width = `${100 * first / longest}%`;
  bar.lastChild.style.width = `${100 * (took - first) / longest}%`;
  const cells = [
    cell(0, `#${exchange.id}`), cell(1, clock(exchange.started)), cell(2, exchange.kind),
    cell(3, modelNames(exchange.models).join(" → "), { class: "models" }),
    cell(4, end, { class: `end ${mood}` }),
    cell(5, exchange.first_byte === null ? "" : seconds(exchange.first_byte)),
    cell(6, exchange.duration === null ? "" : seconds(exchange.duration)),
    cell(7, rate === null ? "" : rate.toFixed(rate < 10 ? 1 : 0)),
    cell(8, used ? tokens(used.input) : ""),
    cell(9, used?.input ? `${Math.round(100 * used.cached / used.input)}%` : ""),
    cell(10, used ? tokens(used.output) : ""),
    cell(11, exchange.cost === null ? "" : money(exchange.cost)),
    el("span", { class: "repairs", "data-name": "repairs" },
      repairNames(exchange).map((name) => el("span", { class: "repair" }, marked(name)))), bar];
  return el("a", { class: "exchange-line", href: `#exchange=${exchange.id}`,
    "aria-label": [...told, ...repairNames(exchange)].join(", ") }, cells);
}

/** The time that a full bar stands for: few exchanges take longer. */
function longestOf(exchanges) {
  const all = exchanges.map((each) => each.duration ?? 0).sort((a, b) => a - b);
  return all[Math.floor(0.98 * (all.length - 1))] || 1;
}

function compareView(first, second) {
  const numbers = [first, second].map((id, at) => el("input", { type: "number", value: id, min: 1,
    "aria-label": at ? "second exchange" : "first exchange" }));
  const form = el("form", { class: "compare-form", onsubmit: (event) => {
    event.preventDefault();
    location.hash = `compare=${numbers.map((each) => each.value).join(",")}`;
  } }, "from request #", numbers[0], "to #", numbers[1], el("button", {}, "Compare"));
  const [one, two] = [first, second].map((id) => record.exchanges.find((each) => each.id === id));
  return el("section", { class: "compare" }, el("h2", {}, "What changed"), form,
    one && two ? comparison(one, two) : el("p", { class: "none" }, "There is no such exchange."));
}

function comparison(one, two) {
  const found = [], members = changedMembers(one, two), tools = changedTools(one, two);
  if (members.length) {
    found.push(el("h3", {}, "Members"), el("dl", { class: "facts" }, members.flatMap((each) => [
      el("dt", {}, each.name), el("dd", {}, el("del", {}, each.was || "absent"), " → ",
        el("ins", {}, each.now || "absent"))])));
  }
  const [was, now] = [systemText(one), systemText(two)];
  if (was !== now) found.push(el("h3", {}, "System prompt"), diffLines(lines(was, now)));
  if (tools.length) {
    found.push(el("h3", {}, "Tools"), ...tools.map((tool) => el("div", {},
      el("p", {}, `${tool.sign} `, el("code", {}, tool.name)), diffLines(tool.lines))));
  }
  found.push(el("h3", {}, "Messages"), ...messageChanges(messagesOf(one), messagesOf(two)));
  return found;
}

function messageChanges(one, two) {
  const { start, was, now, end } = middle(one, two);
  const found = [el("p", {}, `${start} the same at the start, ${was.length} → ${now.length}, ` +
    `${end} the same at the end`)];
  const pairs = Math.max(was.length, now.length);
  for (let at = 0; at < pairs; at += 1) {
    const texts = [was[at], now[at]].map((each) => each === undefined ? "" : written(each));
    const sign = was[at] === undefined ? "+" : now[at] === undefined ? "-" : "~";
    found.push(fold(`compare/${at}`, { class: "part" },
      [el("b", {}, `${sign} message ${start + at + 1}`), line(texts[1] || texts[0])],
      () => sign === "~" ? diffLines(lines(...texts))
        : diffLines((texts[0] || texts[1]).split("\n").map((text) => [sign, text])), at === 0));
  }
  return found;
}

function diffLines(all) {
  const tag = { "-": "del", "+": "ins", " ": "span", "…": "small" };
  const short = (text) => text.length > LINE ? `${text.slice(0, LINE)}…` : text;
  return all.length ? el("pre", { class: "diff" }, all.map(
    ([sign, text]) => el(tag[sign], {}, `${sign} ${sign === " " ? short(text) : text}\n`))) : "";
}

function sideList(all, current) {
  return all.map((each, at) => {
    const used = each.exchanges.reduce((sum, one) => sum + (one.tokens?.input ?? 0) +
      (one.tokens?.output ?? 0), 0);
    const bad = each.exchanges.filter(failed).length;
    return el("a", { href: `#c${at}`, "aria-current": at === current ? "page" : null },
      el("span", { class: `kind kind-${each.kind}` }, each.kind),
      el("span", { class: "title", dir: "auto" }, line(titleOf(each), 90)),
      el("small", {}, many(each.exchanges.length, "exchange"),
        used ? ` · ${tokens(used)} tokens` : "", bad ? ` · ${bad} failed` : ""));
  });
}

function sessionFacts() {
  const { session, summary } = record, { tokens: used, cost } = summary;
  const rate = used.input ? ` (${Math.round(100 * used.cached / used.input)}% cached)` : "";
  return {
    agent: session.agent, upstream: session.upstream,
    started: session.started ? new Date(session.started * 1000).toLocaleString("en-GB") : "",
    lasted: seconds(session.duration),
    exchanges: String(record.exchanges.length),
    tokens: `${tokens(used.input)} in${rate}, ${tokens(used.output)} out`,
    cost: Number(cost?.amount) ? money(Number(cost.amount)) : "",
    tags: session.tags.join(", "), directory: session.cwd,
  };
}
