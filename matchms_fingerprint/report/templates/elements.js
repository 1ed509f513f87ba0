// Elements are made one by one and texts are set as texts: nothing of the data is ever read as HTML.
const SVG = "http://www.w3.org/2000/svg";
const $ = (id) => document.getElementById(id);

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (name === "style") node.style.cssText = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  for (const child of children.flat()) {
    if (child === null || child === undefined || child === false) continue;
    node.append(child.nodeType ? child : String(child));
  }
  return node;
}
const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

const data = (id) => JSON.parse($(id).textContent);
const isNumber = (x) => typeof x === "number";
const fixed = (x, digits) => (isNumber(x) ? x.toFixed(digits).replace("-", "−") : "");
const signed = (x, digits) => (isNumber(x) ? (x > 0 ? "+" : "") + fixed(x, digits) : "");
const clamp = (x, low, high) => Math.min(high, Math.max(low, x));
const subscripts = (formula) => (formula || "").replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[digit]);
const words = (name) => name.replaceAll("_", " ");

function probability(p) {
  if (!isNumber(p)) return "";
  if (p < 0.01) return "< 0.01";
  return p > 0.99 && p < 1 ? "> 0.99" : p.toFixed(2);
}
// the colour of a probability: from faint to the accent of the page
const shade = (p) => `color-mix(in oklab, var(--strong) ${Math.round(100 * clamp(p || 0, 0, 1))}%, var(--faint))`;

function meter(p, label) {
  return h("span", { class: "meter", role: "img", "aria-label": label || `probability ${probability(p)}` },
    h("span", { style: `width:${100 * clamp(p || 0, 0, 1)}%;background:${shade(p)}` }));
}

// round values for the ticks of an axis
function ticks(low, high, wanted) {
  const raw = (high - low || 1) / wanted;
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].find((m) => m * power >= raw) * power;
  const found = [];
  for (let x = Math.ceil(low / step) * step; x <= high + 1e-9 * step; x += step) found.push(Math.abs(x) < step / 1e6 ? 0 : x);
  return found;
}
const plain = (x) => Number(x.toPrecision(6)).toLocaleString("en", { maximumFractionDigits: 6, useGrouping: false });
