/** Times are whole seconds since 1970 (UTC). Columns are fresh typed arrays, which may be transferred. */

/** The keys of `runtime_inventory` (docs/semantics.md C1, C2, A3). */
export interface Config {
  image_ttl_days: number;
  image_ingest_overwrite: boolean;
  /** Left out: true. */
  ecs_truncation_guard?: boolean;
}

/** Something that goes wrong with reports, or with what they tell of. `cluster` left out or null: any. */
export type Fault =
  /** No report arrives in [from, to). */
  | { kind: "outage"; from: number; to: number; cluster?: string | null }
  /** Of each poll that is split into several reports, number `batch` is lost, counted from 1. */
  | { kind: "drop_batch"; from: number; to: number; batch: number; of: number; cluster?: string | null }
  /** Nothing runs in it any more, and no report lists it. */
  | { kind: "delete_namespace"; at: number; context: string }
  /** Nothing runs in it any more; `listed`: reports still list it. */
  | { kind: "empty_namespace"; at: number; context: string; listed: boolean }
  /** All that runs there runs on, but no report lists it any more. */
  | { kind: "exclude_namespace"; at: number; context: string }
  /** The agent's clock is ahead by so many seconds; negative: behind. */
  | { kind: "clock_skew"; from: number; to: number; seconds: number; cluster?: string | null };

/** What every function throws that can be asked something wrong. */
export interface EngineError extends Error {
  /** Stable: `invalid_report`, `invalid_config`, `invalid_document`, `invalid_inventory`, `invalid_request`, `invalid_fixture`, `not_found`. */
  code: string;
  file?: string;
  /** RFC 6901. */
  pointer?: string;
  /** Counted from 1. */
  line?: number;
  column?: number;
}

export function about(): { name: string; version: string; rules: string };

/** The answers to the steps of a fixture: what `keepset conformance --answers` prints for it, to the byte. A line for each
 *  step: the outcome as JSON, its keys in the order of their bytes, or the code of the refusal. */
export function run_fixture(json: Uint8Array): Uint8Array;

/** The configuration that settings come to, as a file of settings has them: what is left out is the default. */
export function configure(settings: object): Required<Config>;

/** What a scenario says beside its history. */
export interface Scenario {
  name: string;
  title: string;
  about: string;
  rules: string[];
  faults: Fault[];
  a: Required<Config>;
  b: Required<Config> | null;
}

export function read_scenario(json: Uint8Array): Scenario;

/** A stream of reports. An item is what runs: a pod, a task or a container; items have numbers from 0, and so have reports,
 *  contexts and clusters. */
export class History {
  private constructor();
  free(): void;
  [Symbol.dispose](): void;
  /** Agents' reports (one, several behind each other, an array), `{now, report}`, fixtures, scenarios, inventories, answers
   *  of `GET /v2/inventories`. All JSON. */
  static read(files: { name: string; bytes: Uint8Array }[]): History;
  /** The history of a scenario, without its faults. */
  static scenario(json: Uint8Array): History;
  /** The same history with these faults, one after the other. */
  with_faults(faults: Fault[]): History;
  summary(): {
    reports: number; lost: number; sightings: number; items: number;
    contexts: string[]; clusters: string[]; from: number; to: number;
    notes: { code: string; message: string; file: string | null }[];
  };
  /** `kind` is an index of `kinds()`; name n is `names` (UTF-8) from `name_offsets[n]` to `name_offsets[n + 1]`. */
  items(): { kind: Uint8Array; context: Uint32Array; names: Uint8Array; name_offsets: Uint32Array };
  kinds(): string[];
  /** When each arrives, or would have; its cluster; how many contexts and items are in it; 1 if it is lost. */
  reports(): { at: Float64Array; cluster: Uint32Array; contexts: Uint32Array; rows: Uint32Array; lost: Uint8Array };
  /** The report as it was read; if it was made, or changed by a fault, one that says the same, and no file. */
  report(report: number): { file: string | null; json: string };
  namespaces_of(report: number): string[];
  /** The smallest TTL under which nothing expires that runs, and so many days more. `item`: whose gap is the longest. */
  safe_ttl(margin_days: number, overwrite: boolean):
    { days: number; gap_seconds: number; margin_seconds: number; survives_seconds: number; item: number | null };
  /** What each TTL does; the index is the TTL in days, 0: for ever. */
  curve(max_days: number, overwrite: boolean): { wrong: Uint32Array; stale_item_days: Float64Array };
  /** `step`: the rules, report by report; `gap`: the same, fast. */
  replay(config: Config, form: "gap" | "step"): Replay;
}

/** Counts at equal distances from the first report to the end. */
export interface Series { at: Float64Array; active: Uint32Array; truth: Uint32Array }

/** What a configuration makes of a history. */
export class Replay {
  private constructor();
  free(): void;
  [Symbol.dispose](): void;
  verdict(): {
    wrong_items: number; wrong_by_ttl: number; wrong_by_overwrite: number;
    first_wrong_at: number | null; first_wrong_item: number | null;
    expired: number; overwritten: number; active_at_end: number; stale_at_end: number; stale_item_days: number;
    survives_seconds: number | null; sentence: string;
  };
  /** Stays in the inventory, by item, then by time; an item that came back has several. `until` is NaN where it is there at
   *  the end. `end` is an index of `ends()`. `began`: the report that brought it; `ended_by`: the report that overwrote it,
   *  4294967295 if none did. */
  spans(): {
    item: Uint32Array; since: Float64Array; until: Float64Array; last_seen: Float64Array; end: Uint8Array; wrong: Uint8Array;
    began: Uint32Array; ended_by: Uint32Array;
  };
  /** `retained`, `expired`, `overwritten`. */
  ends(): string[];
  /** Items in the inventory, and items that ran: observed then or before, and then or after. At least two points. */
  series(points: number): Series;
  /** The same for each context: one context behind the other, each with so many points; `at` is there once. */
  density(points: number): Series;
  /** What each report added, found, and overwrote. */
  outcomes(): { added: Uint32Array; refreshed: Uint32Array; removed: Uint32Array };
  /** Why an item is there at that time, or is not. `seen_by`: the report that observed it at `last_seen`; `overwritten_by`:
   *  the one that overwrote it. `needs_days`: the TTL that would have kept it. */
  why(item: number, at: number): {
    retained: boolean; rule: "A2" | "A5" | null; reason: "expired" | "overwritten" | null;
    last_seen: number | null; seen_by: number | null; overwritten_by: number | null; ended_at: number | null;
    expires_at: number | null; seen_again_at: number | null; needs_days: number | null; wrong: boolean; sentence: string;
  };
  /** Whether two replays found the same: of the two forms, they must. */
  same_as(other: Replay): boolean;
}

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;
/** Loads the engine; before it is there, nothing else here works. */
export default function init(module: { module_or_path: InitInput | Promise<InitInput> }): Promise<unknown>;
/** The same with bytes that are at hand. */
export function initSync(module: { module: BufferSource | WebAssembly.Module }): unknown;
