// The page's first lines: which engine is best on each shown machine, by how much, how sure that is,
// and when it was measured. Texts only.
"use strict";

const Verdict = (() => {
  const MAX_MACHINES = 3; // more are counted, not listed
  const MAX_LISTED = 3; // rates or bounds that are not compared; of more the lowest and the highest
  const SAME_RATE = 1e-6;

  const named = (row) => [row.engine, row.words].filter(Boolean).join(" ");

  const rateWords = (row) => `${Words.short(row.throughput)} ${row.unit}`; // of a row in items/s

  const ofKind = (rows, kind) => rows.filter((row) => row.kind === kind);

  const overlap = (a, b) => (a.p99.high_s ?? Infinity) >= (b.p99.low_s ?? 0);

  const isSuspect = (row) => row.status === "Suspect"; // measured while other programs disturbed it
  const isRefused = (row) => row.status === "Not accepted"; // a variant whose error is beyond the bound

  // Verified rows, or those not verified where there is no other; the fastest first. None that was
  // measured on a busy machine, and no variant that is not accepted.
  function comparable(rows) {
    const verified = ofKind(rows, "verified");
    const found = verified.length ? verified : ofKind(rows, "unverified").filter((row) => !isSuspect(row) && !isRefused(row));
    const bestOfRun = (row) => row.against !== undefined && row.standing?.relation === "best";
    return [...found].sort((a, b) => bestOfRun(b) - bestOfRun(a) || timesAsLong(b, a) - 1);
  }

  // How many times as long as `best` a row takes: by the run in which they took turns, whose ratios
  // their medians may contradict, else by their medians.
  function timesAsLong(best, row) {
    return best.vs_best && row.vs_best ? row.vs_best / best.vs_best : best.throughput / row.throughput;
  }

  // How many times as good `best` is as `row`, by what both can be compared by; null where they can't.
  const RATIOS = {
    time: timesAsLong,
    p99: (best, row) => (best.p99 && row.p99 && sameRate(best, row) ? row.p99.s / best.p99.s : null),
    rate: (best, row) => (best.slo_p99_s && best.slo_p99_s === row.slo_p99_s ? best.throughput / row.throughput : null),
    "": () => null,
  };
  const sameRate = (a, b) => Math.abs(a.p99.rate_per_s / b.p99.rate_per_s - 1) <= SAME_RATE;
  const ratio = (by, best, row) => RATIOS[by](best, row);

  // Rows of one machine, the best first, and what all of them are compared by: time; under traffic
  // the p99 at one rate, or the highest rates within the same bound of p99, or "", nothing.
  function inOrder(rows, mode) {
    if (mode !== "load") return { by: "time", rows };
    const by = ["p99", "rate"].find((one) => rows.length && rows.every((row) => ratio(one, rows[0], row))) ?? "";
    const sorted = [...rows].sort((a, b) => (by === "p99" ? a.p99.s - b.p99.s : b.throughput - a.throughput));
    return { by, rows: sorted };
  }

  // What the rows of a machine are relative to, and by what: the best that has a rank, or the best
  // unverified one; where there is neither, the first by its figure.
  function standardOf(rows, mode) {
    const figures = rows.filter((row) => row.kind !== "none").sort((a, b) => b.throughput - a.throughput);
    const fit = comparable(figures);
    const { by, rows: [best] } = inOrder(fit.length ? fit : figures, mode);
    return { by, best };
  }

  // What is compared on the machines, if it is the same on all that compare anything; else "".
  function comparedBy(machines, mode) {
    const found = new Set(machines.map(({ rows }) => standardOf(rows, mode).by).filter(Boolean));
    return found.size === 1 ? [...found][0] : "";
  }

  const AMONG =
    "relative to the fastest verified engine on the same machine, or to the fastest unverified one if none is verified. " +
    "Darker is slower; words where there is no figure.";
  const UNDER_TRAFFIC = {
    p99: {
      heading: "Relative p99",
      column: "Relative p99",
      caption: "p99 of a request relative to the fastest engine on the same machine",
      note: `p99 of a request, at one request rate, ${AMONG}`,
    },
    rate: {
      heading: "Relative request rate",
      column: "Relative rate",
      caption: "Request rate of the best engine on the same machine relative to each engine's",
      note: "How many times as high a request rate, with a p99 within the same bound, the best verified engine on the same machine " +
        "sustains, or the best unverified one if none is verified. Darker is lower; words where there is no figure.",
    },
    "": {
      heading: "Under traffic",
      column: "Relative p99",
      caption: "Engines under traffic relative to the best on the same machine, where they are compared",
      note: "p99 is compared where all engines of a machine were measured at one request rate, and request rates where each is the " +
        "highest with a p99 within the same bound (--slo-p99). Nothing else is compared.",
    },
  };

  // Of the ratios of these machines: { heading, column, caption, note }.
  function wordsOf(machines, mode) {
    const by = comparedBy(machines, mode);
    if (mode === "load") return UNDER_TRAFFIC[by];
    const items = machines.some((machine) => machine.rows.some((row) => row.unit));
    const time = { latency: items ? "Time per item, by the median," : "Median time of an inference", throughput: "Time per item at full throughput" };
    return {
      heading: "Relative time",
      column: "Relative time",
      caption: `Time of an ${items ? "item" : "inference"} relative to the fastest engine on the same machine`,
      note: `${time[mode]} ${AMONG}`,
    };
  }

  // The same in words. Those of the run, with an interval, are of its best, which may be deselected.
  function against(best, row) {
    const ofRun = best.standing?.relation === "best" ? row.against : undefined;
    return ofRun ?? `${timesAsLong(best, row).toFixed(2)}\u00d7`;
  }

  function underTraffic(found, where) {
    const { by, rows } = inOrder(found, "load");
    const [best, next] = rows;
    if (by === "p99") return lowestP99(rows, where);
    if (!next) return `${named(best)} sustains ${Words.rate(best.throughput)} requests/s${where}.`;
    if (by !== "rate") return `The results${where} ${whyNotCompared(rows)}, so they are not compared.`;
    const within = ` with a p99 within ${Words.time(best.slo_p99_s)}`;
    return `${named(best)} sustains the highest request rate${where}${within}: ${Words.short(best.throughput)}/s; ${named(next)} ${Words.short(next.throughput)}/s.`;
  }

  function whyNotCompared(rows) {
    const bounds = rows.map((row) => row.slo_p99_s);
    if (bounds.every(Boolean)) return `are of different bounds of p99 (${listed(bounds, Words.time)})`;
    const rates = rows.map((row) => row.throughput);
    if (new Set(rates).size > 1) return `are of different request rates (${listed(rates, Words.rate)}/s)`;
    return "don't all have a p99";
  }

  function listed(values, words) {
    const found = [...new Set(values)].sort((a, b) => a - b);
    const ends = [found[0], found.at(-1)].map(words);
    return found.length > MAX_LISTED ? ends.join(" to ") : found.map(words).join(", ");
  }

  function lowestP99(ordered, where) {
    const [best, next] = ordered;
    const at = `${where} at ${Words.rate(best.p99.rate_per_s)} requests/s`;
    if (!next) return `${named(best)} has a p99 of ${Words.time(best.p99.s)}${at}.`;
    const level = ordered.filter((row) => overlap(best, row));
    if (level.length > 1) {
      return `${level.map(named).join(" or ")} has the lowest p99${at}: their intervals overlap, so there is no winner yet.`;
    }
    const longer = ratio("p99", best, next);
    return `${named(best)} has the lowest p99${at}, ${Words.time(best.p99.s)}: ${named(next)} takes ${longer.toFixed(2)} times as long (95 % intervals don't overlap).`;
  }

  function inLatency(rows, where) {
    const [best, next] = rows;
    const time = Words.time(best.latency_s.p50 ?? best.latency_s.mean);
    if (!next) return `${named(best)}${where}: ${time}. No other engine has a rank.`;
    if (best.unit) { // of batches, whose times are of different numbers of items
      return `${named(best)} has the highest throughput${where}: ${rateWords(best)}; ${named(next)} ${rateWords(next)}.`;
    }
    if (best.standing?.relation !== "best" || best.against === undefined) {
      return `${named(best)} is fastest${where}, ${time}: ${named(next)} takes ${against(best, next)} the time.`;
    }
    const relations = (wanted) => rows.slice(1).filter((row) => row.standing?.relation === wanted);
    const open = relations("undecided");
    if (open.length) {
      return `${[best, ...open].map(named).join(" or ")} is fastest${where}: undecided, so there is no winner yet.`;
    }
    const ties = relations("tie");
    const sure = best.standing.probability > 0 ? ` (confidence \u2265 ${confidence(best.standing.probability)})` : "";
    if (ties.length) return `${[best, ...ties].map(named).join(" and ")} tie${where}: within 1 %${sure}.`;
    return `${named(best)} is fastest${where}, ${time}: ${named(next)} takes ${next.against} the time${sure}.`;
  }

  // Rounded down: a confidence is never overstated.
  const confidence = (share) => `${(Math.floor(share * 1e4) / 100).toFixed(2)} %`;

  function when(rows) {
    const dates = [...new Set(rows.map((row) => row.date).filter(Boolean))].sort();
    if (!dates.length) return rows.some((row) => row.published) ? "Published figures." : "";
    return dates.length === 1 ? `Measured ${dates[0]}.` : `Measured ${dates[0]} to ${dates.at(-1)}.`;
  }

  function nothing(rows, where) {
    const suspects = rows.filter(isSuspect);
    const unfit = suspects.length ? suspects : rows.filter(isRefused);
    if (!unfit.length) return { text: `No engine has a figure${where}.`, detail: "" };
    const why = suspects.length ? "other programs used the machine" : "no variant is accepted";
    const reasons = [...new Set(unfit.map((row) => row.reason).filter(Boolean))];
    return { text: `No ranking${where}: ${why}.`, detail: [when(unfit), ...reasons].join(" ") };
  }

  // { text, detail }: the sentence, and the conditions and the date.
  function ofMachine(machine, mode) {
    const where = ` on ${machine.instance}`;
    const rows = comparable(machine.rows);
    if (!rows.length) return nothing(machine.rows, where);
    const says = { load: underTraffic, latency: inLatency }[mode];
    const text = says ? says(rows, where) : `${named(rows[0])} has the highest throughput${where}: ${rateWords(rows[0])}.`;
    const verified = rows[0].kind === "verified";
    const apart = verified && rows.length > 1 && rows[0].against === undefined && !rows[0].published;
    const why = machine.by_precision ? "Ranked within each precision only" : "Not measured in turns in one run";
    const how = mode === "latency" && apart ? `${why}, so the ratio has no interval.` : "";
    const unsure = verified ? "" : "Outputs not verified, so there is no rank.";
    return { text, detail: [machine.conditions && `${machine.conditions}.`, when(rows), how, unsure].filter(Boolean).join(" ") };
  }

  function counted(machines, mode) {
    const wins = new Map(); // how far ahead an engine is of the next other engine, per machine
    const kinds = new Set(); // what they are compared by
    let open = 0; // machines on which they can't be
    for (const machine of machines) {
      const { by, rows: [best, ...others] } = inOrder(comparable(machine.rows), mode);
      if (!best) continue;
      if (!by) {
        open += 1;
        continue;
      }
      kinds.add(by);
      const next = others.find((row) => row.engine !== best.engine);
      wins.set(best.engine, [...(wins.get(best.engine) ?? []), next && ratio(by, best, next)]);
    }
    const all = machines.flatMap(({ rows }) => rows);
    const [first, ...others] = [...wins].sort((a, b) => b[1].length - a[1].length);
    if (!first && open) return { text: "Request rates or bounds of p99 differ on each machine, so nothing is compared.", detail: when(all) };
    if (!first) return nothing(all, "");
    const by = kinds.size === 1 ? [...kinds][0] : "";
    const what = WINS[by === "time" ? mode : by];
    const rest = [...others.map(([engine, won]) => `${engine} on ${won.length}`), open && `not compared on ${open}`].filter(Boolean).join(", ");
    const ahead = by === "p99" || mode === "latency" ? aheadBy(first[1]) : "";
    const text = `${first[0]} ${what} on ${first[1].length} of ${machines.length} machines${ahead}${rest && `; ${rest}`}.`;
    return { text, detail: when(all) };
  }

  const WINS = {
    latency: "is fastest",
    throughput: "has the highest throughput",
    p99: "has the lowest p99",
    rate: "sustains the highest request rate within the bound of p99",
    "": "is best under traffic",
  };

  function aheadBy(ratios) {
    const known = ratios.filter((ratio) => ratio !== undefined);
    if (!known.length) return "";
    const [low, high] = [Math.min(...known).toFixed(2), Math.max(...known).toFixed(2)];
    return `: the next engine takes ${low === high ? low : `${low} to ${high}`} times as long`;
  }

  // A few machines are listed, of more it is counted which engine is best on how many.
  function lines(machines, mode) {
    const shown = machines.filter((machine) => machine.rows.length);
    if (shown.length > MAX_MACHINES) return [counted(shown, mode)];
    return shown.map((machine) => ofMachine(machine, mode));
  }

  return { against, lines, ratio, standardOf, wordsOf };
})();
