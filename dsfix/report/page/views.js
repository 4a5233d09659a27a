// The views: rows made as they come near the screen, the timeline, a comparison, the list.

/** A long list whose rows are made in chunks, each when it comes near the screen. */
class Lazy {
  constructor(make, label) {
    this.make = make;
    this.rows = [];
    this.root = el("div", { class: "rows", role: "list", "aria-label": label });
    this.watch = new IntersectionObserver((seen) => {
      for (const each of seen) if (each.isIntersecting) this.fill(each.target);
    }, { rootMargin: "1200px 0px" });
  }

  /** Show these rows; those that are the same as before, from the start, are left as they are. */
  set(rows) {
    const same = common(this.rows, rows, (a, b) => a.what === b.what && a.text === b.text &&
      a.exchange === b.exchange && (a.said === b.said || a.what === "echo"));
    if (same === rows.length && same === this.rows.length) return;
    this.rows = rows;
    const kept = Math.floor(same / CHUNK);
    for (const chunk of [...this.root.children].slice(kept)) {
      this.watch.unobserve(chunk);
      chunk.remove();
    }
    for (let start = kept * CHUNK; start < rows.length; start += CHUNK) {
      const size = Math.min(CHUNK, rows.length - start);
      const chunk = el("div", { class: "chunk", "data-start": start });
      chunk.style.minHeight = `${size * ROW_HEIGHT}px`;
      this.root.append(chunk);
      this.watch.observe(chunk);
    }
  }

  fill(chunk) {
    if (chunk.firstChild) return;
    const start = Number(chunk.dataset.start);
    const rows = this.rows.slice(start, start + CHUNK);
    chunk.append(...rows.map((row, at) => {
      const made = this.make(row, start + at);
      made.dataset.row = start + at;
      made.setAttribute("role", "listitem");
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

  /** Make again what was made, with another search or all folds another way. */
  refresh() {
    for (const chunk of this.root.children) {
      if (!chunk.firstChild) continue;
      chunk.replaceChildren();
      this.fill(chunk);
    }
  }
}

function conversationRow(row, at) {
  const key = `${row.exchange.id}/${row.what}/${at}`;
  if (row.what === "said") return saidRow(row.said, key);
  if (row.what === "exchange") return exchangeRow(row.exchange, key);
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
  const cell = (at, value, given = {}) => el("span", { ...given, "data-name": COLUMNS[at] }, value);
  const bar = el("span", { class: "bar", "aria-hidden": "true" },
    el("i", { class: "wait" }), el("i", { class: "stream" }));
  const took = exchange.duration ?? 0, first = Math.min(exchange.first_byte ?? took, took);
  bar.firstChild.style.width = `${100 * first / longest}%`;
  bar.lastChild.style.width = `${100 * (took - first) / longest}%`;
  return el("a", { class: "exchange-line", href: `#exchange=${exchange.id}` },
    cell(0, `#${exchange.id}`), cell(1, clock(exchange.started)), cell(2, exchange.kind),
    cell(3, marked(modelNames(exchange.models).join(" → ")), { class: "models" }),
    cell(4, end, { class: `end ${mood}` }),
    cell(5, exchange.first_byte === null ? "" : seconds(exchange.first_byte)),
    cell(6, exchange.duration === null ? "" : seconds(exchange.duration)),
    cell(7, rate === null ? "" : rate.toFixed(rate < 10 ? 1 : 0)),
    cell(8, used ? tokens(used.input) : ""),
    cell(9, used?.input ? `${Math.round(100 * used.cached / used.input)}%` : ""),
    cell(10, used ? tokens(used.output) : ""),
    cell(11, exchange.cost === null ? "" : money(exchange.cost)),
    el("span", { class: "repairs", "data-name": "repairs" },
      repairNames(exchange).map((name) => el("span", { class: "repair" }, marked(name)))), bar);
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
      [el("b", {}, sign), `message ${start + at + 1}`, line(texts[1] || texts[0])],
      () => sign === "~" ? diffLines(lines(...texts))
        : diffLines((texts[0] || texts[1]).split("\n").map((text) => [sign, text])), at === 0));
  }
  return found;
}

function diffLines(all) {
  const tag = { "-": "del", "+": "ins", " ": "span" };
  const short = (text) => text.length > LINE ? `${text.slice(0, LINE)}…` : text;
  return all.length ? el("pre", { class: "diff" }, all.map(
    ([sign, text]) => el(tag[sign], {}, `${sign} ${sign === " " ? short(text) : text}\n`))) : "";
}

function sideList(all, current) {
  return all.map((each, at) => {
    const used = each.exchanges.reduce((sum, one) => sum + (one.tokens?.input ?? 0) +
      (one.tokens?.output ?? 0), 0);
    const bad = each.exchanges.filter(failed).length;
    return el("a", { href: `#c${at}`, "aria-current": at === current ? "true" : undefined },
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
