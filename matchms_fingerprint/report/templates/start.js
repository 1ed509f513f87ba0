// Puts the page together: the table and its neighbours, the panel, the keys, the address.
const columns = data("rows");
const rows = (columns.id || []).map((_, at) => { const row = { at }; for (const name in columns) row[name] = columns[name][at]; return row; });
let opened = null, shownFeature = null;

// calls back with the width of an element, now and whenever it changes
const widths = new WeakMap();
const watcher = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const width = Math.floor(target.clientWidth), known = widths.get(target);
    if (known && width && width !== known.width) { known.width = width; known.callback(width); }
  }
});
function onWidth(node, callback) {
  widths.set(node, { width: 0, callback });
  watcher.observe(node);
}

function open(at) {
  if (!rows[at]) return;
  opened = at;
  const panel = $("panel");
  panel.hidden = false;
  document.body.classList.add("opened");
  for (const part of document.querySelectorAll("main, .top, footer, .skip")) part.inert = true;
  shownFeature = showFeature(rows[at], { onWidth, close, step, neighbour: (by) => table.neighbour(at, by) });
  panel.scrollTop = 0;
  $("panel-title").focus({ preventScroll: true });
  if (location.hash !== `#feature-${at}`) history.replaceState(null, "", `#feature-${at}`);
}

function close() {
  if (opened === null) return;
  const at = opened;
  opened = null;
  $("panel").hidden = true;
  $("panel").replaceChildren();
  document.body.classList.remove("opened");
  for (const part of document.querySelectorAll("main, .top, footer, .skip")) part.inert = false;
  history.replaceState(null, "", location.pathname + location.search);
  table.focus(at);
}

function step(by) {
  const to = opened === null ? null : table.neighbour(opened, by);
  if (to !== null) open(to);
}

const table = makeTable(rows, open);
drawOverview(rows, { onWidth, open, filterClass: (name) => table.set("class", name), filterProbability: (p) => table.set("least", p) });

addEventListener("keydown", (event) => {
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
  if (opened !== null) {
    if (event.key === "Escape") close();
    else if (event.key === "ArrowRight") step(1);
    else if (event.key === "ArrowLeft") step(-1);
    else if (/^[1-5]$/.test(event.key)) shownFeature.choose(Number(event.key) - 1);
  } else if (event.key === "/" && !isTyping) {
    event.preventDefault();
    $("search").focus();
  } else if (event.key === "Escape" && event.target.id === "search") event.target.blur();
});
function followAddress() {
  const wanted = /^#feature-(\d+)$/.exec(location.hash);
  if (wanted && Number(wanted[1]) !== opened) open(Number(wanted[1]));
}
addEventListener("hashchange", followAddress);
followAddress();
