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

  const isSuspect = (row) => row.status === "Suspect"; // measured while other programs disturbed it
  const isRefused = (row) => row.status === "Not accepted"; // a variant whose error is beyond the bound

  // Verified rows, or those not verified where there is no other; the fastest first. None that was
  // measured on a busy machine, and no variant that is not accepted.
  function comparable(rows) {
    const verified = ofKind(rows, "verified");
    const found = verified.length ? verified : ofKind(rows, "unverified").filter((row) => !isSuspect(row) && !isRefused(row));
    return [...found].sort((a, b) => isBestOfRun(b) - isBestOfRun(a) || timesAsLong(b, a) - 1);
  }

  const isBestOfRun = (row) => row.against !== undefined && row.standing?.relation === "best";

  // How many times as long as `best` a row takes: by the run in which they took turns, whose ratios
  // their medians may contradict, else by their medians.
  function timesAsLong(best, row) {
    return best.vs_best && row.vs_best ? row.vs_best / best.vs_best : best.throughput / row.throughput;
  }

  // How many times as good `best` is as `row`, by what both can be compared by; null where they can't.
  const RATIOS = {
    time: timesAsLong,
    median: timesAsLong,
    items: timesAsLong,
    throughput: timesAsLong,
    p99: (best, row) => (best.p99 && row.p99 && sameRate(best, row) ? row.p99.s / best.p99.s : null),
    rate: (best, row) => (best.slo_p99_s && best.slo_p99_s === row.slo_p99_s ? best.throughput / row.throughput : null),
    "": () => null,
  };
  const sameRate = (a, b) => Math.abs(a.p99.rate_per_s / b.p99.rate_per_s - 1) <= SAME_RATE;
  const ratio = (by, best, row) => RATIOS[by](best, row);

  // Whether `best` is better for sure: by the rules of the closing sentence of `dnnbench run`. Of
  // measured medians and items that no run has ranked only figures are named, so nothing is doubted.
  const SURELY = {
    time: surelyFaster,
    median: () => true,
    items: () => true,
    throughput: (best, row) => hasInterval(best) && hasInterval(row) && best.low > row.high,
    p99: (best, row) => (best.p99.high_s ?? Infinity) < (row.p99.low_s ?? 0),
    rate: (best, row) => best.surely_carried_per_s >= row.surely_not_per_s, // false where one is unknown
  };
  const hasInterval = (row) => row.low < row.high; // of throughput mode: too few windows have none

  // A published figure is known within its reading error. Of two that took turns with the best, which
  // is deselected, their ratios to it are known.
  function surelyFaster(best, row) {
    if (best.published) return best.low > row.high;
    if (isBestOfRun(best)) return row.standing.relation === "slower";
    return best.standing.interval?.[1] < row.standing.interval?.[0];
  }

  // The rows among `others` that may be as good as `best`. Where there is one, nobody has won.
  const rivals = (by, best, others) => others.filter((row) => !SURELY[by](best, row));

  // Rows of one machine, the best first, and what all of them are compared by: "time", as one run
  // ranked or somebody published it, or "median", without a rank; "items" per second of batches;
  // "throughput" of that mode; under traffic the highest "rate" within the same bound of p99, or "p99"
  // at one rate, or "", nothing.
  function inOrder(rows, mode) {
    if (mode === "throughput") return { by: mode, rows };
    if (mode !== "load") {
      const known = rows.every((row) => row.against !== undefined || row.published);
      return { by: rows.some((row) => row.unit) ? "items" : known ? "time" : "median", rows };
    }
    const by = ["rate", "p99"].find((one) => rows.length && rows.every((row) => ratio(one, rows[0], row))) ?? "";
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
    return (isBestOfRun(best) ? row.against : undefined) ?? `${timesAsLong(best, row).toFixed(2)}\u00d7`;
  }

  const noWinner = (level, what, why) => `${level.map(named).join(" or ")} ${what}: ${why}, so there is no winner${level[0].published ? "" : " yet"}.`;
  const OVERLAP = "their intervals overlap";

  const sustains = (row, where) => `${named(row)} sustains ${Words.rate(row.throughput)} requests/s${where}.`;

  function highestRate([best, ...others], where) {
    const within = `${where} with a p99 within ${Words.time(best.slo_p99_s)}`;
    if (!others.length) return sustains(best, within);
    const level = rivals("rate", best, others);
    if (level.length) return noWinner([best, ...level], `sustains the highest request rate${within}`, OVERLAP);
    const [next] = others;
    return `${named(best)} sustains the highest request rate${within}: ${Words.short(best.throughput)}/s; ${named(next)} ${Words.short(next.throughput)}/s.`;
  }

  function notCompared(rows, where) {
    if (rows.length === 1) return sustains(rows[0], where);
    return `The results${where} ${whyNotCompared(rows)}, so they are not compared.`;
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

  function lowestP99([best, ...others], where) {
    const at = `${where} at ${Words.rate(best.p99.rate_per_s)} requests/s`;
    if (!others.length) return `${named(best)} has a p99 of ${Words.time(best.p99.s)}${at}.`;
    const level = rivals("p99", best, others);
    if (level.length) return noWinner([best, ...level], `has the lowest p99${at}`, OVERLAP);
    const longer = ratio("p99", best, others[0]);
    return `${named(best)} has the lowest p99${at}, ${Words.time(best.p99.s)}: ${named(others[0])} takes ${longer.toFixed(2)} times as long (95 % intervals don't overlap).`;
  }

  function highestThroughput([best, ...others], where, by) {
    if (!others.length && by === "items") return `${named(best)}${where}: ${rateWords(best)}. No other engine has a rank.`;
    const what = `has the highest throughput${where}`;
    const level = rivals(by, best, others);
    if (level.length) {
      const known = [best, ...level].every(hasInterval);
      return noWinner([best, ...level], what, known ? OVERLAP : "not all of them have an interval");
    }
    const next = others.length ? `; ${named(others[0])} ${rateWords(others[0])}` : "";
    return `${named(best)} ${what}: ${rateWords(best)}${next}.`;
  }

  function fastest([best, ...others], where, by) {
    const time = Words.time(best.latency_s.p50 ?? best.latency_s.mean);
    const [next] = others;
    if (!next) return `${named(best)}${where}: ${time}. No other engine has a rank.`;
    const level = rivals(by, best, others);
    if (level.length) return whyNotFastest(best, level, where);
    const what = by === "median" ? "has the shortest time" : "is fastest";
    return `${named(best)} ${what}${where}, ${time}: ${named(next)} takes ${against(best, next)} the time${sureness(best)}.`;
  }

  function whyNotFastest(best, level, where) {
    const [rows, what] = [[best, ...level], `is fastest${where}`];
    if (best.published) return noWinner(rows, what, "their reading errors overlap");
    if (!isBestOfRun(best)) return noWinner(rows, what, OVERLAP);
    if (!level.every((row) => row.standing.relation === "tie")) return noWinner(rows, what, "undecided");
    return `${rows.map(named).join(" and ")} tie${where}: within 1 %${sureness(best)}.`;
  }

  const sureness = (best) =>
    isBestOfRun(best) && best.standing.probability > 0 ? ` (confidence \u2265 ${confidence(best.standing.probability)})` : "";

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
    const { by, rows } = inOrder(comparable(machine.rows), mode);
    if (!rows.length) return nothing(machine.rows, where);
    const verified = rows[0].kind === "verified";
    const apart = verified && rows.length > 1 && (by === "median" || by === "items");
    const why = machine.by_precision ? "Ranked within each precision only" : "Not measured in turns in one run";
    const how = apart ? `${why}, so the ratio has no interval.` : "";
    const unsure = verified ? "" : "Outputs not verified, so there is no rank.";
    const detail = [machine.conditions && `${machine.conditions}.`, when(rows), how, unsure];
    return { text: SENTENCES[by](rows, where, by), detail: detail.filter(Boolean).join(" ") };
  }

  // Why no engine counts as the best of a machine; "" where one does.
  function whyNobody(by, best, others) {
    if (!others.length) return "no other engine";
    if (!by) return "not compared";
    return rivals(by, best, others).length ? "no winner" : "";
  }

  function counted(machines, mode) {
    const wins = new Map(); // how far ahead an engine is of the next other engine, per machine
    const nobody = new Map(); // on how many machines nobody is, by the reason
    const kinds = new Set(); // what they are compared by
    for (const machine of machines) {
      const { by, rows } = inOrder(comparable(machine.rows), mode);
      if (!rows.length) continue;
      const others = rows.filter((row) => row.engine !== rows[0].engine);
      const why = whyNobody(by, rows[0], others);
      if (why) {
        nobody.set(why, (nobody.get(why) ?? 0) + 1);
        continue;
      }
      kinds.add(by);
      wins.set(rows[0].engine, [...(wins.get(rows[0].engine) ?? []), ratio(by, rows[0], others[0])]);
    }
    const all = machines.flatMap(({ rows }) => rows);
    const [first, ...others] = [...wins].sort((a, b) => b[1].length - a[1].length);
    const rest = [...others.map(([engine, won]) => [engine, won.length]), ...nobody].map(([what, count]) => `${what} on ${count}`);
    if (!first && !rest.length) return nothing(all, "");
    if (kinds.has("median")) kinds.delete("time"); // both are times
    const by = kinds.size === 1 ? [...kinds][0] : "";
    if (first) rest.unshift(`${first[0]} ${WINS[by]} on ${first[1].length} of ${machines.length} machines${aheadBy(by, first[1])}`);
    else rest[0] = Words.capital(`${rest[0]} of ${machines.length} machines`);
    return { text: `${rest.join("; ")}.`, detail: when(all) };
  }

  const SENTENCES = {
    time: fastest,
    median: fastest,
    items: highestThroughput,
    throughput: highestThroughput,
    p99: lowestP99,
    rate: highestRate,
    "": notCompared,
  };
  const WINS = {
    time: "is fastest",
    median: "has the shortest time",
    items: "has the highest throughput",
    throughput: "has the highest throughput",
    p99: "has the lowest p99",
    rate: "sustains the highest request rate within the bound of p99",
    "": "comes first",
  };

  function aheadBy(by, ratios) {
    if (!["time", "median", "p99"].includes(by)) return "";
    const [low, high] = [Math.min(...ratios).toFixed(2), Math.max(...ratios).toFixed(2)];
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
