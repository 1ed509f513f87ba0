// One feature, opened: candidates, spectrum, evidence, and what can be said beyond single structures.
const titleOf = (name, formula) => (name && name !== formula ? name : subscripts(formula));

function showFeature(row, actions) {
  const feature = data(`f${row.at}`), hits = feature.hits || [], panel = $("panel");
  feature.mz = feature.mz || [];
  const structure = h("div", { class: "structure" }), facts = h("dl", { class: "facts" }), plot = h("div", { class: "plot" });
  const fragments = h("div", { class: "fragments" });
  let chosen = 0, explained = new Map(), marked = new Set();

  const cards = hits.filter((hit) => hit.mol).map((hit, i) => h("button", { type: "button", class: "hit", role: "tab", id: `hit${i}`, "aria-controls": "chosen", onclick: () => choose(i) },
    h("span", { class: "rank" }, i + 1), drawMolecule(hit.mol, { label: `structure of ${hit.name || hit.formula}`, maxWidth: 150, maxHeight: 96 }),
    h("span", { class: "title" }, titleOf(hit.name, hit.formula)), h("span", { class: "line" }, meter(hit.p), h("span", { class: "num" }, probability(hit.p)))));
  if (cards.length && isNumber(row.none)) cards.push(h("div", { class: "hit none" }, h("span", { class: "title" }, "None of these"), h("span", { class: "line" }, meter(row.none), h("span", { class: "num" }, probability(row.none)))));

  panel.replaceChildren(h("div", { class: "inner" }, header(), remarks(),
    hits.length ? h("section", null, h("h3", null, "Candidates"),
      h("div", { class: "hits", role: "tablist", "aria-label": "Candidates", onkeydown: moveAmongHits }, cards),
      h("div", { class: "chosen", id: "chosen", role: "tabpanel" }, structure, facts), others()) : null,
    feature.mz.length ? h("section", null, h("h3", null, feature.lib ? "Spectrum, mirrored with the library" : "Spectrum"), plot, fragments) : null,
    h("div", { class: "cards" }, classes(), substructures(), amounts(), predicted()), evidence()));
  if (feature.mz.length) actions.onWidth(plot, drawPlot);
  if (cards.length) choose(0);
  return { choose: (i) => { if (i < hits.length && hits[i].mol) { choose(i); cards[i].focus(); } } };

  function header() {
    const step = (by, text, label) => { const to = actions.neighbour(by); return h("button", { type: "button", class: "round", "aria-label": label, disabled: to === null, onclick: () => actions.step(by) }, text); };
    const parts = [isNumber(row.mz) && `m/z ${fixed(row.mz, 4)}`, isNumber(row.rt) && `${fixed(row.rt, 2)} min`, row.adduct && (feature.given ? row.adduct : `${row.adduct}, assumed`), row.mode && (row.mode === "+" ? "positive" : "negative"),
      `${row.peaks} peaks`, feature.accuracy && `fragments within ${feature.accuracy}`, feature.scans && `scans ${feature.scans}`];
    return h("header", null, h("div", { class: "steps" }, step(-1, "←", "Previous feature"), step(1, "→", "Next feature")),
      h("div", { class: "heading" }, h("p", { class: "brand" }, `Feature ${row.id}`), h("h2", { id: "panel-title", tabindex: -1 }, titleOf(row.name, row.formula) || STATUSES[row.status] || row.status),
        h("p", { class: "muted" }, parts.filter(Boolean).join("  ·  "))),
      h("button", { type: "button", class: "round", "aria-label": "Close", onclick: actions.close }, "×"));
  }

  function remarks() {
    return feature.warn ? h("ul", { class: "note", "aria-label": "Remarks" }, feature.warn.map((text) => h("li", null, text))) : null;
  }

  function others() {
    const rest = hits.slice(5);
    if (!rest.length) return null;
    return h("details", null, h("summary", null, `${rest.length} more candidate${rest.length > 1 ? "s" : ""}`), h("ol", { start: 6 }, rest.map((hit) => h("li", null, titleOf(hit.name, hit.formula), " ", h("span", { class: "muted" }, `${subscripts(hit.formula)}, ${probability(hit.p)}, `), h("code", null, hit.smiles)))));
  }

  function choose(i) {
    chosen = i;
    cards.forEach((card, k) => { if (k < hits.length && card.role === "tab") { card.setAttribute("aria-selected", k === i); card.tabIndex = k === i ? 0 : -1; } });
    $("chosen").setAttribute("aria-labelledby", `hit${i}`);
    const hit = hits[i], f = hit.frag || [];
    explained = new Map();
    for (let k = 0; k < f.length; k += 5) explained.set(f[k], { formula: f[k + 1], ppm: f[k + 2], hydrogens: f[k + 3], atoms: atomsOf(f[k + 4]) });
    mark(new Set());
    showFacts(hit);
    showFragments();
    if (plot.clientWidth) drawPlot(plot.clientWidth);
    for (const tr of panel.querySelectorAll("[data-hit]")) tr.classList.toggle("on", Number(tr.dataset.hit) === i);
  }

  function mark(atoms) {
    marked = atoms;
    structure.replaceChildren(drawMolecule(hits[chosen].mol, { label: `structure of ${hits[chosen].name || hits[chosen].formula}`, marked, maxWidth: Math.min(420, panel.clientWidth - 60), maxHeight: 270 }));
  }

  function showFacts(hit) {
    const lines = [["Name", [hit.name, ...(hit.names || [])].filter(Boolean).join("; ")], ["Formula", subscripts(hit.formula)], ["Probability", probability(hit.p)],
      ["Expected similarity", isNumber(hit.sim) ? `${fixed(hit.sim, 2)}${feature.similar === chosen + 1 && hits.length > 1 ? ", the highest" : ""}` : ""],
      ["Adduct", hit.adduct], ["Mass error", isNumber(hit.ppm) ? `${signed(hit.ppm, 2)} ppm` : ""], ["Ties", hit.tied ? `with ${hit.tied - 1} more, which the evidence cannot tell apart` : ""],
      ["Sources", (hit.sources || []).join(", ")], ["InChIKey", h("code", null, hit.key || "")], ["SMILES", h("code", null, hit.smiles || "")]];
    facts.replaceChildren(...lines.filter(([, value]) => value && value.textContent !== "").map(([name, value]) => h("div", null, h("dt", null, name), h("dd", null, value))));
  }

  function showFragments() {
    if (!explained.size) { fragments.replaceChildren(); return; }
    const total = feature.int.reduce((a, b) => a + b, 0), share = [...explained.keys()].reduce((a, i) => a + feature.int[i], 0) / total;
    const list = [...explained].map(([i, what]) => h("button", { type: "button", "data-peak": i, onmouseenter: () => onPeak(i), onmouseleave: () => onPeak(null), onfocus: () => onPeak(i), onblur: () => onPeak(null), onclick: () => onPeak(i) },
      h("span", { class: "num" }, fixed(feature.mz[i], 4)), h("strong", null, subscripts(what.formula)), h("span", { class: "muted" }, [`${signed(what.ppm, 1)} ppm`, what.hydrogens ? `${signed(what.hydrogens, 0)} H` : ""].filter(Boolean).join(", "))));
    fragments.replaceChildren(h("p", { class: "small" }, `Candidate ${chosen + 1} explains ${explained.size} peaks, ${(100 * share).toFixed(0)} % of the intensity. Point at a peak to see its fragment in the structure.`), h("div", { class: "list" }, list));
  }

  function onPeak(i) {
    const what = i === null ? null : explained.get(i);
    mark(what ? what.atoms : new Set());
    for (const node of panel.querySelectorAll("[data-peak]")) node.classList.toggle("on", i !== null && Number(node.dataset.peak) === i);
  }

  function drawPlot(width) {
    plot.replaceChildren(drawSpectrum(feature, explained, onPeak, width));
  }

  function moveAmongHits(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key], n = hits.filter((hit) => hit.mol).length;
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    choose((chosen + by + n) % n);
    cards[chosen].focus();
  }

  function card(title, ...content) {
    return h("section", { class: "card" }, h("h3", null, title), content);
  }

  function evidence() {
    const drawn = hits.filter((hit) => hit.ev), names = [...new Set(drawn.flatMap((hit) => Object.keys(hit.ev)))];
    if (!names.length) return null;
    const spread = (name) => { const known = drawn.map((hit) => hit.ev[name]).filter(isNumber); return [Math.min(...known), Math.max(...known)]; };
    const isTold = (name) => { const [low, high] = spread(name); return high > low || drawn.length === 1; };
    const equal = names.filter((name) => !isTold(name)).map(words);
    const rows = names.filter(isTold).map((name) => {
      const values = drawn.map((hit) => hit.ev[name]), [low, high] = spread(name);
      return h("tr", null, h("th", { scope: "row" }, words(name)), values.map((value, i) => h("td", { "data-hit": i, title: isNumber(value) ? plain(value) : "missing" },
        isNumber(value) ? [h("span", { class: "rail" }, h("span", { style: `width:${high > low ? 8 + 92 * (value - low) / (high - low) : 100}%` })), h("span", { class: "num" }, Number(value.toPrecision(2)))] : h("span", { class: "muted" }, "–"))));
    });
    return h("section", { class: "card" }, h("h3", null, "Evidence"), h("div", { class: "scroll" }, h("table", { class: "evidence" }, h("thead", null, h("tr", null, h("td"), drawn.map((_, i) => h("th", { scope: "col", "data-hit": i }, i + 1)))), h("tbody", null, rows))),
      h("p", { class: "small" }, `Each line compares the candidates; longer is better.${equal.length ? ` The same for all: ${equal.join(", ")}.` : ""}`));
  }

  function bars(list) {
    return h("ul", { class: "bars" }, list);
  }

  function classes() {
    if (!row.classes.length) return null;
    const list = [];
    for (let k = 0; k < row.classes.length; k += 2) list.push(h("li", null, h("span", { class: "name" }, row.classes[k]), h("span", { class: "rail" }, h("span", { style: `width:${100 * row.classes[k + 1]}%` })), h("span", { class: "value" }, probability(row.classes[k + 1]))));
    return card("Compound classes", bars(list));
  }

  function substructures() {
    if (!feature.subs || !feature.subs.length) return null;
    const show = (k) => { const bits = (hits[chosen].in || [])[k]; mark(atomsOf(bits || "")); };
    return card("What the candidates share", bars(feature.subs.map(([name, p], k) => h("li", null, h("button", { type: "button", onmouseenter: () => show(k), onmouseleave: () => mark(new Set()), onfocus: () => show(k), onblur: () => mark(new Set()) },
      h("span", { class: "name" }, name), h("span", { class: "rail" }, h("span", { style: `width:${100 * p}%` })), h("span", { class: "value" }, probability(p)))))),
      h("p", { class: "small" }, "Point at one to see it in the structure above."));
  }

  function predicted() {
    if (!feature.seen) return null;
    return card("Seen in the spectrum by the model", h("ul", { class: "seen" }, feature.seen.map(([smiles, p, mol, name]) => h("li", { title: smiles }, mol ? drawMolecule(mol, { label: smiles, maxWidth: 110, maxHeight: 74 }) : h("code", null, smiles), h("span", null, name), h("span", { class: "num" }, probability(p))))));
  }

  function amounts() {
    if (!feature.amounts) return null;
    const most = Math.max(...feature.amounts.map(([, value]) => value || 0)) || 1;
    return card("Intensity in the samples", bars(feature.amounts.map(([name, value]) => h("li", null, h("span", { class: "name" }, name), h("span", { class: "rail" }, h("span", { style: `width:${100 * (value || 0) / most}%` })), h("span", { class: "value" }, isNumber(value) ? value.toPrecision(3) : "–")))));
  }
}
