// What the run found, at a glance.
const STATUSES = {
  annotated: "annotated", no_candidates: "no candidates", too_few_peaks: "too few peaks", unknown_ion_mode: "unknown ion mode",
  no_precursor: "no precursor", unreadable: "unreadable",
};

function drawOverview(rows, actions) {
  const tiles = $("tiles"), charts = $("charts");
  const annotated = rows.filter((row) => isNumber(row.p));
  const isPosterior = rows.some((row) => isNumber(row.none));
  const tile = (value, label, note) => tiles.append(h("div", { class: "tile" }, h("strong", null, value), h("span", null, label), note && h("small", null, note)));
  const others = Object.entries(Object.groupBy(rows, (row) => row.status)).filter(([status]) => status !== "annotated");
  tile(rows.length.toLocaleString("en"), rows.length === 1 ? "feature" : "features");
  tile(annotated.length.toLocaleString("en"), "with candidates", others.map(([status, list]) => `${list.length} ${STATUSES[status] || status}`).join(", "));
  tile(annotated.filter((row) => row.p >= 0.5).length.toLocaleString("en"), "more likely right than wrong", "best candidate at 0.5 or more");
  tile(rows.filter((row) => row.warn).length.toLocaleString("en"), "with remarks", "shown with each feature");

  const chart = (title, draw, note) => {
    const place = h("div", { class: "plot" });
    charts.append(h("figure", { class: "card" }, h("figcaption", null, title), place, note && h("p", { class: "small" }, note)));
    actions.onWidth(place, (width) => place.replaceChildren(draw(width)));
  };
  if (annotated.length) {
    chart("Probability of the best candidate", (width) => histogram(annotated, width));
    const confidence = h("figure", { class: "card" });
    charts.append(confidence);
    drawConfidence(confidence, annotated, isPosterior, actions);
  }
  const placed = rows.filter((row) => isNumber(row.rt) && isNumber(row.mz));
  if (placed.length > 1) chart("m/z against retention time", (width) => scatter(placed, width, actions), "Colour: probability of the best candidate. Hollow: no candidate.");
  drawClasses(rows, charts, actions);
}

function frame(width, height, label) {
  return s("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label });
}

function histogram(rows, width) {
  const height = 210, left = 38, bottom = 34, top = 10, bins = Array(20).fill(0);
  for (const row of rows) bins[Math.min(19, Math.floor(row.p * 20))]++;
  const most = Math.max(...bins, 1);
  const px = (p) => left + p * (width - left - 8), py = (n) => height - bottom - (n / most) * (height - bottom - top);
  const root = frame(width, height, `Histogram of probabilities: ${bins.join(", ")} features in steps of 0.05`);
  for (const t of ticks(0, most, 4).filter(Number.isInteger))
    root.append(s("line", { class: "grid", x1: left, x2: width - 8, y1: py(t), y2: py(t) }), s("text", { class: "tick", x: left - 6, y: py(t) + 4, "text-anchor": "end" }, t));
  bins.forEach((n, i) => root.append(s("rect", { x: px(i / 20) + 1, width: px(1 / 20) - px(0) - 2, y: py(n), height: height - bottom - py(n), style: `fill:${shade((i + 0.5) / 20)}` },
    s("title", null, `${(i / 20).toFixed(2)} to ${((i + 1) / 20).toFixed(2)}: ${n}`))));
  for (const t of [0, 0.25, 0.5, 0.75, 1]) root.append(s("text", { class: "tick", x: px(t), y: height - bottom + 16, "text-anchor": "middle" }, t));
  root.append(s("text", { class: "axis", x: width - 8, y: height - 4, "text-anchor": "end" }, "probability"));
  return root;
}

// How many answers are kept at a threshold, and how many of them are expected to be wrong: the sum of 1 - probability.
function drawConfidence(place, rows, isPosterior, actions) {
  const sorted = rows.map((row) => row.p).sort((a, b) => b - a);
  const wrong = [0];
  for (const p of sorted) wrong.push(wrong.at(-1) + 1 - p);
  const kept = (threshold) => { let n = 0; while (n < sorted.length && sorted[n] >= threshold) n++; return n; };
  const text = h("p", { class: "statement", role: "status" });
  const slider = h("input", { type: "range", min: 0, max: 1, step: 0.01, value: 0.5, "aria-label": "threshold of the probability", oninput: say });
  const plot = h("div", { class: "plot" });
  place.append(h("figcaption", null, isPosterior ? "Expected false discoveries" : "Answers above a threshold"), plot, slider, text,
    h("button", { type: "button", class: "quiet", onclick: () => actions.filterProbability(Number(slider.value)) }, "Show these features"));
  if (isPosterior) place.append(h("p", { class: "small" }, "Upper line: answers with at least this probability. Lower line: how many of them are expected to be wrong."));
  else place.append(h("p", { class: "small" }, "This run has no posterior: probabilities are shares among the candidates, and how many are wrong cannot be told."));
  let draw = () => {};
  actions.onWidth(plot, (width) => {
    const height = 130, left = 38, bottom = 22, top = 8;
    const px = (p) => left + p * (width - left - 8), py = (n) => height - bottom - (n / Math.max(1, sorted.length)) * (height - bottom - top);
    draw = (at) => {
      const root = frame(width, height, "Features kept and expected wrong, by threshold");
      const line = (value, name) => root.append(s("path", { class: name, d: "M" + Array.from({ length: 51 }, (_, i) => `${px(i / 50).toFixed(1)},${py(value(kept(i / 50))).toFixed(1)}`).join("L") }));
      for (const t of [0, sorted.length]) root.append(s("text", { class: "tick", x: left - 6, y: py(t) + 4, "text-anchor": "end" }, t));
      for (const t of [0, 0.5, 1]) root.append(s("text", { class: "tick", x: px(t), y: height - 6, "text-anchor": "middle" }, t));
      line((n) => n, "kept");
      if (isPosterior) line((n) => wrong[n], "wrong");
      root.append(s("line", { class: "zero", x1: px(at), x2: px(at), y1: top, y2: height - bottom }));
      plot.replaceChildren(root);
    };
    say();
  });
  function say() {
    const at = Number(slider.value), n = kept(at);
    draw(at);
    text.textContent = `At ${at.toFixed(2)} or more: ${n.toLocaleString("en")} of ${rows.length.toLocaleString("en")} answers` +
      (isPosterior && n ? `; about ${wrong[n].toFixed(wrong[n] < 10 ? 1 : 0)} of them (${(100 * wrong[n] / n).toFixed(0)} %) are expected to be wrong.` : ".");
  }
}

function scatter(rows, width, actions) {
  const height = 300, left = 46, bottom = 38, top = 10, right = 10;
  const span = (values) => { const low = Math.min(...values), high = Math.max(...values), pad = (high - low) * 0.04 || 1; return [low - pad, high + pad]; };
  const [x0, x1] = span(rows.map((row) => row.rt)), [y0, y1] = span(rows.map((row) => row.mz));
  const px = (rt) => left + ((rt - x0) / (x1 - x0)) * (width - left - right), py = (mz) => height - bottom - ((mz - y0) / (y1 - y0)) * (height - bottom - top);
  const root = frame(width, height, `${rows.length} features by retention time and m/z`);
  for (const t of ticks(y0, y1, 5)) root.append(s("line", { class: "grid", x1: left, x2: width - right, y1: py(t), y2: py(t) }), s("text", { class: "tick", x: left - 6, y: py(t) + 4, "text-anchor": "end" }, plain(t)));
  for (const t of ticks(x0, x1, width / 90)) root.append(s("text", { class: "tick", x: px(t), y: height - bottom + 16, "text-anchor": "middle" }, plain(t)));
  root.append(s("text", { class: "axis", x: width - right, y: height - 4, "text-anchor": "end" }, "retention time, min"), s("text", { class: "axis", x: 2, y: 12 }, "m/z"));
  const dots = s("g", { class: "dots", onclick: (event) => { const at = event.target.dataset.row; if (at) actions.open(Number(at)); } });
  for (const row of rows.slice().sort((a, b) => (a.p ?? -1) - (b.p ?? -1)))
    dots.append(s("circle", { cx: px(row.rt).toFixed(1), cy: py(row.mz).toFixed(1), r: isNumber(row.p) ? 3.2 : 2.4, "data-row": row.at, class: isNumber(row.p) ? null : "hollow", style: isNumber(row.p) ? `fill:${shade(row.p)}` : null }));
  dots.addEventListener("mouseover", (event) => {
    const dot = event.target, row = dot.dataset.row && rows.find((r) => r.at === Number(dot.dataset.row));
    if (row && !dot.firstChild) dot.append(s("title", null, `${row.id}: m/z ${fixed(row.mz, 4)}, ${fixed(row.rt, 2)} min${row.name ? `, ${row.name} (${probability(row.p)})` : ""}`));
  });
  root.append(dots);
  return root;
}

function drawClasses(rows, charts, actions) {
  const totals = new Map();
  for (const row of rows) for (let k = 0; k < row.classes.length; k += 2) totals.set(row.classes[k], (totals.get(row.classes[k]) || 0) + row.classes[k + 1]);
  if (!totals.size) return;
  const most = [...totals].sort((a, b) => b[1] - a[1]).slice(0, 14), highest = most[0][1];
  charts.append(h("figure", { class: "card" }, h("figcaption", null, "Compound classes"),
    h("ul", { class: "bars" }, most.map(([name, total]) => h("li", null,
      h("button", { type: "button", onclick: () => actions.filterClass(name) },
        h("span", { class: "name" }, name), h("span", { class: "rail" }, h("span", { style: `width:${100 * total / highest}%` })), h("span", { class: "value" }, total.toFixed(total < 10 ? 1 : 0)))))),
    h("p", { class: "small" }, "Expected number of features, the sum of the probabilities; a feature may be in several.")));
}
