/**
 * What the engine answers, as the page sees it. Times are whole seconds since 1970 (UTC); columns are typed arrays, one
 * entry per item, span, report or point. Nothing here is decided in TypeScript.
 */

export interface Config {
  image_ttl_days: number;
  image_ingest_overwrite: boolean;
  ecs_truncation_guard?: boolean;
}

/** A change of the history before it is replayed. */
export type Fault =
  | { kind: "outage"; from: number; to: number; cluster?: string }
  | { kind: "drop_batch"; from: number; to: number; batch: number; of: number; cluster?: string }
  | { kind: "delete_namespace"; at: number; context: string }
  | { kind: "empty_namespace"; at: number; context: string; listed: boolean }
  | { kind: "clock_skew"; from: number; to: number; seconds: number; cluster?: string };

/** Why an input was refused, and where in it. */
export interface EngineError {
  code: string;
  message: string;
  file?: string;
  /** JSON pointer (RFC 6901) to what is at fault. */
  pointer?: string;
  line?: number;
  column?: number;
  expected?: string;
}

export interface About {
  name: string;
  version: string;
  rules: string;
}

export interface Note {
  code: string;
  message: string;
  file?: string;
}

export interface Summary {
  reports: number;
  sightings: number;
  items: number;
  contexts: string[];
  clusters: string[];
  from: number;
  to: number;
  notes: Note[];
}

/** Items: `kind` counts into `kinds()`, `context` into `Summary.contexts`; names are UTF-8 with offsets. */
export interface ItemColumns {
  kind: Uint8Array;
  context: Uint32Array;
  names: Uint8Array;
  name_offsets: Uint32Array;
}

export interface ReportColumns {
  at: Float64Array;
  cluster: Uint32Array;
  /** How many namespaces or clusters it names. */
  contexts: Uint32Array;
  rows: Uint32Array;
  /** 1: a fault kept it from arriving. */
  lost: Uint8Array;
}

export interface SafeTtl {
  days: number;
  gap_seconds: number;
  survives_seconds: number;
  item: number | null;
}

/** By TTL in days: index 0 is TTL 0, which is for ever. */
export interface Curve {
  wrong: Uint32Array;
  stale_item_days: Float64Array;
}

export interface Verdict {
  wrong_items: number;
  wrong_by_ttl: number;
  wrong_by_overwrite: number;
  first_wrong_at: number | null;
  first_wrong_item: number | null;
  expired: number;
  overwritten: number;
  active_at_end: number;
  stale_at_end: number;
  stale_item_days: number;
  survives_seconds: number | null;
  sentence: string;
}

/** Life spans, several per item where it came back. `until` is NaN where the item is still there at the end. */
export interface SpanColumns {
  item: Uint32Array;
  since: Float64Array;
  until: Float64Array;
  last_seen: Float64Array;
  /** Counts into `ends()`. */
  end: Uint8Array;
  /** 1: removed, and seen again later. */
  wrong: Uint8Array;
}

export interface Series {
  at: Float64Array;
  active: Uint32Array;
  truth: Uint32Array;
}

export interface Outcomes {
  added: Uint32Array;
  refreshed: Uint32Array;
  removed: Uint32Array;
}

/** Contexts by bins of equal length, row by row. */
export interface Density {
  active: Uint32Array;
  truth: Uint32Array;
}

export interface Why {
  retained: boolean;
  rule: string | null;
  reason: string | null;
  last_seen: number | null;
  report: number | null;
  ended_at: number | null;
  expires_at: number | null;
  seen_again_at: number | null;
  counterfactual: string | null;
  sentence: string;
}

export interface InputFile {
  name: string;
  bytes: Uint8Array;
}
