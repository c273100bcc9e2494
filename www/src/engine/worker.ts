/** The engine's side: it keeps the history and one replay per configuration, and hands out columns. */
import * as Comlink from "comlink";
import { History, about, initSync, run_fixture, type Replay } from "keepset-web";
import type { Config, EngineError, Fault, SpanColumns } from "./api.ts";
import { BINS, POINTS, type EngineWorker, type HistoryView, type RunView, type SideName } from "./protocol.ts";

let source: History | undefined;
let faulted: History | undefined;
let items = 0;
const replays: Partial<Record<SideName, Replay>> = {};
const configs: Partial<Record<SideName, Config>> = {};

const engine: EngineWorker = {
  start(wasm) {
    initSync({ module: wasm });
    return about();
  },
  open(input, faults) {
    const fresh = "scenario" in input ? History.scenario(input.scenario) : History.read(input.files);
    let changed: History;
    try {
      changed = fresh.with_faults(faults);
    } catch (error) {
      fresh.free();
      throw error;
    }
    forget();
    source?.free();
    source = fresh;
    faulted = changed;
    return view();
  },
  refault(faults: Fault[]) {
    const changed = opened(source).with_faults(faults);
    forget();
    faulted = changed;
    return view();
  },
  run(side, config) {
    const start = performance.now();
    const replay = opened(faulted).replay(config, "gap");
    replays[side]?.free();
    replays[side] = replay;
    configs[side] = config;
    return runView(replay, config, start);
  },
  safeTtl: (marginDays) => opened(faulted).safe_ttl(marginDays),
  curve: (maxDays, overwrite) => moved(opened(faulted).curve(maxDays, overwrite)),
  why: (side, item, at) => opened(replays[side]).why(item, at),
  report: (n) => opened(faulted).report(n),
  namespacesOf: (n) => opened(faulted).namespaces_of(n),
  verify(side) {
    const start = performance.now();
    const kept = opened(replays[side]);
    const config = opened(configs[side]);
    const stepped = opened(faulted).replay(config, "step");
    const same = sameSpans(kept.spans(), stepped.spans());
    stepped.free();
    return { same, milliseconds: performance.now() - start };
  },
  fixture: (json) => moved(run_fixture(json)),
};

/** Frees what was derived from the history before this one. */
function forget() {
  faulted?.free();
  faulted = undefined;
  for (const side of ["a", "b"] as const) {
    replays[side]?.free();
    delete replays[side];
  }
}

function view(): HistoryView {
  const history = opened(faulted);
  const summary = history.summary();
  items = summary.items;
  return moved({ summary, kinds: history.kinds(), items: history.items(), reports: history.reports() });
}

function runView(replay: Replay, config: Config, start: number): RunView {
  const spans = replay.spans() as SpanColumns;
  return moved({
    config,
    verdict: replay.verdict(),
    ends: replay.ends(),
    spans,
    first: firsts(spans.item, items),
    series: replay.series(POINTS),
    outcomes: replay.outcomes(),
    density: replay.density(BINS),
    milliseconds: performance.now() - start,
  });
}

/** Where each item's spans begin; spans come in the order of items. */
function firsts(item: Uint32Array, items: number): Uint32Array {
  const first = new Uint32Array(items + 1);
  for (let span = 0; span < item.length; span += 1) first[item[span]! + 1]! += 1;
  for (let i = 0; i < items; i += 1) first[i + 1]! += first[i]!;
  return first;
}

function sameSpans(one: SpanColumns, other: SpanColumns): boolean {
  return (Object.keys(one) as (keyof SpanColumns)[]).every((name) => {
    const [left, right] = [one[name], other[name]];
    return left.length === right.length && left.every((value, index) => Object.is(value, right[index]));
  });
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

// A refusal of the engine is a value with fields, which an Error would lose on its way to the page.
const refusals = Comlink.transferHandlers.get("throw");
if (refusals) {
  const { serialize } = refusals;
  refusals.serialize = (thrown) => {
    const error = (thrown as { value: unknown }).value;
    const refusal = refusalOf(error);
    return refusal ? [{ isError: false, value: refusal }, []] : serialize(thrown);
  };
}

function refusalOf(error: unknown): EngineError | undefined {
  const candidate = error instanceof Error && error.cause !== undefined ? error.cause : error;
  const { code, message } = (candidate ?? {}) as Partial<EngineError>;
  if (typeof code !== "string" || typeof message !== "string") return undefined;
  const { file, pointer, line, column, expected } = candidate as EngineError;
  return { code, message, file, pointer, line, column, expected } as EngineError;
}

Comlink.expose(engine);
