// Searching: over all that was said, errors, models, and what repairs changed.

const FOUND = 200;

let hitAt = -1, hitList = [];

function search() {
  const words = query.value.trim();
  const escaped = words.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  shownState.pattern = words ? new RegExp(escaped, "gi") : null;
  view?.lazy?.refresh();
  hitList = words ? hitsOf() : [];
  hitAt = -1;
  const places = hitList.length === FOUND ? `the first ${FOUND} places` :
    hitList.length === 1 ? "1 place" : `${hitList.length} places`;
  found.replaceChildren(el("p", { role: "status" }, `${places} of “${words}”`), ...hitList.map((hit, place) =>
    el("button", { type: "button", onclick: () => goTo(place) },
      el("small", {}, `#${hit.row.exchange.id} ${labelOf(hit.row)}`),
      el("span", { dir: "auto" }, marked(around(hit.text))))));
  found.hidden = !words;
}

function hitsOf() {
  const all = [];
  for (const [thread, each] of threads.entries()) {
    for (const [place, row] of rowsOf(each).entries()) {
      const text = textsOf(row).find(hits);
      if (text === undefined) continue;
      all.push({ thread, place, row, text });
      if (all.length === FOUND) return all;
    }
  }
  return all;
}

/** What can be found of a row. */
function textsOf({ what, said, exchange, edits }) {
  return what === "said" ? [said[TEXT], said[NAME]]
    : what === "exchange" ? [exchange.error, ...modelNames(exchange.models), ...repairNames(exchange)]
      : what === "mended" ? edits.flatMap(shownOf).filter((each) => each !== null)
        : [];
}

const labelOf = ({ what, said }) => what === "said" ? `${said[ROLE]} ${said[SORT]}`
  : what === "mended" ? "repair" : what;

function around(text) {
  const begin = Math.max(0, text.search(shownState.pattern) - 40);
  return `${begin ? "…" : ""}${line(text.slice(begin), 160)}`;
}

function goTo(place) {
  const hit = hitList[place];
  if (!hit) return;
  hitAt = place;
  if (view.thread !== hit.thread) {
    history.pushState(null, "", `#c${hit.thread}`);
    showThread(hit.thread);
  }
  select(hit.place, "center");
  requestAnimationFrame(() => main.querySelector(".at mark")?.scrollIntoView({ block: "center" }));
}

function onSearchKey(event) {
  if (event.key === "Enter") goTo((hitAt + (event.shiftKey ? -1 : 1) + hitList.length) %
    hitList.length);
  else if (event.key === "Escape") {
    query.value = "";
    search();
    query.blur();
  } else return;
  event.preventDefault();
  event.stopPropagation();
}
