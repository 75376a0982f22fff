// The page's first lines: which engine is best on each shown machine, by how much, how sure that is,
// and when it was measured. Texts only.
"use strict";

const Verdict = (() => {
  const MAX_MACHINES = 3; // more are counted, not listed
  const SAME_RATE = 1e-6;

  const named = (row) => [row.engine, row.words].filter(Boolean).join(" ");

  const rateWords = (row) => `${Words.short(row.throughput)} ${row.unit}`; // of a row in items/s

  const ofKind = (rows, kind) => rows.filter((row) => row.kind === kind);

  // Of load mode: rows with a 99th percentile, all at one rate, the lowest first; else null.
  function byP99(rows) {
    const known = rows.filter((row) => row.p99);
    if (!known.length || known.length < rows.length) return null;
    const rate = known[0].p99.rate_per_s;
    if (known.some((row) => Math.abs(row.p99.rate_per_s / rate - 1) > SAME_RATE)) return null;
    return [...known].sort((a, b) => a.p99.s - b.p99.s);
  }

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

  // The same in words. Those of the run, with an interval, are of its best, which may be deselected.
  function against(best, row) {
    const ofRun = best.standing?.relation === "best" ? row.against : undefined;
    return ofRun ?? `${timesAsLong(best, row).toFixed(2)}\u00d7`;
  }

  function underTraffic(rows, where) {
    const ordered = byP99(rows);
    if (!ordered) {
      const [best, next] = [...rows].sort((a, b) => b.throughput - a.throughput);
      const against = next ? `; ${named(next)} ${Words.short(next.throughput)}/s` : "";
      return `${named(best)} sustains the highest request rate${where}: ${Words.short(best.throughput)}/s${against}.`;
    }
    const [best, next] = ordered;
    const at = `${where} at ${Words.rate(best.p99.rate_per_s)} requests/s`;
    if (!next) return `${named(best)} has a p99 of ${Words.time(best.p99.s)}${at}.`;
    const level = ordered.filter((row) => overlap(best, row));
    if (level.length > 1) {
      return `${level.map(named).join(" or ")} has the lowest p99${at}: their intervals overlap, so there is no winner yet.`;
    }
    const ratio = next.p99.s / best.p99.s;
    return `${named(best)} has the lowest p99${at}, ${Words.time(best.p99.s)}: ${named(next)} takes ${ratio.toFixed(2)} times as long (95 % intervals don't overlap).`;
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
    for (const { rows } of machines) {
      const found = comparable(rows);
      const order = mode === "load" ? byP99(found) : null;
      const [best, ...others] = order ?? found;
      if (!best) continue;
      const next = others.find((row) => row.engine !== best.engine);
      const ratio = next && (order ? next.p99.s / best.p99.s : timesAsLong(best, next));
      wins.set(best.engine, [...(wins.get(best.engine) ?? []), ratio]);
    }
    const [first, ...others] = [...wins].sort((a, b) => b[1].length - a[1].length);
    if (!first) return nothing(machines.flatMap(({ rows }) => rows), "");
    const what = { load: "has the lowest p99", latency: "is fastest" }[mode] ?? "has the highest throughput";
    const rest = others.map(([engine, won]) => `${engine} on ${won.length}`).join(", ");
    const text = `${first[0]} ${what} on ${first[1].length} of ${machines.length} machines${aheadBy(first[1], mode)}${rest && `; ${rest}`}.`;
    return { text, detail: when(machines.flatMap(({ rows }) => rows)) };
  }

  function aheadBy(ratios, mode) {
    const known = ratios.filter((ratio) => ratio !== undefined);
    if (!known.length || mode === "throughput") return "";
    const [low, high] = [Math.min(...known).toFixed(2), Math.max(...known).toFixed(2)];
    return `: the next engine takes ${low === high ? low : `${low} to ${high}`} times as long`;
  }

  // A few machines are listed, of more it is counted which engine is best on how many.
  function lines(machines, mode) {
    const shown = machines.filter((machine) => machine.rows.length);
    if (shown.length > MAX_MACHINES) return [counted(shown, mode)];
    return shown.map((machine) => ofMachine(machine, mode));
  }

  return { against, byP99, comparable, lines, timesAsLong };
})();
