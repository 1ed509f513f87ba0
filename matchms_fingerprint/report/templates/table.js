// The table of all features: sorted, filtered, and filled as far as it is scrolled to.
const COLUMNS = [
  { key: "id", title: "Feature", of: (row) => row.id, text: true },
  { key: "mz", title: "m/z", of: (row) => row.mz, cell: (row) => fixed(row.mz, 4) },
  { key: "rt", title: "RT, min", of: (row) => row.rt, cell: (row) => fixed(row.rt, 2) },
  { key: "adduct", title: "Adduct", of: (row) => row.adduct || row.mode, text: true },
  { key: "name", title: "Best candidate", of: (row) => row.name || STATUSES[row.status], text: true, class: "name",
    cell: (row) => (row.name ? (row.name === row.formula ? [subscripts(row.formula), h("span", { class: "formula" }, row.key)] : [row.name, h("span", { class: "formula" }, subscripts(row.formula))]) : h("span", { class: "muted" }, STATUSES[row.status] || row.status)) },
  { key: "p", title: "Probability", of: (row) => row.p, cell: (row) => (isNumber(row.p) ? [meter(row.p), h("span", { class: "num" }, probability(row.p))] : ""), class: "p" },
  { key: "none", title: "None", hint: "Probability that the right structure is not among the candidates", of: (row) => row.none, cell: (row) => probability(row.none) },
  { key: "ppm", title: "ppm", hint: "Measured minus calculated precursor m/z", of: (row) => row.ppm, cell: (row) => signed(row.ppm, 1) },
  { key: "class", title: "Class", of: (row) => row.classes[0] || "", text: true, class: "class" },
  { key: "peaks", title: "Peaks", of: (row) => row.peaks, cell: (row) => row.peaks },
  { key: "warn", title: "Remarks", of: (row) => row.warn || null, cell: (row) => (row.warn ? h("span", { class: "warned", "aria-label": `${row.warn} remarks` }, `⚠ ${row.warn}`) : "") },
];
const ROWS_AT_ONCE = 150;
const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

function makeTable(rows, open) {
  const columns = COLUMNS.filter((column) => rows.some((row) => column.of(row) !== null && column.of(row) !== ""));
  const head = h("tr"), body = $("table").tBodies[0], state = { key: null, down: false, shown: rows, drawn: 0, active: null };
  const filters = { text: "", least: 0, mode: "", status: "", class: "", calm: false };
  $("table").tHead.append(head);
  for (const column of columns)
    head.append(h("th", { scope: "col", title: column.hint, class: column.class || (column.text ? "" : "number"), "data-key": column.key },
      h("button", { type: "button", onclick: () => sortBy(column.key) }, column.title, h("span", { class: "arrow", "aria-hidden": true }))));
  for (const row of rows) row.search = [row.id, row.name, row.formula, row.key, row.adduct, ...row.classes.filter((_, k) => k % 2 === 0)].join("\n").toLowerCase();
  const controls = makeFilters();
  body.addEventListener("click", (event) => { const tr = event.target.closest("tr"); if (tr) { activate(tr); open(Number(tr.dataset.row)); } });
  body.addEventListener("keydown", onKey);
  body.addEventListener("focusin", (event) => activate(event.target.closest("tr")));
  new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) drawMore(); }, { rootMargin: "600px" }).observe($("more"));
  addEventListener("beforeprint", () => { if (!document.body.classList.contains("opened")) while (state.drawn < state.shown.length) drawMore(); });
  refresh();
  return { set, neighbour, focus };

  function makeFilters() {
    const made = {};
    const field = (name, label, control) => { made[name] = control; $("filters").append(h("label", { class: name }, h("span", null, label), control)); };
    const choice = (values, names) => h("select", null, h("option", { value: "" }, "all"), values.map((value) => h("option", { value }, names ? names[value] || value : value)));
    const distinct = (of) => [...new Set(rows.map(of).flat())].filter(Boolean).sort(collator.compare);
    field("text", "Search", h("input", { type: "search", placeholder: "id, name, formula, class", id: "search" }));
    field("least", "Probability at least", h("input", { type: "number", min: 0, max: 1, step: 0.05, value: "", placeholder: "0" }));
    const modes = distinct((row) => row.mode), statuses = distinct((row) => row.status), classes = distinct((row) => row.classes.filter((_, k) => k % 2 === 0));
    if (modes.length > 1) field("mode", "Ion mode", choice(modes, { "+": "positive", "−": "negative" }));
    if (statuses.length > 1) field("status", "Status", choice(statuses, STATUSES));
    if (classes.length) field("class", "Class", choice(classes));
    if (rows.some((row) => row.warn)) field("calm", "Without remarks only", h("input", { type: "checkbox" }));
    $("filters").append(h("button", { type: "reset", class: "quiet" }, "Clear"));
    $("filters").addEventListener("input", read);
    $("filters").addEventListener("reset", () => setTimeout(read));
    $("filters").addEventListener("submit", (event) => event.preventDefault());
    return made;
  }

  function read() {
    for (const [name, control] of Object.entries(controls)) filters[name] = control.type === "checkbox" ? control.checked : control.value;
    filters.text = filters.text.trim().toLowerCase();
    filters.least = Number(filters.least) || 0;
    refresh();
  }

  function set(name, value) {
    if (!controls[name]) return;
    controls[name].value = value;
    read();
    $("features").scrollIntoView({ behavior: "smooth" });
  }

  function fits(row) {
    return (!filters.text || row.search.includes(filters.text)) && (!filters.least || row.p >= filters.least) && (!filters.mode || row.mode === filters.mode) &&
      (!filters.status || row.status === filters.status) && (!filters.class || row.classes.includes(filters.class)) && (!filters.calm || !row.warn);
  }

  function sortBy(key) {
    const column = columns.find((c) => c.key === key);
    // numbers start with the largest, texts with A; the third click brings the order of the file back
    const first = !column.text && key !== "mz" && key !== "rt";
    if (state.key !== key) Object.assign(state, { key, down: first });
    else if (state.down === first) state.down = !first;
    else state.key = null;
    refresh();
  }

  function refresh() {
    const column = columns.find((c) => c.key === state.key), sign = state.down ? -1 : 1;
    state.shown = rows.filter(fits);
    if (column) state.shown.sort((a, b) => {
      const [x, y] = [column.of(a), column.of(b)], empty = (v) => v === null || v === "";
      if (empty(x) || empty(y)) return empty(x) - empty(y) || a.at - b.at;
      return sign * (column.text ? collator.compare(x, y) : x - y) || a.at - b.at;
    });
    for (const th of head.children) {
      const isSorted = th.dataset.key === state.key;
      th.setAttribute("aria-sort", isSorted ? (state.down ? "descending" : "ascending") : "none");
      th.querySelector(".arrow").textContent = isSorted ? (state.down ? "↓" : "↑") : "";
    }
    body.replaceChildren();
    state.drawn = 0;
    state.active = null;
    drawMore();
    $("count").textContent = state.shown.length === rows.length ? `${rows.length.toLocaleString("en")} in all` : `${state.shown.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")}`;
  }

  function drawMore() {
    const part = document.createDocumentFragment();
    for (const row of state.shown.slice(state.drawn, state.drawn + ROWS_AT_ONCE)) {
      const tr = h("tr", { "data-row": row.at, tabindex: -1, "aria-label": `Feature ${row.id}` });
      for (const column of columns)
        tr.append(h("td", { class: column.class || (column.text ? null : "number"), "data-title": column.title }, column.cell ? column.cell(row) : column.of(row)));
      part.append(tr);
    }
    body.append(part);
    state.drawn = Math.min(state.shown.length, state.drawn + ROWS_AT_ONCE);
    if (!state.active && body.firstChild) activate(body.firstChild);
    $("more").textContent = state.shown.length ? (state.drawn < state.shown.length ? `${(state.shown.length - state.drawn).toLocaleString("en")} more` : "") : "No feature fits these filters.";
  }

  function activate(tr) {
    if (!tr || tr === state.active) return;
    if (state.active) state.active.tabIndex = -1;
    state.active = tr;
    tr.tabIndex = 0;
  }

  function onKey(event) {
    const tr = event.target.closest("tr");
    if (!tr || event.altKey || event.ctrlKey || event.metaKey) return;
    let next = null;
    if (event.key === "Enter" || event.key === " ") open(Number(tr.dataset.row));
    else if (event.key === "ArrowDown") next = tr.nextElementSibling || (drawMore(), tr.nextElementSibling);
    else if (event.key === "ArrowUp") next = tr.previousElementSibling;
    else if (event.key === "Home") next = body.firstElementChild;
    else if (event.key === "End") { while (state.drawn < state.shown.length) drawMore(); next = body.lastElementChild; } else return;
    event.preventDefault();
    if (next) next.focus();
  }

  // the feature before or after another in the order that is shown
  function neighbour(at, step) {
    const place = state.shown.findIndex((row) => row.at === at);
    const found = state.shown[place + step];
    return place < 0 || !found ? null : found.at;
  }

  function focus(at) {
    const place = state.shown.findIndex((row) => row.at === at);
    while (place >= state.drawn && state.drawn < state.shown.length) drawMore();
    const tr = body.querySelector(`tr[data-row="${at}"]`);
    if (tr) tr.focus();
  }
}
