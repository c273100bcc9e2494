/** Reading spans: where an item stands at an instant, and which items are to be shown. All of it by comparing columns. */
import type { HistoryView, RunView } from "../engine/protocol.ts";
import type { Shown } from "./link.ts";

/** Where an item stands: not seen yet, kept, or removed; `span` is the last one that had begun. */
export interface Standing {
  is: "ahead" | "kept" | "removed";
  span: number;
}

/** An item's standing at an instant. */
export function standing(run: RunView, item: number, at: number): Standing {
  const span = begun(run, item, at);
  return { is: stateOf(run, span, at), span };
}

/** The same in a word: no object for each of 10^5 items in each frame. */
function state(run: RunView, item: number, at: number): Standing["is"] {
  return stateOf(run, begun(run, item, at), at);
}

/** The last span of an item that had begun at an instant; -1 if none had. */
function begun({ first, spans: { since } }: RunView, item: number, at: number): number {
  let span = -1;
  for (let next = first[item]!; next < first[item + 1]! && since[next]! <= at; next += 1) span = next;
  return span;
}

function stateOf({ spans: { until } }: RunView, span: number, at: number): Standing["is"] {
  if (span < 0) return "ahead";
  // NaN, which is no end, is not at or before anything.
  return until[span]! <= at ? "removed" : "kept";
}

/** How an item stands in A and in B at an instant, counted. */
export interface Difference {
  onlyA: number;
  onlyB: number;
  both: number;
}

export function difference(a: RunView, b: RunView, items: number, at: number): Difference {
  const sum = { onlyA: 0, onlyB: 0, both: 0 };
  for (let item = 0; item < items; item += 1) {
    const inA = state(a, item, at) === "kept";
    const inB = state(b, item, at) === "kept";
    if (inA && inB) sum.both += 1;
    else if (inA) sum.onlyA += 1;
    else if (inB) sum.onlyB += 1;
  }
  return sum;
}

/** How many of sorted times are at or before an instant. */
export function before(times: Float64Array, at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle]! <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Begins and ends of a run's spans, each sorted: what is kept at an instant is the difference of two searches. */
export interface Counts {
  begins: Float64Array;
  ends: Float64Array;
}

export function countsOf(run: RunView): Counts {
  // NaN, which is no end, is sorted behind all others.
  return { begins: run.spans.since.slice().sort(), ends: run.spans.until.slice().sort() };
}

export function keptAt(counts: Counts, at: number): number {
  return before(counts.begins, at) - before(counts.ends, at);
}

/** The first removal of an item that was seen again later, as a span; -1 if there is none. */
export function wrongSpan(run: RunView, item: number): number {
  for (let span = run.first[item]!; span < run.first[item + 1]!; span += 1) if (run.spans.wrong[span]) return span;
  return -1;
}

export interface Choice {
  shown: Shown;
  /** Index into the contexts, or -1 for all. */
  context: number;
  /** Whether an item's name fits what was typed. */
  fits: ((item: number) => boolean) | null;
  at: number;
}

/** The items to show, in the order of the history. */
export function choose(view: HistoryView, a: RunView, b: RunView, choice: Choice): Uint32Array {
  const { summary, items } = view;
  const chosen = new Uint32Array(summary.items);
  let length = 0;
  for (let item = 0; item < summary.items; item += 1) {
    if (choice.context >= 0 && items.context[item] !== choice.context) continue;
    if (!isShown(a, b, item, choice)) continue;
    if (choice.fits && !choice.fits(item)) continue;
    chosen[length] = item;
    length += 1;
  }
  return chosen.subarray(0, length);
}

function isShown(a: RunView, b: RunView, item: number, { shown, at }: Choice): boolean {
  switch (shown) {
    case "all":
      return true;
    case "wrong":
      return wrongSpan(a, item) >= 0 || wrongSpan(b, item) >= 0;
    case "kept":
      return state(a, item, at) === "kept" || state(b, item, at) === "kept";
    case "removed":
      return state(a, item, at) === "removed" || state(b, item, at) === "removed";
    case "differs":
      return state(a, item, at) !== state(b, item, at);
  }
}

/** All wrong removals of a run, by time. */
export function wrongRemovals(run: RunView): { at: number; item: number }[] {
  const { wrong, until, item } = run.spans;
  const found: { at: number; item: number }[] = [];
  for (let span = 0; span < wrong.length; span += 1) {
    if (wrong[span]) found.push({ at: until[span]!, item: item[span]! });
  }
  return found.sort((one, other) => one.at - other.at || one.item - other.item);
}
