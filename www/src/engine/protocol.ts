import type {
  About, Config, Curve, Fault, InputFile, ItemColumns, Outcomes, Report, ReportColumns, SafeTtl, Series, SpanColumns, Summary,
  Verdict, Why,
} from "./api.ts";

export type SideName = "a" | "b";

/** Where a history comes from: one of the shipped scenarios, or files. */
export type Input = { scenario: Uint8Array } | { files: InputFile[] };

/** A history as the page draws it. */
export interface HistoryView {
  summary: Summary;
  kinds: string[];
  items: ItemColumns;
  reports: ReportColumns;
}

/** Settings that are wanted, or that a document has beside its history: a scenario all of them, a fixture `a`. */
export interface Settings {
  a?: Config | null;
  b?: Config | null;
  faults?: Fault[];
}

/** A history that was opened, and the settings that apply to it. */
export interface Opened {
  view: HistoryView;
  /** What a scenario shows, in its own words. */
  about: string;
  /** None if neither the page nor the text says it. */
  a: Config | null;
  b: Config | null;
  faults: Fault[];
}

/** One configuration's replay as the page draws it. */
export interface RunView {
  config: Config;
  verdict: Verdict;
  ends: string[];
  spans: SpanColumns;
  /** For item `i`, its spans are `first[i] .. first[i + 1]`. */
  first: Uint32Array;
  series: Series;
  outcomes: Outcomes;
  /** Each context's series, one behind the other. */
  density: Series;
  /** The smallest TTL that is safe with this overwrite; none where no item was seen at two times. */
  safe: SafeTtl | null;
  milliseconds: number;
}

/** What the worker does. Calls are answered one after the other. */
export interface EngineWorker {
  start(wasm: ArrayBuffer): About;
  /** Reads a history, and waits with it for `keep`. What is not wanted otherwise is what the text says. Of a text that was
   *  edited, what it says otherwise than before comes first. */
  open(input: Input, wanted: Settings, isEdited: boolean): Opened;
  /** Takes what was opened last in the place of what there was. */
  keep(): void;
  /** Forgets it instead. */
  drop(): void;
  refault(faults: Fault[]): HistoryView;
  run(side: SideName, config: Config, marginDays: number): RunView;
  safeTtl(marginDays: number, overwrite: boolean): SafeTtl | null;
  curve(maxDays: number, overwrite: boolean): Curve;
  why(side: SideName, item: number, at: number): Why;
  report(n: number): Report;
  /** Replays by the rules, report by report, and says whether that comes to the same. */
  verify(side: SideName): { same: boolean; milliseconds: number };
  fixture(json: Uint8Array): Uint8Array;
}

/** Points of a series, and of each context's: more than a wide screen has columns for would not be seen. */
export const POINTS = 1200;
export const BINS = 240;
