// Which machines, and how many, serve a request rate for the least money: the rule of
// docs/advising.md, for results measured one request at a time, with what was measured under
// traffic, and for published figures. Times in seconds, rates in inferences per second, prices in
// $ per hour. Pure functions, no page.
"use strict";

const Plans = (() => {
  const MAX_MACHINES = 1e6;
  const MAX_STEPS = 2000;
  const ROUNDING = 1e-9; // a rate that is an exact multiple of the capacity needs no extra machine

  const throughput = (c) => 1 / c.mean_s;

  // The time that a request takes when they arrive at one machine at random, `rate` per second, and
  // are spread over its processes: the sum of two 99th percentiles, of the inference and of the
  // wait before it. Of a published figure only the mean is known: its mean response time, as if all
  // inferences took equally long.
  function response(c, rate) {
    const busy = rate * c.mean_s;
    if (busy >= 1 - ROUNDING) return Infinity;
    if (c.slowest_s === null) return c.mean_s + (busy * c.mean_s) / (2 * (1 - busy));
    if (busy <= 0.01) return c.slowest_s;
    const scale = c.mean_square_s2 / (2 * c.servers * c.mean_s * (1 - busy));
    return c.slowest_s + scale * Math.log(100 * busy);
  }

  // The highest rate of one machine. A rate that was measured within the latency is a lower bound;
  // above it the estimate counts, raised so that it is not below any measurement. `latency_s` null:
  // its throughput, or what it sustained where a lower rate was more than it can do.
  function capacity(c, latency_s) {
    if (latency_s === null) return estimatedUpTo(c);
    const max = Math.max(measuredCapacity(c, latency_s), estimatedCapacity(c, latency_s));
    return Math.min(throughput(c), max);
  }

  // What one machine may be given: its capacity less the share that is to stay free.
  const usable = (c, wish) => (1 - (wish.headroom ?? 0)) * capacity(c, wish.latency_s);

  const ratesOf = (c) => (c.measured_rates ?? []).map(([rate, p99_s]) => [rate, p99_s ?? Infinity]);

  // What the response is multiplied by, so that the estimate is not below any measurement.
  function correction(c) {
    const carried = ratesOf(c).filter(([, p99_s]) => Number.isFinite(p99_s));
    return Math.max(1, ...carried.map(([rate, p99_s]) => p99_s / response(c, rate)));
  }

  // The lowest measured rate that is more than the machine can do.
  const overload = (c) => ratesOf(c).find(([, p99_s]) => !Number.isFinite(p99_s))?.[0] ?? Infinity;

  // The highest rate that is known to be possible or can be estimated: below an overload that the
  // times don't explain, what was sustained.
  const estimatedUpTo = (c) =>
    overload(c) < throughput(c) * (1 - ROUNDING) ? measuredCapacity(c, Number.MAX_VALUE) : throughput(c);

  function estimatedCapacity(c, latency_s) {
    if (c.only_under_traffic) return 0;
    const limit_s = latency_s / correction(c);
    let [low, high] = [c.slowest_s === null ? 0 : 0.01, 1];
    if (response(c, low / c.mean_s) > limit_s) return 0;
    for (let i = 0; i < 100; i++) {
      const middle = (low + high) / 2;
      if (response(c, middle / c.mean_s) <= limit_s) low = middle;
      else high = middle;
    }
    return Math.min(low / c.mean_s, estimatedUpTo(c));
  }

  // Infinity where the queue grows without end, null where nothing is known.
  function estimatedLatency(c, rate) {
    if (c.only_under_traffic) return null;
    if (rate >= Math.min(overload(c), throughput(c)) * (1 - ROUNDING)) return Infinity;
    if (rate * (1 - ROUNDING) > estimatedUpTo(c)) return null;
    return correction(c) * response(c, rate);
  }

  // The highest 99th percentile measured at rates up to the next measured one; null where that is
  // more than it can do, or more than was measured.
  function measuredLatency(c, rate) {
    let highest = 0;
    for (const [measured, p99_s] of ratesOf(c)) {
      highest = Math.max(highest, p99_s);
      if (measured >= rate * (1 - ROUNDING)) return Number.isFinite(highest) ? highest : null;
    }
    return null;
  }

  // The highest measured rate up to which every measured 99th percentile is within the latency.
  function measuredCapacity(c, latency_s) {
    let highest = 0;
    for (const [rate, p99_s] of ratesOf(c)) {
      if (p99_s > latency_s) break;
      highest = rate;
    }
    return highest;
  }

  const machinesFor = (rate, one) => Math.max(1, Math.ceil((rate / one) * (1 - ROUNDING)));
  const machinesAbove = (rate, one) => Math.floor((rate / one) * (1 + ROUNDING)) + 1;

  function slowed(c, factor) {
    const measured_rates = c.measured_rates?.map(([rate, p99_s]) => [rate / factor, p99_s]);
    if (c.slowest_s === null) return { ...c, mean_s: c.mean_s * factor, measured_rates };
    return {
      ...c,
      measured_rates,
      mean_s: c.mean_s * factor,
      slowest_s: c.slowest_s * factor,
      mean_square_s2: c.mean_square_s2 * factor ** 2,
    };
  }

  // Whether so many machines also serve the rate at the lower end of the measurement's interval.
  function holds(c, count, rate, wish) {
    const one = usable(slowed(c, throughput(c) / c.low_per_s), wish);
    return one > 0 && machinesFor(rate, one) <= count;
  }

  // { s, basis }: s null where it grows without end or is not known; basis "measured", "estimate" or
  // "mean".
  function latencyAt(c, rate) {
    const [measured, estimate] = [measuredLatency(c, rate), estimatedLatency(c, rate)];
    const isMeasured = measured !== null && measured * (1 - ROUNDING) <= estimate;
    if (estimate === null || isMeasured) return { s: measured, basis: "measured" };
    const basis = c.slowest_s === null ? "mean" : "estimate";
    return { s: Number.isFinite(estimate) ? estimate : null, basis };
  }

  function plan(c, count, one, rate, wish) {
    return {
      candidate: c,
      count,
      usd_per_hour: count * c.usd_per_hour,
      usd_per_million: (count * c.usd_per_hour * 1e6) / (3600 * rate),
      throughput_per_s: count * throughput(c),
      capacity_per_s: count * one,
      utilisation: rate / (count * throughput(c)),
      latency: latencyAt(c, rate / count),
      holds: holds(c, count, rate, wish),
    };
  }

  // The lowest latency that is known to be possible, at whatever rate; Infinity where none is.
  function quickest(c) {
    const measured = ratesOf(c)[0]?.[1] ?? Infinity;
    if (c.only_under_traffic || estimatedUpTo(c) === 0) return measured;
    return Math.min(measured, correction(c) * (c.slowest_s ?? c.mean_s));
  }

  function compareText(a, b) {
    return a < b ? -1 : a > b ? 1 : 0;
  }

  // Cheapest first; at equal prices fewer machines, then the larger capacity.
  function compare(a, b) {
    return (
      Math.round(a.usd_per_hour * 1e9) - Math.round(b.usd_per_hour * 1e9) ||
      a.count - b.count ||
      b.capacity_per_s - a.capacity_per_s ||
      compareText(a.candidate.instance, b.candidate.instance) ||
      compareText(a.candidate.engine, b.candidate.engine) ||
      compareText(a.candidate.settings, b.candidate.settings)
    );
  }

  // { latency_s, single, headroom }: the wish; headroom, the share of a machine's capacity that stays
  // free, may be missing. Why a candidate is out, or "".
  function whyOut(c, count, one, wish) {
    if (c.usd_per_hour === null) return "the catalogue has no price for this machine";
    if (one === 0) return "too slow";
    if (c.single_only && count > 1) return "only a bound is known, which says nothing of more machines";
    if (wish.single && count > 1) return "more than one machine needed";
    if (count > MAX_MACHINES) return "more than a million machines needed";
    return "";
  }

  // All plans for the rate, cheapest first, and the candidates without one, with the reason.
  function plans(candidates, rate, wish) {
    const [found, out] = [[], []];
    for (const c of candidates) {
      const one = usable(c, wish);
      const count = one > 0 ? machinesFor(rate, one) : Infinity;
      const reason = whyOut(c, count, one, wish);
      if (reason) out.push({ candidate: c, reason, count });
      else found.push(plan(c, count, one, rate, wish));
    }
    return { plans: found.sort(compare), out };
  }

  // The cheapest plan for every rate up to `upTo`: it stays the cheapest until it is full.
  function steps(candidates, upTo, wish) {
    const able = candidates
      .map((c) => ({ c, one: usable(c, wish) }))
      .filter(({ c, one }) => !whyOut(c, 1, one, wish));
    const found = [];
    let above = 0;
    while (found.length < MAX_STEPS && above < upTo) {
      let best = null;
      for (const { c, one } of able) {
        const count = machinesAbove(above, one);
        if (whyOut(c, count, one, wish)) continue;
        const next = {
          candidate: c,
          count,
          usd_per_hour: count * c.usd_per_hour,
          capacity_per_s: count * one,
        };
        if (!best || compare(next, best) < 0) best = next;
      }
      if (!best) break;
      found.push({ above_per_s: above, plan: best });
      above = best.capacity_per_s;
    }
    return found;
  }

  // A machine's rows that can be planned with, of whatever mode.
  const rowsOf = (machine) => [...machine.rows, ...machine.served].filter((row) => row.plan);

  return { capacity, compare, plans, quickest, rowsOf, steps, throughput, usable };
})();
