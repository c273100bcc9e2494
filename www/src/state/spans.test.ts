import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { HistoryView, RunView } from "../engine/protocol.ts";
import { choose, countsOf, difference, keptAt, standing, wrongRemovals, wrongSpan } from "./spans.ts";

/** An item's spans, one after the other: how long it is away, how long it stays, whether its removal was wrong. */
const item = fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.boolean()), { maxLength: 4 });
const items = fc.array(fc.tuple(item, fc.boolean()), { minLength: 1, maxLength: 8 });

/** A run with these items; of an item that stays, the last span has no end. */
function runOf(all: [[number, number, boolean][], boolean][]): RunView {
  const rows: { item: number; since: number; until: number; wrong: number }[] = [];
  const first = [0];
  all.forEach(([spans, stays], index) => {
    let time = 0;
    spans.forEach(([away, here, wrong], place) => {
      const isLast = stays && place === spans.length - 1;
      rows.push({ item: index, since: time + away, until: isLast ? NaN : time + away + here, wrong: Number(wrong && !isLast) });
      time += away + here;
    });
    first.push(rows.length);
  });
  return {
    first: Uint32Array.from(first),
    spans: {
      item: Uint32Array.from(rows, (row) => row.item),
      since: Float64Array.from(rows, (row) => row.since),
      until: Float64Array.from(rows, (row) => row.until),
      wrong: Uint8Array.from(rows, (row) => row.wrong),
    },
  } as unknown as RunView;
}

/** What stands where, said otherwise: span by span. */
function isKept(run: RunView, wanted: number, at: number): boolean {
  const { item: owner, since, until } = run.spans;
  return [...owner].some((one, span) => one === wanted && since[span]! <= at && !(until[span]! <= at));
}

describe("spans", () => {
  it("say where each item stands, and how many are kept, at every instant", () => {
    fc.assert(fc.property(items, fc.nat(90), (all, at) => {
      const run = runOf(all);
      const kept = all.map((_, index) => isKept(run, index, at));
      expect(all.map((_, index) => standing(run, index, at).is === "kept")).toEqual(kept);
      expect(keptAt(countsOf(run), at)).toBe(kept.filter(Boolean).length);
    }));
  });

  it("tell two runs apart", () => {
    fc.assert(fc.property(fc.array(fc.tuple(item, fc.boolean(), item, fc.boolean()), { minLength: 1, maxLength: 8 }), fc.nat(90), (pairs, at) => {
      const [a, b] = [runOf(pairs.map(([one, stays]) => [one, stays])), runOf(pairs.map(([, , other, stays]) => [other, stays]))];
      const sums = { onlyA: 0, onlyB: 0, both: 0 };
      pairs.forEach((_, index) => {
        const [inA, inB] = [isKept(a, index, at), isKept(b, index, at)];
        if (inA && inB) sums.both += 1;
        else if (inA) sums.onlyA += 1;
        else if (inB) sums.onlyB += 1;
      });
      expect(difference(a, b, pairs.length, at)).toEqual(sums);
    }));
  });

  it("choose the items that a filter names, each once, in order", () => {
    fc.assert(fc.property(items, fc.nat(90), (all, at) => {
      const run = runOf(all);
      const view = { summary: { items: all.length }, items: { context: new Uint32Array(all.length) } } as unknown as HistoryView;
      const chosen = (shown: "all" | "wrong" | "kept" | "removed" | "differs") => [...choose(view, run, run, { shown, context: -1, fits: null, at })];
      const numbers = all.map((_, index) => index);
      expect(chosen("all")).toEqual(numbers);
      expect(chosen("differs")).toEqual([]);
      expect(chosen("kept")).toEqual(numbers.filter((index) => isKept(run, index, at)));
      expect(chosen("wrong")).toEqual(numbers.filter((index) => wrongSpan(run, index) >= 0));
      expect([...choose(view, run, run, { shown: "all", context: 1, fits: null, at })]).toEqual([]);
    }));
  });

  it("list wrong removals by time", () => {
    fc.assert(fc.property(items, (all) => {
      const run = runOf(all);
      const found = wrongRemovals(run);
      expect(found.length).toBe(run.spans.wrong.reduce((sum, wrong) => sum + wrong, 0));
      expect(found).toEqual([...found].sort((one, other) => one.at - other.at || one.item - other.item));
    }));
  });
});
