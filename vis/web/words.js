// Numbers as people read them, and lines that fit: the same as short, short_time and wrap of
// comparisons.py, usd and four of price_charts.py.
"use strict";

const Words = (() => {
  function grouped(value, decimals) {
    return value.toLocaleString("en-US", {
      minimumFractionDigits: decimals,
      maximumFractionDigits: decimals,
    });
  }

  // Three digits, or all before the point: 1,234  30.4  1.00  0.0123
  function short(value) {
    if (!(value > 0)) return String(value);
    if (value >= 99.95) return grouped(value, 0);
    const decimals = 2 - Math.floor(Math.log10(value));
    const rounded = Number(value.toFixed(Math.min(decimals, 100)));
    return value.toFixed(Math.min(2 - Math.floor(Math.log10(rounded)), 100));
  }

  function unitOf(seconds) {
    const units = [["s", 1], ["ms", 1e-3], ["\u00b5s", 1e-6]];
    return units.find(([, size]) => seconds >= 0.9995 * size) || ["ns", 1e-9];
  }

  function time(seconds) {
    const [unit, size] = unitOf(seconds);
    return `${short(seconds / size)} ${unit}`;
  }

  // At least cents, and more where a price has more: $0.034  $0.0399  $2.156  $28.00
  function usd(dollars) {
    const small = dollars > 0 && dollars < 0.01;
    const decimals = small ? 2 - Math.floor(Math.log10(dollars)) : dollars >= 1 ? 3 : 4;
    const text = decimals > 20 ? dollars.toFixed(decimals) : grouped(dollars, decimals);
    const cents = text.indexOf(".") + 3;
    return "$" + text.slice(0, cents) + text.slice(cents).replace(/0+$/, "");
  }

  const price = (usd_per_hour) => (usd_per_hour === null ? "no price" : `${usd(usd_per_hour)}/h`);

  // 5e-06, as in the table of a run.
  const error = (value) => value.toExponential(0).replace(/e([-+])(\d)$/, "e$10$2");

  // At most four digits, or all before the point, as a person would type them: 10.95  2  1,234
  function rate(value) {
    const decimals = Math.min(Math.max(0, 3 - Math.floor(Math.log10(value))), 100);
    const text = decimals > 20 ? value.toFixed(decimals) : grouped(value, decimals);
    return decimals ? text.replace(/\.?0+$/, "") : text;
  }

  // At most `maxLines` lines of `width` characters, broken after -+,/ and spaces.
  function wrap(text, width, maxLines) {
    const lines = [];
    for (const piece of text.split(/(?<= )|(?<=[-+,/])(?=[^ \u00a0])/)) {
      for (const part of piece.match(new RegExp(`.{1,${width}}`, "gsu")) || []) {
        const last = lines.length - 1;
        if (last >= 0 && (lines[last] + part).trimEnd().length <= width) lines[last] += part;
        else lines.push(part);
      }
    }
    const kept = lines.slice(0, maxLines).map((line) => line.trimEnd());
    if (lines.length > maxLines) kept[maxLines - 1] = kept[maxLines - 1].slice(0, width - 1) + "\u2026";
    return kept.length ? kept : [""];
  }

  // 101 MB, as in the table of a run: powers of ten.
  function bytes(count) {
    const [unit, size] = [["GB", 1e9], ["MB", 1e6], ["kB", 1e3]].find(([, one]) => count >= 0.9995 * one) ?? ["B", 1];
    return `${size === 1 ? count : short(count / size)} ${unit}`;
  }

  const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

  // Of a candidate: its engine, and what distinguishes it from the others.
  function engine(candidate) {
    return [candidate.engine_name, candidate.words].filter(Boolean).join(", ");
  }

  return { bytes, capital, engine, error, price, rate, short, time, unitOf, usd, wrap };
})();
