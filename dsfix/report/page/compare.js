// What changed from one request to another. Nothing here touches the page.

/** How many items two lists have in common at the start. */
function common(one, two, same = (a, b) => a === b) {
  let count = 0;
  while (count < one.length && count < two.length && same(one[count], two[count])) count += 1;
  return count;
}

/** Two lists without what both begin and end with. */
function middle(one, two, same) {
  const start = common(one, two, same);
  const [was, now] = [one.slice(start), two.slice(start)];
  const end = common([...was].reverse(), [...now].reverse(), same);
  const cut = (list) => list.slice(0, list.length - end);
  return { start, was: cut(was), now: cut(now), end };
}

const CONTEXT = 3;  // lines that are the same, around those that are not
const CELLS = 4e6;  // of the table for a comparison; beyond, all that was stands before all that is

/** Two texts as lines of [sign, text]: what was, what is now, and the same around them. */
function lines(one, two) {
  const [was, now] = [one.split("\n"), two.split("\n")];
  const found = middle(was, now);
  const before = was.slice(Math.max(0, found.start - CONTEXT), found.start);
  const rest = now.slice(now.length - found.end, now.length - found.end + CONTEXT);
  return [...signed(" ", before), ...shortened(stepsOf(found.was, found.now)),
    ...signed(" ", rest)];
}

const signed = (sign, list) => list.map((text) => [sign, text]);

/** One list of lines made into another, with as many left in place as can be. */
function stepsOf(was, now) {
  const width = now.length + 1;
  if (was.length * width > CELLS) return [...signed("-", was), ...signed("+", now)];
  const best = new Uint32Array((was.length + 1) * width);
  for (let i = was.length - 1; i >= 0; i -= 1) {
    for (let j = now.length - 1; j >= 0; j -= 1) {
      const at = i * width + j;
      best[at] = was[i] === now[j] ? best[at + width + 1] + 1
        : Math.max(best[at + width], best[at + 1]);
    }
  }
  const found = [];
  let i = 0, j = 0;
  while (i < was.length || j < now.length) {
    const at = i * width + j;
    if (i < was.length && j < now.length && was[i] === now[j]) {
      found.push([" ", was[i]]);
      [i, j] = [i + 1, j + 1];
    } else if (i < was.length && (j === now.length || best[at + width] >= best[at + 1])) {
      found.push(["-", was[i]]);
      i += 1;
    } else {
      found.push(["+", now[j]]);
      j += 1;
    }
  }
  return found;
}

/** The same, with long runs of what did not change told as a number. */
function shortened(all) {
  const found = [];
  for (let at = 0; at < all.length; at += 1) {
    let end = at;
    while (all[end]?.[0] === " ") end += 1;
    if (end - at > 2 * CONTEXT + 1) {
      found.push(...all.slice(at, at + CONTEXT),
        ["…", `${many(end - at - 2 * CONTEXT, "line")} the same`]);
      at = end - CONTEXT;
    }
    found.push(...all.slice(at, end + 1));
    at = end;
  }
  return found;
}

/** The short members of a request and what the exchange says of it. */
function membersOf(exchange) {
  const { models, path, stream, parts } = exchange;
  const listed = ["system", "instructions", "tools"];
  const others = Object.keys(parts).filter((name) => !listed.includes(name)).map(
    (name) => [name, pieces(exchange, name).map((piece) => piece.text).join("\n")]);
  return { path, model: models.asked, "model sent": models.sent, stream, ...exchange.params,
    ...Object.fromEntries(others) };
}

function changedMembers(one, two) {
  const [was, now] = [membersOf(one), membersOf(two)];
  const written = (value) => value === undefined ? "" :
    typeof value === "string" ? value : JSON.stringify(value);
  return [...new Set([...Object.keys(was), ...Object.keys(now)])]
    .map((name) => ({ name, was: written(was[name]), now: written(now[name]) }))
    .filter((each) => each.was !== each.now);
}

/** Tools that came, went and changed. */
function changedTools(one, two) {
  const byName = (exchange) => new Map(
    pieces(exchange, "tools").map((tool) => [tool.name ?? "?", tool.text ?? ""]));
  const [was, now] = [byName(one), byName(two)];
  const found = [];
  for (const [name, text] of was) {
    if (!now.has(name)) found.push({ name, sign: "-", lines: [] });
    else if (now.get(name) !== text) {
      found.push({ name, sign: "~", lines: lines(text, now.get(name)) });
    }
  }
  for (const name of now.keys()) if (!was.has(name)) found.push({ name, sign: "+", lines: [] });
  return found;
}

/** A message as one text, for a comparison by line. */
const written = (message) => sayings(message)
  .map(([role, sort, text, name]) => `${role} ${sort}${name ? ` ${name}` : ""}\n${text}`)
  .join("\n\n");

function systemText(exchange) {
  return pieces(exchange, "system", "instructions").map((piece) => piece.text ?? "").join("\n\n");
}
