// Molecules: coordinates from RDKit, drawn here.
const FONT = 13;
const SUBSCRIPTS = "₀₁₂₃₄₅₆₇₈₉";

function chargeOf(q) {
  if (!q) return "";
  return (Math.abs(q) > 1 ? "⁰¹²³⁴⁵⁶⁷⁸⁹"[Math.abs(q)] : "") + (q > 0 ? "⁺" : "⁻");
}

// bits of atoms as they are packed: four atoms a hexadecimal digit
function atomsOf(bits) {
  const atoms = new Set();
  for (let i = 0; i < bits.length; i++) {
    const digit = parseInt(bits[i], 16);
    for (let k = 0; k < 4; k++) if ((digit >> k) & 1) atoms.add(4 * i + k);
  }
  return atoms;
}

function drawMolecule(mol, options) {
  const { label = "structure", marked = new Set(), maxWidth = 360, maxHeight = 240 } = options || {};
  const xy = mol.xy, n = xy.length / 2;
  const x = (i) => xy[2 * i], y = (i) => xy[2 * i + 1];
  const neighbours = Array.from({ length: n }, () => []);
  for (let k = 0; k < mol.b.length; k += 3) {
    neighbours[mol.b[k]].push(mol.b[k + 1]);
    neighbours[mol.b[k + 1]].push(mol.b[k]);
  }
  const labels = new Map();
  for (let k = 0; k < mol.l.length; k += 4) labels.set(mol.l[k], mol.l.slice(k + 1, k + 4));
  let width = 0, height = 0;
  for (let i = 0; i < n; i++) { width = Math.max(width, x(i)); height = Math.max(height, y(i)); }
  const pad = 20;
  const box = [-pad, -pad, width + 2 * pad, height + 2 * pad];
  const scale = Math.min(maxWidth / box[2], maxHeight / box[3], 1.15);
  const back = s("g", { class: "marks" }), lines = s("g", { class: "bonds" }), texts = s("g", {});

  for (const i of marked) if (i < n) back.append(s("circle", { cx: x(i), cy: y(i), r: 8 }));
  for (let k = 0; k < mol.b.length; k += 3) {
    const [i, j, kind] = [mol.b[k], mol.b[k + 1], mol.b[k + 2]];
    if (marked.has(i) && marked.has(j)) back.append(s("line", { x1: x(i), y1: y(i), x2: x(j), y2: y(j) }));
    drawBond(lines, i, j, kind);
  }
  for (const [i, [symbol, hydrogens, charge]] of labels) drawLabel(i, symbol, hydrogens, charge);
  return s("svg", {
    class: "mol", role: "img", "aria-label": label, viewBox: box.map((v) => v.toFixed(0)).join(" "),
    width: (box[2] * scale).toFixed(0), height: (box[3] * scale).toFixed(0),
  }, back, lines, texts);

  function drawBond(into, i, j, kind) {
    const length = Math.hypot(x(j) - x(i), y(j) - y(i)) || 1;
    const ux = (x(j) - x(i)) / length, uy = (y(j) - y(i)) / length;
    const from = labels.has(i) ? 8 : 0, to = labels.has(j) ? 8 : 0;
    const p = [x(i) + ux * from, y(i) + uy * from], q = [x(j) - ux * to, y(j) - uy * to];
    const line = (shift, trim, dashes) => into.append(s("line", {
      x1: (p[0] - uy * shift + ux * (from ? 0 : trim)).toFixed(1), y1: (p[1] + ux * shift + uy * (from ? 0 : trim)).toFixed(1),
      x2: (q[0] - uy * shift - ux * (to ? 0 : trim)).toFixed(1), y2: (q[1] + ux * shift - uy * (to ? 0 : trim)).toFixed(1),
      "stroke-dasharray": dashes,
    }));
    if (kind === 5) {
      const wide = [[q[0] - uy * 3.5, q[1] + ux * 3.5], [q[0] + uy * 3.5, q[1] - ux * 3.5]];
      into.append(s("path", { class: "wedge", d: `M${p.map((v) => v.toFixed(1))}L${wide.map((c) => c.map((v) => v.toFixed(1))).join("L")}Z` }));
    } else if (kind === 6) {
      for (let t = 0.12; t <= 1; t += 0.17) {
        const c = [p[0] + (q[0] - p[0]) * t, p[1] + (q[1] - p[1]) * t], w = 3.8 * t;
        into.append(s("line", { x1: (c[0] - uy * w).toFixed(1), y1: (c[1] + ux * w).toFixed(1), x2: (c[0] + uy * w).toFixed(1), y2: (c[1] - ux * w).toFixed(1) }));
      }
    } else if (kind === 3) {
      line(0, 0); line(3.6, 2); line(-3.6, 2);
    } else if (kind === 2 || kind === 4) {
      const dashes = kind === 4 ? "3 2.5" : null;
      const isEnd = neighbours[i].length === 1 || neighbours[j].length === 1;
      if (isEnd && kind === 2) { line(2.2, 0); line(-2.2, 0); } else { line(0, 0); line(4.6 * side(i, j, ux, uy), 4.2, dashes); }
    } else line(0, 0);
  }

  // the second line of a double bond lies where the neighbours are, which is inside of a ring
  function side(i, j, ux, uy) {
    let sum = 0;
    for (const [end, other] of [[i, j], [j, i]])
      for (const k of neighbours[end]) if (k !== other) sum += Math.sign(-uy * (x(k) - x(end)) + ux * (y(k) - y(end)));
    return sum < 0 ? -1 : 1;
  }

  function drawLabel(i, symbol, hydrogens, charge) {
    const h = hydrogens ? "H" + (hydrogens > 1 ? SUBSCRIPTS[hydrogens] : "") : "";
    const rightward = neighbours[i].reduce((sum, k) => sum + (x(k) - x(i)), 0);
    const isLeft = h && rightward > 1;
    const text = isLeft ? h + symbol + chargeOf(charge) : symbol + h + chargeOf(charge);
    const half = symbol.length > 1 ? 7 : 4.8;
    const at = h || charge ? (isLeft && !charge ? x(i) + half : x(i) - half) : x(i);
    texts.append(s("text", {
      x: isLeft && charge ? x(i) + half + 4 : at, y: y(i) + FONT * 0.36, "font-size": FONT, class: `atom ${symbol}`,
      "text-anchor": h || charge ? (isLeft ? "end" : "start") : "middle",
    }, text));
  }
}
