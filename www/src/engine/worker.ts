/** The engine's side: it keeps the history and one replay per configuration, and hands out columns. */
import * as Comlink from "comlink";
import { History, about, configure, initSync, read_scenario, run_fixture, type Replay } from "keepset-web";
import type { Config, EngineError, SafeTtl } from "./api.ts";
import { BINS, POINTS, type EngineWorker, type HistoryView, type Input, type RunView, type Settings, type SideName } from "./protocol.ts";

/** What a text says beside its history. */
type Told = Settings & { about?: string };

/** What was opened and is not kept yet. */
let next: { source: History; faulted: History; told: Told } | undefined;
let source: History | undefined;
/** What the text of `source` says. */
let told: Told = {};
let faulted: History | undefined;
let items = 0;
/** The smallest safe TTLs of the history, by margin and overwrite: no TTL changes them. */
const safest = new Map<string, SafeTtl>();
const replays: Partial<Record<SideName, { replay: Replay; config: Config }>> = {};

const engine: EngineWorker = {
  start(wasm) {
    initSync({ module: wasm });
    return about();
  },
  open(input, wanted, isEdited) {
    const tells = toldBy(input);
    const decided = <K extends keyof Settings>(key: K): Settings[K] =>
      isEdited && JSON.stringify(tells[key]) !== JSON.stringify(told[key]) ? tells[key] : (wanted[key] ?? tells[key]);
    const faults = decided("faults") ?? [];
    const fresh = "scenario" in input ? History.scenario(input.scenario) : History.read(input.files);
    let changed: History;
    try {
      changed = fresh.with_faults(faults);
    } catch (error) {
      fresh.free();
      throw error;
    }
    engine.drop();
    next = { source: fresh, faulted: changed, told: tells };
    return moved({ view: view(changed), about: tells.about ?? "", a: decided("a") ?? null, b: decided("b") ?? null, faults });
  },
  drop() {
    next?.source.free();
    next?.faulted.free();
    next = undefined;
  },
  keep() {
    const kept = opened(next);
    next = undefined;
    source?.free();
    source = kept.source;
    told = kept.told;
    replace(kept.faulted);
  },
  refault(faults) {
    replace(opened(source).with_faults(faults));
    return moved(view(opened(faulted)));
  },
  run(side, config, marginDays) {
    const start = performance.now();
    const history = opened(faulted);
    const replay = history.replay(config, "gap");
    replays[side]?.replay.free();
    replays[side] = { replay, config };
    return moved(runView(history, replay, config, marginDays, start));
  },
  safeTtl: (marginDays, overwrite) => safeTtl(opened(faulted), marginDays, overwrite),
  curve: (maxDays, overwrite) => moved(opened(faulted).curve(maxDays, overwrite)),
  why: (side, item, at) => opened(replays[side]).replay.why(item, at),
  report: (n) => opened(faulted).report(n),
  verify(side) {
    const start = performance.now();
    const { replay, config } = opened(replays[side]);
    const stepped = opened(faulted).replay(config, "step");
    try {
      return { same: replay.same_as(stepped), milliseconds: performance.now() - start };
    } finally {
      stepped.free();
    }
  },
  fixture: (json) => moved(run_fixture(json)),
};

/** What is said beside the history: by a scenario, by a file that is one, or by a fixture. */
function toldBy(input: Input): Told {
  if ("scenario" in input) return read_scenario(input.scenario);
  const [file, another] = input.files;
  if (!file || another) return {};
  const text = new TextDecoder().decode(file.bytes);
  // Reports are large, and the engine reads them: what has neither word is not read twice.
  if (!/"(history|steps)"/.test(text)) return {};
  let document: Record<string, unknown> | null;
  try {
    document = JSON.parse(text) as typeof document;
  } catch {
    // Several documents, or none: the engine says which.
    return {};
  }
  if (document?.["history"] && document["a"]) return read_scenario(file.bytes);
  if (document?.["steps"] && document["config"]) return { a: configure(document["config"]) };
  return {};
}

/** Takes another history, and frees what was derived from the one before. */
function replace(history: History) {
  faulted?.free();
  faulted = history;
  items = history.summary().items;
  safest.clear();
  for (const side of ["a", "b"] as const) {
    replays[side]?.replay.free();
    delete replays[side];
  }
}

function view(history: History): HistoryView {
  return { summary: history.summary(), kinds: history.kinds(), items: history.items(), reports: history.reports() };
}

function runView(history: History, replay: Replay, config: Config, marginDays: number, start: number): RunView {
  const spans = replay.spans();
  return {
    config,
    verdict: replay.verdict(),
    ends: replay.ends(),
    spans,
    first: firsts(spans.item, items),
    series: replay.series(POINTS),
    outcomes: replay.outcomes(),
    density: replay.density(BINS),
    safe: safeTtl(history, marginDays, config.image_ingest_overwrite),
    milliseconds: performance.now() - start,
  };
}

function safeTtl(history: History, marginDays: number, overwrite: boolean): SafeTtl | null {
  const key = `${marginDays} ${overwrite}`;
  const known = safest.get(key) ?? history.safe_ttl(marginDays, overwrite);
  safest.set(key, known);
  return known.gap_seconds > 0 ? known : null;
}

/** Where each item's spans begin; spans come in the order of items. */
function firsts(item: Uint32Array, count: number): Uint32Array {
  const first = new Uint32Array(count + 1);
  for (let span = 0; span < item.length; span += 1) first[item[span]! + 1]! += 1;
  for (let i = 0; i < count; i += 1) first[i + 1]! += first[i]!;
  return first;
}

function opened<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("nothing was opened yet");
  return value;
}

/** Columns go to the page without a copy. */
function moved<T extends object>(value: T): T {
  const buffers = new Set<ArrayBuffer>();
  const walk = (part: unknown) => {
    if (ArrayBuffer.isView(part)) buffers.add(part.buffer as ArrayBuffer);
    else if (typeof part === "object" && part !== null && !Array.isArray(part)) Object.values(part).forEach(walk);
  };
  walk(value);
  return Comlink.transfer(value, [...buffers]);
}

// A refusal of the engine has fields, which an Error would lose on its way to the page.
const thrown = Comlink.transferHandlers.get("throw");
if (thrown) {
  const { serialize } = thrown;
  thrown.serialize = (value) => {
    const refusal = refusalOf((value as { value: unknown }).value);
    return refusal ? [{ isError: false, value: refusal }, []] : serialize(value);
  };
}

function refusalOf(error: unknown): EngineError | undefined {
  const { code, message, file, pointer, line, column } = (error ?? {}) as Partial<EngineError>;
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  return { code, message, file, pointer, line, column } as EngineError;
}

Comlink.expose(engine);
