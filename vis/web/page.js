// The page: what is chosen lives in the address behind #, so that a link shows what its sender saw.
"use strict";

(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const SLIDER_STEPS = 1000;
  const MAX_OPEN = 12; // names that are listed without being asked for
  const find = (id) => document.getElementById(id);
  let chosen; // see read_address
  let allPlans = false;

  for (const model of data.models) {
    for (const machine of model.machines) {
      for (const row of [...machine.rows, ...machine.served]) {
        row.machine = machine;
        if (row.plan) Object.assign(row.plan, { engine_name: row.engine, from: row.from, price_note: machine.price_note });
      }
    }
  }

  // ---- what is chosen

  const namesOf = () => [...new Set(data.models.map((model) => model.name))];
  const modesOf = (name) => data.models.filter((m) => m.name === name).map((m) => m.mode);
  const enginesOf = (model) =>
    [...new Set(model.machines.flatMap((machine) => [...machine.rows, ...machine.served].map((row) => row.engine)))].sort();

  function positive(text) {
    const value = Number(text);
    return text !== null && text.trim() !== "" && value > 0 && value < 1e12 ? value : null;
  }

  // What may be kept free: from 0 to below 1.
  function share(text) {
    const value = Number(text);
    return text !== null && text.trim() !== "" && value >= 0 && value < 1 ? value : null;
  }

  // The first model that can be planned with is shown first.
  const planned = (model) => model.machines.some((m) => m.usd_per_hour !== null && Plans.rowsOf(m).length);

  function readAddress() {
    const wanted = new URLSearchParams(location.hash.slice(1));
    const named = data.models.filter((m) => m.name === wanted.get("model"));
    const model =
      named.find((m) => m.mode === (wanted.get("mode") ?? "latency")) ?? named[0] ??
      data.models.find(planned) ?? data.models[0];
    return {
      model,
      rate: positive(wanted.get("rate")) ?? model.rates[0] ?? 1,
      latency_s: positive(wanted.get("latency")),
      single: wanted.get("single") === "1",
      headroom: share(wanted.get("headroom")) ?? 0,
      without: {
        machine: new Set(wanted.getAll("without-machine")),
        engine: new Set(wanted.getAll("without-engine")),
      },
    };
  }

  function writeAddress() {
    clearTimeout(addressSoon);
    const { model, rate, latency_s, single, headroom, without } = chosen;
    const wanted = new URLSearchParams({ model: model.name });
    if (model.mode !== "latency") wanted.set("mode", model.mode);
    wanted.set("rate", rate);
    if (latency_s !== null) wanted.set("latency", latency_s);
    if (single) wanted.set("single", "1");
    if (headroom > 0) wanted.set("headroom", headroom);
    for (const name of without.machine) wanted.append("without-machine", name);
    for (const name of without.engine) wanted.append("without-engine", name);
    history.replaceState(null, "", `#${wanted}`);
  }

  function shownMachines() {
    const { model, without } = chosen;
    return model.machines
      .filter((machine) => !without.machine.has(machine.instance))
      .map((machine) => ({
        ...machine,
        rows: machine.rows.filter((row) => !without.engine.has(row.engine)),
        served: machine.served.filter((row) => !without.engine.has(row.engine)),
      }))
      .filter((machine) => machine.rows.length + machine.served.length);
  }

  // ---- controls

  function option(text) {
    return Tables.element("option", { value: text }, text.replace(/(.)\.onnx$/, "$1"));
  }

  function fillSelects() {
    find("model").replaceChildren(...namesOf().map(option));
    find("model").value = chosen.model.name;
    const modes = modesOf(chosen.model.name);
    find("mode").replaceChildren(...modes.map(option));
    find("mode").value = chosen.model.mode;
    find("mode-field").hidden = modes.length === 1 && modes[0] === "latency";
  }

  function fillChecks(kind, names) {
    const boxes = names.map((name) => {
      const box = Tables.element("input", { type: "checkbox", value: name });
      box.checked = !chosen.without[kind].has(name);
      box.addEventListener("change", () => {
        chosen.without[kind][box.checked ? "delete" : "add"](name);
        update();
      });
      return Tables.element("label", { class: "check" }, box, ` ${name}`);
    });
    const all = (checked, text) => {
      const attributes = { type: "button", "data-all": `${kind}-${checked}` };
      const button = Tables.element("button", attributes, text);
      button.addEventListener("click", () => {
        chosen.without[kind] = new Set(checked ? [] : names);
        for (const box of find(`${kind}s`).querySelectorAll("input")) box.checked = checked;
        update();
      });
      return button;
    };
    find(`${kind}s`).replaceChildren(...boxes, all(true, "all"), all(false, "none"));
    find(`${kind}-choice`).open = names.length <= MAX_OPEN;
  }

  // Both sliders are logarithmic, over all that the model's results can answer.
  function rateRange() {
    const speeds = allPlansOf(chosen.model).map((plan) => Plans.throughput(plan));
    return speeds.length ? [Math.min(...speeds) / 10, Math.max(...speeds) * 100] : [0.01, 1e4];
  }

  function latencyRange() {
    const times = allPlansOf(chosen.model).map((plan) => Plans.quickest(plan)).filter(Number.isFinite);
    return times.length ? [Math.min(...times) / 2, Math.max(...times) * 10] : [1e-3, 10];
  }

  const allPlansOf = (model) =>
    model.machines.flatMap((machine) => Plans.rowsOf(machine).map((row) => row.plan));

  function toSlider(value, [low, high]) {
    const share = Math.log(value / low) / Math.log(high / low);
    return Math.round(SLIDER_STEPS * Math.min(1, Math.max(0, share)));
  }

  function fromSlider(step, [low, high]) {
    return Number((low * (high / low) ** (step / SLIDER_STEPS)).toPrecision(3));
  }

  function showRate() {
    find("rate").value = chosen.rate;
    find("rate-slider").value = toSlider(chosen.rate, rateRange());
    find("rate-slider").setAttribute("aria-valuetext", `${Words.rate(chosen.rate)} inferences per second`);
  }

  // The slider's right end is: any latency.
  function showLatency() {
    const { latency_s } = chosen;
    find("latency").value = latency_s ?? "";
    find("latency-slider").value =
      latency_s === null ? SLIDER_STEPS : Math.min(toSlider(latency_s, latencyRange()), SLIDER_STEPS - 1);
    const words = latency_s === null ? "any latency" : `at most ${Words.time(latency_s)}`;
    find("latency-slider").setAttribute("aria-valuetext", words);
    find("latency-words").textContent = words;
  }

  function listen() {
    find("model").addEventListener("change", () => choose(find("model").value, "latency"));
    find("mode").addEventListener("change", () => choose(chosen.model.name, find("mode").value));
    find("rate-slider").addEventListener("input", () => {
      chosen.rate = fromSlider(Number(find("rate-slider").value), rateRange());
      showRate();
      updateSoon();
    });
    find("latency-slider").addEventListener("input", () => {
      const step = Number(find("latency-slider").value);
      chosen.latency_s = step === SLIDER_STEPS ? null : fromSlider(step, latencyRange());
      showLatency();
      updateSoon();
    });
    find("rate").addEventListener("input", () => typed("rate", positive, "rate", showRate));
    find("latency").addEventListener("input", () => typed("latency", positive, "latency_s", showLatency));
    find("headroom").addEventListener("input", () => typed("headroom", share, "headroom", showHeadroom));
    find("single").addEventListener("change", () => {
      chosen.single = find("single").checked;
      update();
    });
    find("skip").addEventListener("click", (event) => {
      event.preventDefault(); // the address holds what is chosen
      find("results").focus();
    });
    window.addEventListener("hashchange", start);
    Pictures.onChange(redraw);
  }

  const FAULTS = {
    rate: "Requests per second must be a number above 0.",
    latency: "The latency must be a number of seconds above 0, or empty for any.",
    headroom: "Headroom must be a number from 0 to below 1, such as 0.3.",
  };

  // What can't be used is said beside the field and changes nothing. Only the latency may be empty.
  function typed(id, read, name, show) {
    const field = find(id);
    const text = field.value;
    const value = read(text);
    const none = id === "latency" && text.trim() === "" && !field.validity.badInput;
    const good = value !== null || none;
    markField(id, good);
    if (!good) return;
    chosen[name] = value;
    show();
    field.value = text;
    updateSoon();
  }

  function markField(id, good) {
    find(id).setAttribute("aria-invalid", String(!good));
    find(`${id}-fault`).textContent = good ? "" : FAULTS[id];
  }

  function showHeadroom() {
    find("headroom").value = chosen.headroom;
  }

  function choose(name, mode) {
    const models = data.models.filter((model) => model.name === name);
    const model = models.find((m) => m.mode === mode) ?? models[0];
    chosen = { ...chosen, model, rate: model.rates[0] ?? 1, latency_s: null };
    chosen.without = { machine: new Set(), engine: new Set() };
    showControls();
    update();
  }

  function showControls() {
    fillSelects();
    fillChecks("machine", chosen.model.machines.map((machine) => machine.instance));
    fillChecks("engine", enginesOf(chosen.model));
    find("single").checked = chosen.single;
    showRate();
    showLatency();
    showHeadroom();
    for (const id of Object.keys(FAULTS)) markField(id, true);
  }

  // ---- what is shown

  let asked = false;
  let addressSoon = 0;
  function updateSoon() {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      show();
    });
    clearTimeout(addressSoon); // browsers refuse an address that changes with every frame
    addressSoon = setTimeout(writeAddress, 250);
  }

  function update() {
    writeAddress();
    return show();
  }

  function show() {
    const shown = shownMachines();
    const canPlan = chosen.model.mode === "latency" && planned(chosen.model);
    find("deploy").hidden = !canPlan;
    showVerdict(shown);
    if (canPlan) showPlans(shown);
    showResults(shown);
    return drawAll(shown, canPlan);
  }

  function showVerdict(shown) {
    const lines = Verdict.lines(shown, chosen.model.mode);
    find("verdict").replaceChildren(
      ...lines.map(({ text, detail }) =>
        Tables.element("p", {}, Tables.element("strong", {}, text), " ", Tables.element("span", { class: "muted" }, detail))),
    );
  }

  const wishOf = () => ({ latency_s: chosen.latency_s, single: chosen.single, headroom: chosen.headroom });

  function showPlans(shown) {
    const wish = wishOf();
    const candidates = shown.flatMap((m) => Plans.rowsOf(m).map((row) => row.plan));
    const { plans, out } = Plans.plans(candidates, chosen.rate, wish);
    const showAll = () => {
      allPlans = true;
      update();
    };
    find("answer").textContent = answer(plans, candidates, wish);
    find("plans").replaceChildren(Tables.plans(plans, wish, allPlans, showAll));
    find("rejected").hidden = !out.length;
    find("rejected-count").textContent = `${out.length} without a plan`;
    find("rejected-list").replaceChildren(Tables.rejected(out, wish));
  }

  function answer(plans, candidates, wish) {
    const within = wish.latency_s === null ? "" : ` within ${Words.time(wish.latency_s)}`;
    const rate = `${Words.rate(chosen.rate)} inferences per second`;
    if (!plans.length) return `No plan serves ${rate}${within}. ${nearest(candidates, wish)}`;
    const [best] = plans;
    // A plan whose 99th percentile is unknown is not said to be within the bound.
    const asked = rate + (within && best.latency.basis === "mean"
      ? ` in about ${Words.time(best.latency.s)} on average (${Words.time(wish.latency_s)} was asked for, and its p99 is unknown)`
      : within);
    const c = best.candidate;
    const kept = chosen.headroom > 0 ? ` with ${Math.round(100 * chosen.headroom)} % headroom` : "";
    return `Cheapest for ${asked}${kept}: ${Tables.machines(best)} with ${Words.engine(c)}, ` +
      `${Words.usd(best.usd_per_hour)} per hour.${otherType(plans)}`;
  }

  // As dnnbench advise says it.
  function otherType(plans) {
    const [best] = plans;
    const other = plans.find((plan) => plan.candidate.instance !== best.candidate.instance);
    if (!other || !(best.usd_per_hour > 0)) return "";
    const ratio = other.usd_per_hour / best.usd_per_hour;
    const more = ratio < 1.005 ? "the same price" : `${ratio.toFixed(2)} times as much`;
    return ` The cheapest on another machine type is ${Tables.machines(other)} with ` +
      `${Words.engine(other.candidate)}, ${Words.usd(other.usd_per_hour)} per hour, ${more}.`;
  }

  function nearest(candidates, wish) {
    const able = candidates.filter((c) => c.usd_per_hour !== null);
    if (!able.length) return "No shown machine has a figure and a price.";
    const max_per_s = Math.max(...able.map((c) => Plans.usable(c, wish)));
    if (max_per_s > 0) return `The highest capacity of one machine: ${Words.rate(max_per_s)} per second.`;
    const quickest = Math.min(...able.map(Plans.quickest));
    if (!Number.isFinite(quickest)) return "No shown machine sustained a measured request rate.";
    return `The fastest needs ${Words.time(quickest)}.`;
  }

  let resultsShown = "";
  function showResults(machines) {
    const { model, without } = chosen;
    const shown = machines.filter((machine) => machine.rows.length);
    const key = JSON.stringify([model.name, model.mode, ...without.machine, "", ...without.engine]);
    if (key === resultsShown) return;
    resultsShown = key;
    const { heading, note } = Verdict.wordsOf(shown, model.mode);
    find("results-heading").textContent = heading;
    find("results-note").textContent = note;
    find("ratios").replaceChildren(shown.length ? Tables.ratios(shown, model.mode) : "Nothing is selected.");
    find("machine-list").replaceChildren(...shown.map((machine) => Tables.machine(machine, model.mode, Pictures.toggleTimes)));
    find("price-files").replaceChildren(
      Tables.pictureLinks(model.pictures, { "by-price": "fastest engines", stacks: "stacks", cost: "cost" }) ?? "",
    );
  }

  // ---- pictures

  function drawAll(shown, canPlan) {
    const { rate, latency_s } = chosen;
    const drawings = [];
    if (canPlan && shown.length) {
      const cost = Rows.cost(shown.flatMap((m) => Plans.rowsOf(m).map((row) => row.plan)), wishOf(), rate);
      const byPrice = Rows.byPrice(shown, latency_s);
      const stacks = Rows.stacks(shown, rate, wishOf());
      const figures = byPrice.filter((row) => row.kind !== "no number");
      const types = new Set(stacks.map((row) => row.instance));
      drawings.push(Pictures.draw("by-price", figures.length > 1 && { rows: byPrice, rates: Rows.rates(rate) }, rate));
      drawings.push(Pictures.draw("stacks", types.size > 1 && { rows: stacks, rates: Rows.rates(rate) }, rate));
      drawings.push(Pictures.draw("cost", types.size > 1 && cost, rate));
      find("changes").replaceChildren(cost ? Tables.changes(cost.runs) : "");
    }
    return Promise.all(drawings).then(() => {
      document.body.dataset.drawn = Pictures.theme();
    });
  }

  function redraw() {
    Pictures.clear();
    update();
  }

  function start() {
    chosen = readAddress();
    showControls();
    return update();
  }

  listen();
  start();
})();
