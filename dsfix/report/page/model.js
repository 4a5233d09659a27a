"use strict";
// What was recorded, and what follows from it. Nothing here touches the page.

const record = JSON.parse(document.getElementById("record").textContent);

// A saying is [role, sort, text, name], as dsfix.report.transcript gives it.
const ROLE = 0, SORT = 1, TEXT = 2, NAME = 3;
const LOST = [["?", "other", "", "message that was not kept"]];

const sayings = (message) => record.messages[message] ?? LOST;

/** The messages of a request, from the first to the last. */
function messagesOf(exchange) {
  const found = [];
  for (let node = exchange.head; node >= 0; node = record.nodes[node][0]) {
    found.push(record.nodes[node][1]);
  }
  return found.reverse();
}

/** The pieces of a part of a request, such as `system` or `tools`. */
function pieces(exchange, ...names) {
  const name = names.find((each) => each in exchange.parts);
  const part = record.parts[exchange.parts[name]];
  if (!part) return [];
  return part.items ? part.items.map((place) => record.parts[place] ?? { text: null }) : [part];
}

/** The exchanges by conversation, in order; what belongs to none stands together by its kind. */
function conversations() {
  const found = new Map();
  for (const exchange of record.exchanges) {
    const id = exchange.conversation || exchange.kind;
    if (!found.has(id)) found.set(id, { id, kind: exchange.kind, exchanges: [] });
    found.get(id).exchanges.push(exchange);
  }
  return [...found.values()];
}

/** The title of a conversation: the last words of the user in its first request. */
function titleOf(conversation) {
  const first = conversation.exchanges.find((each) => each.head >= 0);
  if (!first) return conversation.exchanges[0].path;
  const said = messagesOf(first).flatMap(sayings).filter(
    (each) => each[ROLE] === "user" && each[SORT] === "text" && each[TEXT].trim());
  const plain = said.filter((each) => !each[TEXT].trimStart().startsWith("<"));
  const words = (plain.at(-1) ?? said.at(-1))?.[TEXT].trim() ?? "";
  return words.length > 120 ? `${words.slice(0, 120)}…` : words || "(no words)";
}

/**
 * A conversation as rows in the order in which they happened. Of a request only what is new
 * against the one before is shown; the agent's echo of an answer only where it is not the same.
 * What a repair changed stands below the message, in whatever request that was.
 */
function rowsOf(conversation) {
  const rows = [], path = [], places = new Map(), mended = new Map();
  let answer = [];
  for (const exchange of conversation.exchanges) {
    const fresh = [];
    let node = exchange.head;
    for (; node >= 0 && !places.has(node); node = record.nodes[node][0]) fresh.push(node);
    const same = node >= 0 ? places.get(node) + 1 : 0;
    const dropped = exchange.head >= 0 ? path.length - same : 0;
    if (dropped > 0) {
      rows.push({ what: "note", exchange, text: `history changed: ${same} messages as before, ` +
        `${dropped} dropped, ${fresh.length} new` });
      for (const gone of path.splice(same)) places.delete(gone);
    }
    for (const each of fresh.reverse()) places.set(each, path.push(each) - 1);
    const messages = fresh.map((each) => sayings(record.nodes[each][1]));
    const others = messages.findIndex((said) => said[0]?.[ROLE] !== "assistant");
    const echoed = !answer.length || dropped > 0 ? 0 : others < 0 ? messages.length : others;
    const echo = messages.slice(0, echoed).flat();
    const changed = echoed ? echoChanges(answer, echo) : "";
    if (changed) rows.push({ what: "echo", exchange, said: echo, text: changed });
    for (const [place, node] of fresh.entries()) {
      if (place >= echoed) rows.push(...saidRows(exchange, messages[place]));
      mended.set(node, { what: "mended", exchange, edits: [] });
      rows.push(mended.get(node));
    }
    for (const edit of exchange.edits.request) {
      mended.get(path[placeOf(edit)])?.edits.push({ ...edit, exchange: exchange.id });
    }
    rows.push({ what: "exchange", exchange }, ...saidRows(exchange, exchange.answer),
      { what: "mended", exchange, edits: exchange.edits.answer });
    answer = exchange.answer;
  }
  // Counted with the rows that say nothing, so that a row keeps its place when one fills later.
  return rows.map((row, at) => ({ ...row, at })).filter(
    (row) => row.what !== "mended" || row.edits.length);
}

const saidRows = (exchange, all) => all.map((said) => ({ what: "said", exchange, said }));

/** What an agent lost of an answer and added to it; empty where it sent the same back. */
function echoChanges(answer, echo) {
  const plain = (said) => {
    let text = said[TEXT].trim();
    try {
      if (said[SORT] === "call") text = JSON.stringify(JSON.parse(text));
    } catch { /* arguments that are no JSON are compared as they stand */ }
    return JSON.stringify([said[SORT], said[NAME], text]);
  };
  const sorts = (some, others) => {
    const known = new Set(others.map(plain));
    const found = some.filter((said) => said[TEXT].trim() && !known.has(plain(said)));
    return [...new Set(found.map((said) => said[SORT]))].join(", ");
  };
  const [lost, added] = [sorts(answer, echo), sorts(echo, answer)];
  return [lost && `without its ${lost}`, added && `with other ${added}`].filter(Boolean).join(", ");
}

/** Tokens of the answer in each second after the first byte; null where that is not known. */
function speed(exchange) {
  const { first_byte: first, duration, tokens } = exchange;
  if (!exchange.stream || !tokens?.output || first === null || duration === null) return null;
  return duration > first ? tokens.output / (duration - first) : null;
}

const failed = (exchange) => Boolean(exchange.error || exchange.cut);

/** Take in what a running session added. */
function takeIn(news) {
  for (const name of ["nodes", "messages", "parts"]) record[name].push(...news[name]);
  Object.assign(record, { session: news.session, summary: news.summary });
  const places = new Map(record.exchanges.map((each, place) => [each.id, place]));
  for (const exchange of news.exchanges) {
    if (places.has(exchange.id)) record.exchanges[places.get(exchange.id)] = exchange;
    else record.exchanges.push(exchange);
  }
}
