// What a person should know before trusting a plan: the notes of dnnbench advise (src/advise/plans.cpp),
// under the same labels. Texts only.
"use strict";

const Notes = (() => {
  const MIN_FOR_P99 = 459;
  const BUSY = 0.8; // utilisation
  const IDLE = 0.25; // share of a machine's throughput

  const onTraffic = (plan, wish) => {
    const c = plan.candidate;
    const isIdle = plan.count > 1 && Plans.capacity(c, wish.latency_s) < IDLE * Plans.capacity(c, null);
    return [
      c.only_under_traffic && ["under traffic", "capacity above the measured rates unknown"],
      plan.utilisation > BUSY && !c.single_only && !c.only_under_traffic && ["busy", "utilisation above 80 %, so requests queue up"],
      isIdle && !c.only_under_traffic && ["idle", "the latency bound leaves machines less than a quarter of their throughput"],
      !plan.holds && ["upper end", "enough only in the upper part of the interval of its throughput"],
      c.lacks_interval && ["no interval", "too few windows for an interval of its throughput"],
    ];
  };

  const onTimes = (plan) => {
    const { measurements, number } = plan.candidate;
    const isFew = plan.latency.basis === "estimate" && measurements < MIN_FOR_P99;
    const confidence = Math.floor(100 * (1 - 0.99 ** measurements));
    return [
      isFew && [
        "few samples",
        "fewer than the 459 that a 99th percentile needs",
        `the largest of ${measurements} times lies above the 99th percentile with a confidence of ${confidence} %`,
      ],
      number > 1 && ["averages", "each time is the mean of several inferences", `each time is the mean of ${number} inferences`],
    ];
  };

  // { label, meaning, detail }: the meaning is the same for all plans, the detail of this one, or "".
  function of(plan, wish) {
    const c = plan.candidate;
    const found = [
      ...onTraffic(plan, wish),
      !c.verified && ["unverified", "outputs were not compared with a reference"],
      plan.latency.basis === "mean" && ["mean only", "only the mean time is known, so the 99th percentile is not"],
      c.single_only && ["at least", "only a lower bound of the throughput is known"],
      ...onTimes(plan),
      c.cores && c.cores < c.machine_cores && [
        "fewer cores",
        "measured with a part of the machine's cores",
        `measured with ${c.cores} of the machine's ${c.machine_cores} cores`,
      ],
      c.per_s.length > 1 && [
        "several",
        "measured several times, the newest counts",
        `measured ${c.per_s.length} times, ${Words.short(Math.min(...c.per_s))} to ${Words.short(Math.max(...c.per_s))}/s per machine`,
      ],
    ];
    return found.filter(Boolean).map(([label, meaning, detail = ""]) => ({ label, meaning, detail }));
  }

  return { of };
})();
