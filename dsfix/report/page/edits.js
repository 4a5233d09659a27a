// What repairs changed, with before and after: at the exchange, and at the message they changed.

/** The message of a request in which an edit was made; undefined where it was in none. */
const placeOf = (edit) => /^(?:messages|input)\[(\d+)\]/.exec(edit.where)?.[1];

const effectOf = ({ before, after }) =>
  before === null ? "put in" : after === null ? "taken out" : "changed";

/** Pieces of JSON as they read best: texts as their words, the rest over several lines. */
function readable(...pieces) {
  try {
    return pieces.map((json) => {
      const value = JSON.parse(json);
      return typeof value === "string" && value.trim() ? value : JSON.stringify(value, null, 2);
    });
  } catch {
    return pieces;  // one was long and is cut; then all stand as they were, to be compared
  }
}

/** What is shown of an edit: the texts before and after, as far as there are any. */
const shownOf = ({ before, after }) => {
  const [was, now] = readable(before ?? "null", after ?? "null");
  return [before === null ? null : was, after === null ? null : now];
};

/** A text with what is not in the other one marked: all between what both begin and end with. */
function differing(tag, text, other) {
  const [one, two] = [[...text], [...other]];
  const { start, was, end } = middle(one, two);
  const piece = (from, to) => marked(one.slice(from, to).join(""));
  return [...piece(0, start), was.length ? el(tag, {}, piece(start, one.length - end)) : "",
    ...piece(one.length - end)];
}

function sideOf(label, tag, text, other) {
  const made = text === null ? el("p", { class: "none" }, "nothing")
    : el("pre", { class: "body", dir: "auto" },
      other === null ? marked(text) : differing(tag, text, other));
  return el("div", { class: "side" }, el("p", { class: "role" }, label), made);
}

/** One edit, folded; `at` is the exchange in which it was made where that is not the one around. */
function editFold(edit, key, at = null) {
  const summary = [at === null ? "" : el("span", { class: "repair" }, marked(edit.repair)),
    el("code", {}, edit.where), effectOf(edit)];
  if (edit.placeholder) summary.push(el("b", { class: "ours" }, "placeholder of dsfix"));
  if (at !== null) summary.push(el("small", {}, `in #${at}`));
  const [before, after] = shownOf(edit);
  return fold(key, { class: "edit" }, summary, () => el("div", { class: "sides" },
    sideOf("before", "del", before, after), sideOf("after", "ins", after, before)),
  [before, after].some((text) => text !== null && hits(text)));
}

/** The row of a message that repairs changed. */
function mendedRow(row, key) {
  return el("article", { class: "said mended" }, row.edits.map((edit, place) =>
    editFold(edit, `${key}/${place}`, edit.exchange)));
}

/** What dsfix did in an exchange: each repair with its edits, then what is only counted. */
function didList(exchange, key) {
  const { request, answer, repeated, left_out: left } = exchange.edits;
  const edits = [...request, ...answer];
  const names = new Set([...repairNames(exchange), ...edits.map((each) => each.repair)]);
  const found = [...names].map((name) => didOne(exchange, name,
    edits.filter((each) => each.repair === name), `${key}/${name}`));
  const counted = [[exchange.replayed, "turn", "given the real reasoning back"],
    [exchange.placeholders, "placeholder", "where the text is not known"],
    [repeated, "change", "made before in this conversation, and made again"],
    [left, "change", "for which the record has no room"]];
  for (const [number, name, words] of counted) {
    if (number) found.push(el("li", {}, `${many(number, name)} ${words}`));
  }
  return found;
}

function didOne(exchange, name, edits, key) {
  const told = exchange.repairs.filter((each) => each.repair === name).map((each) =>
    `${each.count > 1 ? ` ×${each.count}` : ""}${each.failed ? " failed, nothing was changed" : ""}` +
    `${each.detail ? `: ${each.detail}` : ""}`);
  const failed = exchange.repairs.some((each) => each.repair === name && each.failed);
  return el("li", { class: failed ? "bad" : undefined }, el("span", { class: "repair" }, name),
    told.join(";"), edits.map((edit, place) => editFold(edit, `${key}/${place}`)));
}
