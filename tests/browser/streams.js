// Random streams of reports, replayed in both forms. It imports nothing, so that it runs in a page as it does in Node.

const START = 1_767_225_600;
const DAY = 86_400;

/** Numbers that are the same for one seed everywhere (mulberry32). */
function dice(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (limit) => Math.floor(next() * limit);
  return { below, pick: (list) => list[below(list.length)], some: (list) => list.filter(() => below(2) === 0), chance: (one, of) => below(of) < one };
}

const upTo = (count) => Array.from({ length: count }, (_, number) => number);
const utc = (seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z");

/** A few namespaces, made anew now and then, of a few pods: ids and times collide all the time. */
function kubernetes({ pick, some, below }, timestamp) {
  const namespaces = some(upTo(3)).map((number) => ({ name: `ns-${number}`, uid: `ns-${number}-${below(2)}` }));
  const pods = namespaces.flatMap(({ uid }) => some(upTo(3)).map((number) => ({ uid: `${uid}-pod-${number}`, name: "pod", namespace_uid: uid })));
  const containers = pods.flatMap(({ uid }) => some(upTo(2)).map((number) => ({ id: `containerd://${uid}-${number}`, name: "main", pod_uid: uid, image_tag: `app:${number}` })));
  return { kubernetes: { cluster_name: pick(["c1", "c1", "c2"]), timestamp, namespaces, pods, containers } };
}

/** Now and then about as many tasks as a report of that agent can hold, or containers without their tasks. */
function ecs({ pick, some, chance }, timestamp) {
  const numbers = chance(1, 30) ? upTo(pick([99, 100, 101])) : some(upTo(4));
  const tasks = numbers.map((number) => ({ arn: `task-${number}`, service_arn: pick(["service-0", "service-1", "UNKNOWN"]) }));
  const containers = tasks.flatMap(({ arn }) => some(upTo(2)).map((number) => ({ arn: `${arn}-${number}`, task_arn: arn, image_tag: `app:${number}` })));
  const services = ["service-0", "service-1"].map((arn) => ({ arn }));
  return { ecs: { cluster_arn: pick(["arn:c1", "arn:c2"]), timestamp, services, containers, ...(chance(1, 4) ? {} : { tasks }) } };
}

function fault({ below, pick }, length) {
  const [from, to] = [below(100), below(100)].sort((one, other) => one - other).map((part) => START + Math.floor((length * part) / 100));
  return pick([
    { kind: "outage", from, to },
    { kind: "drop_batch", from, to, batch: 1 + below(2), of: 2 },
    { kind: "clock_skew", from, to, seconds: pick([-3 * DAY, -DAY, -60, 60, DAY]) },
  ]);
}

/** The stream of a seed: up to forty reports, late, early and repeated ones among them, and faults. */
export function stream(seed) {
  const random = dice(seed);
  const { pick, chance, below } = random;
  const ttl = pick([1, 2, 3, 7]);
  const edge = () => ttl * DAY + pick([-1, 0, 1]);
  const reports = [];
  let now = START;
  for (const _ of upTo(1 + below(40))) {
    now += pick([0, 1, 60, 3600, DAY / 3, DAY / 3, DAY, edge()]);
    const again = reports.length > 0 && chance(1, 10) ? pick(reports).report : null;
    const timestamp = utc(now - pick([0, 0, 0, 0, 0, 1, 300, -3600, DAY, edge()]));
    reports.push({ now: utc(now), report: again ?? (chance(5, 8) ? kubernetes : ecs)(random, timestamp) });
  }
  return { ttl, reports, faults: upTo(below(3)).map(() => fault(random, now - START)) };
}

/** Configurations around a TTL. */
const configs = (ttl) =>
  [false, true].flatMap((image_ingest_overwrite) => [0, 1, ttl, ttl + 1].flatMap((image_ttl_days) =>
    [true, false].map((ecs_truncation_guard) => ({ image_ttl_days, image_ingest_overwrite, ecs_truncation_guard }))));

function tally(met, replay) {
  const [{ item, end, wrong }, ends] = [replay.spans(), replay.ends()];
  met.replays += 1;
  item.forEach((number, span) => {
    met[ends[end[span]]] += 1;
    met.wrong += wrong[span];
    if (item[span - 1] === number) met.back += 1;
  });
}

/**
 * Replays the streams of `count` seeds in both forms, under each configuration. Says what differs first, and what came of
 * all of them: stays in the inventory by how they ended, and how many items came back.
 */
export function compare(engine, first, count) {
  const met = { replays: 0, retained: 0, expired: 0, overwritten: 0, wrong: 0, back: 0 };
  for (let seed = first; seed < first + count; seed += 1) {
    const { ttl, reports, faults } = stream(seed);
    const bytes = new TextEncoder().encode(reports.map((report) => JSON.stringify(report)).join("\n"));
    const whole = engine.History.read([{ name: "stream", bytes }]);
    const history = whole.with_faults(faults);
    for (const config of configs(ttl)) {
      const [gap, step] = [history.replay(config, "gap"), history.replay(config, "step")];
      if (!gap.same_as(step)) return { differs: { seed, config } };
      tally(met, gap);
      gap.free();
      step.free();
    }
    history.free();
    whole.free();
  }
  return { met };
}
