import fc from "fast-check";
import { expect, it } from "vitest";
import { steps } from "./undo.ts";

it("undoing all leads to the beginning, and redoing all back again", () => {
  fc.assert(fc.property(fc.array(fc.nat(9), { minLength: 1 }), (changes) => {
    const history = steps<number>();
    let value = -1;
    changes.forEach((change, index) => {
      history.note(value, "ttl", index * 1000);
      value = change;
    });
    for (;;) {
      const before = history.undo(value);
      if (before === null) break;
      value = before;
    }
    expect(value).toBe(-1);
    for (;;) {
      const after = history.redo(value);
      if (after === null) break;
      value = after;
    }
    expect(value).toBe(changes.at(-1));
  }));
});

it("quick changes of one kind are one step; another kind, or a pause, begins a new one", () => {
  const history = steps<string>();
  history.note("0", "a", 0);
  history.note("1", "a", 100);
  history.note("2", "b", 200);
  history.note("3", "b", 2000);
  expect([history.undo("4"), history.undo("3"), history.undo("2"), history.undo("0")]).toEqual(["3", "2", "0", null]);
});

it("a change forgets what was undone", () => {
  const history = steps<string>();
  history.note("0", "a", 0);
  history.undo("1");
  history.note("0", "a", 5000);
  expect(history.canRedo.value).toBe(false);
  expect(history.redo("2")).toBe(null);
});
