import type {
  About, Config, Curve, Density, Fault, InputFile, ItemColumns, Outcomes, ReportColumns, SafeTtl, Series, SpanColumns,
  Summary, Verdict, Why,
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
  density: Density;
  milliseconds: number;
}

/** What the worker does. Calls are answered one after the other. */
export interface EngineWorker {
  start(wasm: ArrayBuffer): About;
  open(input: Input, faults: Fault[]): HistoryView;
  refault(faults: Fault[]): HistoryView;
  run(side: SideName, config: Config): RunView;
  safeTtl(marginDays: number): SafeTtl;
  curve(maxDays: number, overwrite: boolean): Curve;
  why(side: SideName, item: number, at: number): Why;
  report(n: number): { file?: string; json: string };
  namespacesOf(n: number): string[];
  /** Replays with both forms, and says whether they came to the same. */
  verify(side: SideName): { same: boolean; milliseconds: number };
  fixture(json: Uint8Array): Uint8Array;
}

/** Points of a series, and bins of a density: more than a wide screen has columns for would not be seen. */
export const POINTS = 1200;
export const BINS = 240;
