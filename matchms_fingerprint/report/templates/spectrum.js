// The spectrum of a feature: sticks, those that the chosen candidate explains in colour, a library spectrum mirrored.
function drawSpectrum(feature, explained, onPeak, width) {
  const height = feature.lib ? 380 : 270, left = 42, right = 12, top = 34, bottom = 34;
  const base = feature.lib ? (height - bottom + top) / 2 : height - bottom;
  const all = feature.lib ? feature.mz.concat(feature.lib.mz) : feature.mz;
  const margin = (Math.max(...all) - Math.min(...all)) * 0.04 + 4;
  const low = Math.max(0, Math.min(...all) - margin), high = Math.max(...all) + margin;
  const px = (mz) => left + ((mz - low) / (high - low)) * (width - left - right);
  const py = (intensity) => base - (intensity / 1000) * (base - top);
  const root = s("svg", { class: "spectrum", width, height, viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Spectrum with ${feature.mz.length} peaks, ${explained.size} of them explained` });
  for (const t of [0, 500, 1000]) {
    root.append(s("line", { class: "grid", x1: left, x2: width - right, y1: py(t), y2: py(t) }),
      s("text", { class: "tick", x: left - 7, y: py(t) + 4, "text-anchor": "end" }, `${t / 10}`));
  }
  for (const t of ticks(low, high, Math.max(3, width / 110)))
    root.append(s("text", { class: "tick", x: px(t), y: height - bottom + 17, "text-anchor": "middle" }, plain(t)));
  root.append(s("text", { class: "axis", x: width - right, y: height - 3, "text-anchor": "end" }, "m/z"),
    s("text", { class: "axis", x: 10, y: 14 }, "% of base peak"));
  feature.mz.forEach((mz, i) => {
    const what = explained.get(i);
    const stick = s("g", { class: what ? "peak explained" : "peak", "data-peak": i,
      onmouseenter: () => onPeak(i), onmouseleave: () => onPeak(null), onclick: () => onPeak(i) },
    s("title", null, `m/z ${fixed(mz, 4)}, ${fixed(feature.int[i] / 10, 1)} %` + (what ? `, ${subscripts(what.formula)}, ${signed(what.ppm, 1)} ppm` : "")),
    s("rect", { class: "touch", x: px(mz) - 4, y: Math.min(py(feature.int[i]), base - 8), width: 8, height: Math.max(8, base - py(feature.int[i])) }),
    s("line", { x1: px(mz), x2: px(mz), y1: base, y2: py(feature.int[i]) }));
    root.append(stick);
  });
  if (feature.lib) drawMirrored();
  labelPeaks(feature.mz, feature.int, (i) => py(feature.int[i]) - 5, explained);
  return root;

  function drawMirrored() {
    const lib = feature.lib;
    lib.mz.forEach((mz, i) => root.append(s("line", { class: "mirrored", x1: px(mz), x2: px(mz), y1: base, y2: 2 * base - py(lib.int[i]) })));
    for (const t of [500, 1000])
      root.append(s("text", { class: "tick", x: left - 7, y: 2 * base - py(t) + 4, "text-anchor": "end" }, `${t / 10}`));
    root.append(s("line", { class: "zero", x1: left, x2: width - right, y1: base, y2: base }),
      s("text", { class: "axis", x: left, y: height - 3 }, `library: ${lib.name}, similarity ${fixed(lib.sim, 2)}`));
  }

  function labelPeaks(mzs, intensities, at, known) {
    const taken = [];
    const order = mzs.map((_, i) => i).sort((a, b) => intensities[b] - intensities[a] || a - b);
    order.slice(0, 40).forEach((i, place) => {
      const what = known.get(i), text = what ? subscripts(what.formula) : fixed(mzs[i], 4);
      const reach = 3.6 * text.length, centre = clamp(px(mzs[i]), left + reach, width - right - reach), y = at(i);
      const isCrossed = order.slice(0, place).some((j) => Math.abs(px(mzs[j]) - centre) < reach + 2);  // by a higher peak
      const isCovered = taken.some((o) => Math.abs(o.centre - centre) < o.reach + reach && Math.abs(o.y - y) < 14);
      if (intensities[i] < 15 || isCrossed || isCovered || taken.length >= width / 60) return;
      taken.push({ centre, reach, y });
      root.append(s("text", { class: what ? "label explained" : "label", x: centre, y, "text-anchor": "middle" }, text));
    });
  }
}
