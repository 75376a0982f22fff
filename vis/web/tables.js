// The page's tables, made of elements and texts alone: a result's words are never read as markup.
"use strict";

const Tables = (() => {
  const UNKNOWN = "\u2013";
  const FIRST_PLANS = 12;

  function element(tag, attributes = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
      else if (value !== null && value !== false) made.setAttribute(name, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
    return made;
  }

  const heading = (text, kind = "") => element("th", { scope: "col", class: kind || null }, text);
  const numberHeading = (text) => heading(text, "number");

  // `value`: what a column is sorted by; none sorts last.
  function number(text, value) {
    const known = value !== undefined && value !== null && Number.isFinite(value);
    return element("td", { class: "number", "data-value": known ? value : null }, text);
  }

  // ---- sorting by a heading

  const sorted = new Map(); // by the table's caption: { column, down }

  // The cell over a column; cells may span several.
  function cellAt(row, column) {
    let at = 0;
    return [...row.cells].find((cell) => (at += cell.colSpan) > column);
  }

  function keyOfCell(row, column) {
    const cell = cellAt(row, column);
    if (!cell) return null;
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    return cell.classList.contains("number") || cell.colSpan > 1 ? null : cell.textContent;
  }

  // Rows without a value stay last, whichever way; rows of equal values keep their order.
  function compareKeys(a, b, down) {
    if (a === null || b === null) return (a === null) - (b === null);
    const way = typeof a === "string" || typeof b === "string" ? String(a).localeCompare(String(b)) : a - b;
    return down ? -way : way;
  }

  function applySort(made) {
    const order = sorted.get(made.caption.textContent);
    [...made.tHead.rows[0].cells].forEach((cell, column) => {
      const word = order?.column === column ? (order.down ? "descending" : "ascending") : null;
      if (word) cell.setAttribute("aria-sort", word);
      else cell.removeAttribute("aria-sort");
    });
    if (!order) return;
    made.querySelectorAll("[aria-expanded=true]").forEach((button) => button.click()); // close what is below rows
    const rows = [...made.tBodies[0].rows].map((row) => ({ row, key: keyOfCell(row, order.column) }));
    rows.sort((a, b) => compareKeys(a.key, b.key, order.down));
    made.tBodies[0].replaceChildren(...rows.map(({ row }) => row));
  }

  function makeSortable(made) {
    const caption = made.caption.textContent;
    [...made.tHead.rows[0].cells].forEach((cell, column) => {
      const button = element("button", { type: "button", class: "sort" });
      button.append(...cell.childNodes);
      button.addEventListener("click", () => {
        const before = sorted.get(caption);
        sorted.set(caption, { column, down: before?.column === column && !before.down });
        applySort(made);
      });
      cell.append(button);
    });
    applySort(made);
    return made;
  }
  const times = (ratio) => `${ratio.toFixed(2)}\u00d7`;

  function table(caption, headings, rows, kind = "") {
    const made = element(
      "table",
      { class: kind || null },
      element("caption", {}, caption),
      element("thead", {}, element("tr", {}, ...headings)),
      element("tbody", {}, ...rows),
    );
    return rows.length > 1 ? makeSortable(made) : made;
  }

  const machines = (plan) => `${plan.count} \u00d7 ${plan.candidate.instance}`;

  function latencyWords(plan) {
    const { s, basis } = plan.latency;
    if (s === null) return basis === "measured" ? "not measured at this rate" : "unbounded: always busy";
    // As in the table of dnnbench advise: ~ is estimated.
    return { measured: "", estimate: "~", mean: "~" }[basis] + Words.time(s) + (basis === "mean" ? " mean" : "");
  }

  // Labels, as in the table of dnnbench advise; the legend below the table says what they mean.
  function notesCell(notes) {
    const cell = element("td", { class: "notes" });
    notes.forEach(({ label, meaning, detail }, i) => {
      cell.append(i ? ", " : "", element("span", { title: detail || meaning }, label));
    });
    return cell;
  }

  function legendOf(notes) {
    const meanings = new Map(notes.map(({ label, meaning }) => [label, meaning]));
    const words = [...meanings].map(([label, meaning]) => `${Words.capital(label)}: ${meaning}.`);
    return words.length ? element("p", { class: "muted legend" }, words.join(" ")) : null;
  }

  function planRow(plan, place, cheapest, notes) {
    return element(
      "tr",
      { class: place === 0 ? "best" : null },
      number(place + 1, place),
      element("th", { scope: "row", title: plan.candidate.from }, machines(plan), element("span", { class: "narrow muted" }, `${Words.usd(plan.usd_per_hour)}/h`)),
      element("td", { title: plan.candidate.settings }, plan.candidate.engine_name, " ", muted(plan.candidate.words)),
      priced(plan),
      number(cheapest > 0 ? times(plan.usd_per_hour / cheapest) : UNKNOWN, plan.usd_per_hour),
      number(plan.usd_per_million >= 1 ? `$${plan.usd_per_million.toFixed(2)}` : Words.usd(plan.usd_per_million), plan.usd_per_million),
      number(Words.short(plan.capacity_per_s), plan.capacity_per_s),
      number(plan.candidate.only_under_traffic ? UNKNOWN : `${Math.round(100 * plan.utilisation)}%`, plan.utilisation),
      number(latencyWords(plan), plan.latency.s),
      notesCell(notes),
    );
  }

  function priced(plan) {
    const { usd_per_hour, price_note } = plan.candidate;
    const one = `${Words.usd(usd_per_hour)} per hour and machine${price_note ? `, ${price_note}` : ""}`;
    const cell = number("", plan.usd_per_hour);
    cell.title = one;
    cell.classList.add("wide");
    cell.append(element("strong", {}, Words.usd(plan.usd_per_hour)));
    return cell;
  }

  const muted = (text) => element("span", { class: "muted" }, text);

  function plans(found, wish, all, showAll) {
    if (!found.length) return element("p", {}, "No plan.");
    const shown = all ? found : found.slice(0, FIRST_PLANS);
    const cheapest = found[0].usd_per_hour;
    const headings = [
      numberHeading("#"), heading("Plan"), heading("Engine"), heading("$/h", "number wide"),
      numberHeading("Relative cost"), numberHeading("$/million"),
      numberHeading("Capacity/s"), numberHeading("Utilisation"), numberHeading("p99"), heading("Notes"),
    ];
    const notes = shown.map((plan) => Notes.of(plan, wish));
    const rows = shown.map((plan, place) => planRow(plan, place, cheapest, notes[place]));
    const more = shown.length < found.length
      ? element("button", { type: "button", id: "all-plans", onclick: showAll }, `Show all ${found.length} plans`)
      : null;
    const made = element("div", {}, scroll("Plans", table("Plans, cheapest first", headings, rows, "plans")));
    made.append(...[more, legendOf(notes.flat())].filter(Boolean));
    return made;
  }

  function scroll(name, content) {
    return element("div", { class: "scroll", role: "region", "aria-label": name, tabindex: "0" }, content);
  }

  function rejected(out, wish) {
    const items = out.map(({ candidate: c, reason }) => {
      const why = reason === "too slow" ? tooSlow(c, wish.latency_s) : reason;
      return element("li", {}, `${c.instance}, ${Words.engine(c)}: ${why}`);
    });
    return element("ul", {}, ...items);
  }

  function tooSlow(c, latency_s) {
    const [rate, p99_s] = c.measured_rates?.[0] ?? [];
    const lowest = rate && `${Words.short(rate)}/s, the lowest measured rate,`;
    if (rate) return p99_s === null ? `${lowest} was more than it can do` : `at ${lowest} its p99 exceeds ${Words.time(latency_s)}`;
    const name = c.slowest_s === null ? "mean" : c.measurements < 459 ? "slowest" : "p99";
    return `${Words.time(c.slowest_s ?? c.mean_s)} (${name}) exceeds ${Words.time(latency_s)}: too slow, more machines don't reduce latency`;
  }

  // The request rates at which the cheapest plan changes to other machines.
  function changes(runs) {
    const rows = runs.map((run, place) => {
      const [first, last] = [run[0].plan, run.at(-1).plan];
      const begin = place === 0 ? "0" : Words.rate(run[0].above_per_s);
      const counts = first.count === last.count ? first.count : `${first.count} to ${last.count}`;
      const prices = [first, last].map((plan) => Words.usd(plan.usd_per_hour));
      return element(
        "tr",
        {},
        number(begin),
        number(Words.rate(last.capacity_per_s)),
        element("th", { scope: "row" }, `${counts} \u00d7 ${first.candidate.instance}`),
        element("td", {}, first.candidate.engine_name, " ", muted(first.candidate.words)),
        number(first.count === last.count ? prices[0] : prices.join(" to ")),
      );
    });
    const headings = [
      numberHeading("Above, per second"), numberHeading("Up to"), heading("Machines"), heading("Engine"),
      numberHeading("$/h"),
    ];
    return scroll("Rates at which the plan changes", table("The cheapest plan for each request rate", headings, rows));
  }

  const keyOf = (row) => `${row.engine}\u0000${row.settings ?? ""}`;

  // How far from the best a colour is: 0 at 1.00 times, 1 at 10 times and more.
  const heat = (ratio) => Math.min(1, Math.max(0, Math.log10(ratio)));

  function ratioCell(row, { by, best }) {
    if (!row) return element("td", { class: "nothing" }, element("span", { class: "hidden" }, "not run"));
    if (row.kind === "none") return element("td", { class: "failed", title: row.reason ?? "" }, row.status);
    const ratio = Verdict.ratio(by, best, row);
    const cell = element("td", { class: "ratio" }, ratio === null ? muted("not compared") : element("strong", {}, times(ratio)));
    if (row.kind === "unverified") cell.append(muted(` ${row.status.toLowerCase()}`));
    cell.style.setProperty("--heat", `${Math.round(100 * heat(ratio ?? 1))}%`);
    const figure = row.p99 ? `p99 ${Words.time(row.p99.s)} at ${Words.rate(row.p99.rate_per_s)} requests/s` : `${Words.short(row.throughput)} ${row.unit ?? "inferences/s"}`;
    cell.title = [figure, row.status.toLowerCase(), row.from].join(", ");
    return cell;
  }

  function ratios(shown, mode) {
    const names = new Map();
    for (const machine of shown) for (const row of machine.rows) names.set(keyOf(row), row);
    const standards = shown.map((machine) => Verdict.standardOf(machine.rows, mode));
    const found = shown.map((machine) => firstOfEach(machine.rows));
    const rows = [...names].map(([key, row]) =>
      element(
        "tr",
        {},
        element("th", { scope: "row" }, row.engine, " ", muted(row.words ?? "")),
        ...shown.map((_, i) => ratioCell(found[i].get(key), standards[i])),
      ),
    );
    const headings = shown.map((machine) =>
      heading(element("span", {}, machine.instance, element("br"), muted(Words.price(machine.usd_per_hour)))),
    );
    const { caption } = Verdict.wordsOf(shown, mode);
    return scroll("Relative time", table(caption, [heading("Engine"), ...headings], rows, "ratios"));
  }

  function firstOfEach(rows) {
    const found = new Map();
    for (const row of rows) if (!found.has(keyOf(row))) found.set(keyOf(row), row);
    return found;
  }

  function bar(row, max) {
    const share = (value) => `${(100 * value) / max}%`;
    const fill = element("div", { class: `fill ${row.kind}` });
    fill.style.width = share(row.throughput);
    const track = element("div", { class: "track", "aria-hidden": "true" }, fill);
    if (row.high > row.low) {
      const whisker = element("div", { class: "whisker" });
      whisker.style.left = share(row.low);
      whisker.style.width = share(row.high - row.low);
      track.append(whisker);
    }
    return element("td", { class: "bar" }, track);
  }

  const known = (value, words) => (value === undefined ? UNKNOWN : words(value));

  function resultRow(row, { by, best }, max, toggle) {
    const engine = element("th", { scope: "row", class: "engine", title: row.from }, row.engine, " ", muted(row.detail ?? ""));
    const status = element("td", { class: "status" }, row.status);
    if (row.reason) status.append(element("span", { class: "reason" }, row.reason));
    if (row.kind === "none") status.setAttribute("colspan", "7");
    const compared = best && (row.kind === best.kind);
    const latency = row.latency_s ?? {};
    const ratio = compared ? Verdict.ratio(by, best, row) : null;
    const figures = row.kind === "none" ? [] : [
      bar(row, max),
      number(Words.short(row.throughput), row.throughput),
      number(latency.mean ? `${Words.time(latency.mean)} mean` : known(latency.p50, Words.time), latency.mean ?? latency.p50),
      number(known(latency.p90, Words.time), latency.p90),
      p99Cell(row, latency),
      number(!ratio ? UNKNOWN : by === "time" ? Verdict.against(best, row) : times(ratio), ratio),
    ];
    return element(
      "tr",
      {},
      engine,
      status,
      ...figures,
      number(known(row.load_s, Words.time), row.load_s),
      number(known(row.memory_bytes, Words.bytes), row.memory_bytes),
      number(known(row.error, Words.error), row.error),
      number(row.measurements ? row.measurements.toLocaleString("en-US") : UNKNOWN, row.measurements),
      links(row, toggle),
    );
  }

  function p99Cell(row, latency) {
    if (!row.p99) return number(known(latency.p99, Words.time), latency.p99);
    const { s: p99_s, low_s, high_s, rate_per_s } = row.p99;
    const cell = number(Words.time(p99_s), p99_s);
    const ends = [low_s, high_s].map((end) => (end === null ? "?" : Words.time(end)));
    cell.title = `95 % confidence interval [${ends.join(", ")}], at ${Words.rate(rate_per_s)} requests/s`;
    return cell;
  }

  function links(row, toggle) {
    const name = `${row.engine} ${row.detail ?? ""}`.trim();
    const cell = element("td", { class: "links" }, element("a", { href: row.json, "aria-label": `JSON of ${name}` }, "JSON"));
    if (row.log) cell.append(" ", element("a", { href: row.log, "aria-label": `Log of ${name}` }, "log"));
    if (row.bins) {
      const attributes = { type: "button", "aria-expanded": "false", "aria-label": `Times of ${name}` };
      const button = element("button", attributes, "times");
      button.addEventListener("click", () => toggle(button, row));
      cell.append(" ", button);
    }
    return cell;
  }

  function pictureLinks(pictures, words) {
    const found = Object.entries(words).filter(([name]) => pictures[name]);
    if (!found.length) return null;
    const made = element("p", { class: "files" }, "As a file: ");
    found.forEach(([name, text], i) => {
      made.append(i ? "; " : "", text);
      for (const kind of ["png", "svg"]) {
        const label = `${Words.capital(text)} as ${kind.toUpperCase()}`;
        made.append(" ", element("a", { href: `${pictures[name]}.${kind}`, "aria-label": label }, kind.toUpperCase()));
      }
    });
    return made;
  }

  const HEADINGS = [
    "Engine", "Verdict", "Throughput", "Inferences/s", "Median", "p90", "p99", "Relative time", "Load time",
    "Memory", "Error", "Measurements", "Files",
  ];

  function machine(shown, mode, toggle) {
    const standard = Verdict.standardOf(shown.rows, mode);
    const figures = shown.rows.filter((row) => row.kind !== "none");
    const max = Math.max(...figures.map((row) => row.high), 0);
    const rows = shown.rows.map((row) => resultRow(row, standard, max, toggle));
    const unit = figures.find((row) => row.unit)?.unit;
    const underTraffic = mode === "load";
    const names = {
      Throughput: underTraffic ? "Request rate" : "Throughput",
      "Inferences/s": underTraffic ? "Requests/s" : unit ? Words.capital(unit) : "Inferences/s",
      "Relative time": Verdict.wordsOf([shown], mode).column,
    };
    const headings = HEADINGS.map((text) => heading(
      names[text] ?? text,
      /^(Engine|Verdict|Throughput|Files)$/.test(text) ? "" : "number",
    ));
    const price = shown.usd_per_hour === null ? "" : `, ${Words.price(shown.usd_per_hour)}`;
    const caption = `Engines on ${shown.instance}`;
    return element(
      "section",
      { class: "machine" },
      element("h3", { title: shown.price_note || null }, shown.instance, muted(price)),
      shown.conditions ? element("p", { class: "muted" }, shown.conditions) : null,
      scroll(caption, table(caption, headings, rows, "results")),
      pictureLinks(shown.pictures, { throughput: "throughput", traffic: "latency by request rate", batches: "batches", times: "times" }),
    );
  }

  // A picture of prices for a narrow screen: each machine with its price beside it; with `filled`, a bar.
  function bars(rows, filled, rate) {
    const max = Math.max(rate, ...rows.map((row) => row.throughput ?? 0));
    const items = rows.map((row) => {
      const fill = element("div", { class: `fill ${row.kind}` });
      fill.style.width = `${(100 * (row.throughput ?? 0)) / max}%`;
      const mark = element("div", { class: "rate" });
      mark.style.left = `${(100 * rate) / max}%`;
      const track = element("div", { class: "track", "aria-hidden": "true" }, fill, mark);
      const value = row.throughput === null ? row.value.join(" ") : row.value[0];
      return element(
        "li",
        { title: row.description },
        element("div", { class: "line" }, element("strong", {}, row.words), element("span", {}, row.price), element("span", {}, value)),
        filled && row.throughput !== null ? track : null,
      );
    });
    return element("ul", { class: "bars" }, ...items);
  }

  return { bars, changes, element, machine, machines, pictureLinks, plans, ratios, rejected };
})();
