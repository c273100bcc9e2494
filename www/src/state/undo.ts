/** Undo and redo of settings: quick changes of one kind, as of a slider, are one step. */
import { computed, signal } from "@preact/signals";

const QUICK_MS = 600;

export interface Steps<T> {
  /** Takes note of what was, before it changes. */
  note(before: T, kind: string, now: number): void;
  undo(current: T): T | null;
  redo(current: T): T | null;
  clear(): void;
  canUndo: { value: boolean };
  canRedo: { value: boolean };
}

export function steps<T>(): Steps<T> {
  const past = signal<T[]>([]);
  const future = signal<T[]>([]);
  let last = { kind: "", at: -Infinity };
  return {
    note(before, kind, now) {
      const isSame = kind === last.kind && now - last.at < QUICK_MS;
      last = { kind, at: now };
      future.value = [];
      if (!isSame) past.value = [...past.value.slice(-99), before];
    },
    undo(current) {
      const before = past.value.at(-1);
      if (before === undefined) return null;
      last = { kind: "", at: -Infinity };
      past.value = past.value.slice(0, -1);
      future.value = [...future.value, current];
      return before;
    },
    redo(current) {
      const after = future.value.at(-1);
      if (after === undefined) return null;
      future.value = future.value.slice(0, -1);
      past.value = [...past.value, current];
      return after;
    },
    clear() {
      past.value = [];
      future.value = [];
      last = { kind: "", at: -Infinity };
    },
    canUndo: computed(() => past.value.length > 0),
    canRedo: computed(() => future.value.length > 0),
  };
}
