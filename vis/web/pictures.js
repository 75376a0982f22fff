// The page's pictures, drawn by Vega-Embed in the places of their names, in the theme of the browser.
"use strict";

const Pictures = (() => {
  const shapes = JSON.parse(document.getElementById("shapes").textContent);
  const narrow = window.matchMedia("(max-width: 40rem)");
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const find = (id) => document.getElementById(id);
  const views = new Map(); // by the id of their place

  const theme = () => (dark.matches ? "dark" : "light");

  const DATA_OF = {
    "by-price": ["rows", "rates"],
    stacks: ["rows", "rates"],
    cost: ["thin", "thick", "starts", "names", "rates"],
  };

  const BESIDE = 110; // pixels: the axis of the cost picture and its padding

  // Draws a shape with data in the place of its name, or only changes the data of what is there.
  // `rate`: requests per second, for the bars of a narrow screen.
  async function draw(name, sets, rate) {
    const place = find(`${name}-picture`);
    const drawn = views.get(name);
    find(name).hidden = !sets; // a picture of nothing, or of one machine, compares nothing
    if (!sets) {
      drawn?.then((result) => result.finalize());
      views.delete(name);
      place.replaceChildren();
      return;
    }
    if (narrow.matches && sets.rows) {
      drawn?.then((result) => result.finalize());
      views.delete(name);
      place.replaceChildren(Tables.bars(sets.rows, name === "by-price", rate));
      return;
    }
    if (drawn) {
      const { view } = await drawn;
      for (const key of DATA_OF[name]) view.data(key, sets[key]);
      await view.runAsync();
      return;
    }
    // The legend's names below each other where there is no room beside.
    const shape = JSON.stringify(shapes[theme()][name]);
    const spec = { ...JSON.parse(narrow.matches ? shape.replaceAll('"columns":2', '"columns":1') : shape), datasets: sets };
    if (typeof spec.width === "number") spec.width = Math.min(spec.width, place.clientWidth - BESIDE);
    views.set(name, embed(place, spec));
    await views.get(name);
  }

  const embed = (place, spec) =>
    vegaEmbed(place, spec, { actions: false, renderer: "svg", tooltip: { theme: theme() } });

  // A row below a result's with the distribution and the course of its times.
  function toggleTimes(button, row) {
    const above = button.closest("tr");
    const open = button.getAttribute("aria-expanded") === "true";
    button.setAttribute("aria-expanded", String(!open));
    if (open) {
      above.nextElementSibling.remove();
      return;
    }
    const sets = Rows.times(row);
    const places = ["distribution", "course"].map((name) => {
      const place = Tables.element("div", { class: "chart" });
      const text = JSON.stringify(shapes[theme()][name])
        .replaceAll("TIME", `Time (${sets.unit})`)
        .replaceAll("WHEN", row.when);
      embed(place, { ...JSON.parse(text), datasets: sets });
      return place;
    });
    const note =
      "Left: how many measurements took how long; the last bar holds the slowest 1 %. " +
      "Right: how they drifted; line: median of a piece, band: its fastest and slowest; gaps: restarts and the turns of other engines.";
    const cell = Tables.element("td", { colspan: above.cells.length + 7 }, Tables.element("p", { class: "muted" }, note));
    cell.append(Tables.element("div", { class: "pair" }, ...places));
    above.after(Tables.element("tr", { class: "times" }, cell));
  }

  // Takes away what was drawn for another theme or width.
  function clear() {
    for (const drawn of views.values()) drawn.then((result) => result.finalize());
    views.clear();
    document.querySelectorAll("tr.times").forEach((row) => row.remove());
    document.querySelectorAll("[aria-expanded=true]").forEach((b) => b.setAttribute("aria-expanded", "false"));
  }

  // Calls back when the theme or the width changes.
  function onChange(callback) {
    dark.addEventListener("change", callback);
    narrow.addEventListener("change", callback);
  }

  return { theme, draw, clear, onChange, toggleTimes };
})();
