// What the pictures of the page are drawn from: the same rows as price_charts.py makes.
"use strict";

const Rows = (() => {
  const LABEL_SHARE = 0.09; // of the axis: what a name like p99 needs, as in sample_charts.py
  const NAME_CHARACTERS = 16;
  const LINE_HEIGHT = 15; // pixels, as HEIGHT and ABOVE; those of price_charts.py
  const HEIGHT = 320;
  const ABOVE = 64;
  const SYMBOLS = "\u25cf\u25a0\u25b2\u25bc\u25ba\u25c4";


  // The fastest engine of a machine within the latency, a verified one where there is one.
  function fastest(machine, latency_s) {
    const able = Plans.rowsOf(machine)
      .filter((row) => !row.plan.single_only)
      .map((row) => ({ row, plan: row.plan, one: Plans.capacity(row.plan, latency_s) }))
      .filter(({ one }) => one > 0);
    able.sort((a, b) => b.plan.verified - a.plan.verified || b.one - a.one);
    return able[0] || null;
  }

  function whyNone(machine, latency_s) {
    const bound = machine.rows.find((row) => row.bound);
    if (bound) return bound.status;
    const able = Plans.rowsOf(machine).some((row) => !row.plan.single_only);
    if (able) return latency_s === null ? "Overloaded" : "Too slow";
    return [...machine.rows, ...machine.served][0].status;
  }

  function emptyRow(machine, words) {
    return {
      kind: "no number",
      name: Words.wrap(machine.instance, NAME_CHARACTERS, 2),
      words: machine.instance,
      price: Words.price(machine.usd_per_hour),
      value: Words.wrap(words, NAME_CHARACTERS, 2),
      throughput: null,
      description: `${machine.instance}, ${Words.price(machine.usd_per_hour)}: ${words}`,
    };
  }

  function fullRow({ row, plan, one }, count, asMeasured) {
    const name = count === 1 ? plan.instance : `${count} \u00d7 ${plan.instance}`;
    const lines = Words.wrap(name, NAME_CHARACTERS, 2);
    const usd = plan.usd_per_hour === null ? null : count * plan.usd_per_hour;
    const throughput = count * one;
    const measured = asMeasured && one === Plans.throughput(plan);
    const high = measured ? plan.high_per_s ?? throughput : throughput;
    const latency = plan.only_under_traffic ? "under traffic" : Words.time(plan.servers * plan.mean_s);
    const each = plan.only_under_traffic ? latency : `${latency} each`;
    return {
      kind: plan.verified ? "verified" : "unverified",
      name: lines,
      instance: plan.instance,
      words: name,
      usd,
      count,
      stack: count > 1,
      price: Words.price(usd),
      throughput,
      low: measured ? plan.low_per_s : throughput,
      high,
      roof: (high * HEIGHT) / (HEIGHT - ABOVE),
      value: [`${Words.short(throughput)}/s`, latency],
      engine: [
        ...Words.wrap(row.engine, NAME_CHARACTERS, 2),
        ...Words.wrap(plan.words, NAME_CHARACTERS, 2),
      ],
      engine_y: HEIGHT + 12 + LINE_HEIGHT * lines.length,
      description:
        `${name}, ${Words.price(usd)}: ${Words.short(throughput)} inferences per second with ` +
        `${row.engine} ${row.detail}, ${each}, ${row.status.toLowerCase()}`,
    };
  }

  const numbered = (rows) => rows.map((row, place) => ({ ...row, place }));

  function byPrice(machines, latency_s) {
    return numbered(
      machines.map((machine) => {
        const best = fastest(machine, latency_s);
        if (!best) return emptyRow(machine, whyNone(machine, latency_s));
        return fullRow(best, 1, latency_s === null);
      }),
    );
  }

  function stacks(machines, rate, wishes) {
    const { latency_s } = wishes;
    const able = machines
      .filter((machine) => machine.usd_per_hour !== null)
      .map((machine) => fastest(machine, latency_s))
      .filter(Boolean);
    const rows = able.map((best) => fullRow(best, 1, false));
    const wish = { ...wishes, single: false };
    const { plans } = Plans.plans(able.map(({ plan }) => plan), rate, wish);
    const stack = plans.find((plan) => plan.count > 1);
    if (stack) {
      rows.push(fullRow(able.find(({ plan }) => plan === stack.candidate), stack.count, false));
    }
    rows.sort((a, b) => a.usd - b.usd || a.count - b.count);
    return numbered(rows);
  }

  const rates = (rate) => [{ rate, text: `${Words.rate(rate)}/s` }];

  // Corners for a line that rises before it goes on; `before` is the price it rises from.
  function staircase(run, low, high, before) {
    const begin = Math.max(run[0].above_per_s, low);
    const points = [{ rate: begin, usd: before ?? run[0].plan.usd_per_hour }];
    for (const { plan } of run) {
      const end = Math.min(plan.capacity_per_s, high);
      if (end > begin) points.push({ rate: end, usd: plan.usd_per_hour });
    }
    return points;
  }

  function runsOf(steps) {
    const runs = [];
    for (const step of steps) {
      const last = runs.at(-1);
      if (last && last[0].plan.candidate === step.plan.candidate) last.push(step);
      else runs.push([step]);
    }
    return runs;
  }

  function stretchWords(begin, end, low, high) {
    if (begin <= low) return end >= high ? "at every rate" : `up to ${Words.rate(end)}/s`;
    if (end >= high) return `above ${Words.rate(begin)}/s`;
    return `${Words.rate(begin)} to ${Words.rate(end)}/s`;
  }

  const endOf = (run) => run.at(-1).plan.capacity_per_s;

  function logLength(run, low, high) {
    const [begin, end] = [Math.max(run[0].above_per_s, low), Math.min(endOf(run), high)];
    return end > begin ? Math.log(end / begin) : 0;
  }

  function nameOf(runs, kind, low, high) {
    const run = runs.reduce((a, b) => (logLength(b, low, high) > logLength(a, low, high) ? b : a));
    const { plan } = run.at(-1);
    const stretch = stretchWords(run[0].above_per_s, endOf(run), low, high);
    return { kind, name: `${SYMBOLS[kind % SYMBOLS.length]} ${plan.candidate.instance}, ${stretch}` };
  }

  // The cheapest plan's line, the lines of the machines in it, their names; and the runs themselves.
  function cost(candidates, wish, rate) {
    const able = candidates.filter((c) => c.usd_per_hour > 0 && !c.single_only);
    const speeds = able.map((c) => Plans.capacity(c, wish.latency_s)).filter((one) => one > 0);
    if (!speeds.length) return null;
    const low = Math.min(...speeds, rate) / 2;
    const high = 3 * Math.max(...speeds, rate / 2);
    const runs = runsOf(Plans.steps(able, high, wish));
    if (!runs.length) return null;
    const kinds = [...new Set(runs.map((run) => run[0].plan.candidate))];
    const drawn = { runs, thin: [], thick: [], starts: [], names: [], rates: rates(rate) };
    kinds.forEach((candidate, kind) => {
      const alone = Plans.steps([candidate], high, wish);
      drawn.thin.push(...staircase(alone, low, high).map((point) => ({ ...point, kind })));
      const own = runs.filter((run) => run[0].plan.candidate === candidate);
      drawn.names.push(nameOf(own, kind, low, high));
    });
    let before;
    runs.forEach((run, number) => {
      const kind = kinds.indexOf(run[0].plan.candidate);
      const points = staircase(run, low, high, before);
      drawn.thick.push(...points.map((point) => ({ ...point, kind, run: number })));
      drawn.starts.push({ rate: points[0].rate, usd: run[0].plan.usd_per_hour, kind });
      before = run.at(-1).plan.usd_per_hour;
    });
    return drawn;
  }

  // Names that would collide share one place: "p50, p90".
  function percentileLines(latency_s, size, span_s) {
    const lines = [];
    let named = null;
    for (const [name, time_s] of Object.entries(latency_s)) {
      const line = { at: time_s / size, name, solid: name === "p50" };
      if (named && time_s - named.at * size < LABEL_SHARE * span_s) {
        named.name += `, ${name}`;
        line.name = "";
      } else {
        named = line;
      }
      lines.push(line);
    }
    return lines;
  }

  // The distribution and the course of one result's times, in the unit of its median.
  function times(row) {
    const [unit, size] = Words.unitOf(row.latency_s.p50);
    const { low_s, width_s, counts } = row.bins;
    const { at, median, low, high, part, unit_s } = row.blocks;
    const span = width_s * counts.length;
    return {
      unit,
      bins: counts.map((count, i) => ({
        from: (low_s + i * width_s) / size,
        to: (low_s + (i + 1) * width_s) / size,
        count,
      })),
      lines: percentileLines(row.latency_s, size, span),
      blocks: at.map((place, i) => ({
        at: place,
        part: part[i],
        alone: part[i] !== part[i - 1] && part[i] !== part[i + 1],
        median: (median[i] * unit_s) / size,
        low: (low[i] * unit_s) / size,
        high: (high[i] * unit_s) / size,
      })),
    };
  }

  return { byPrice, cost, fastest, rates, stacks, stretchWords, times };
})();
