/** The items to show, and which of them is at the top: the table and the lanes scroll as one. */
import { computed, signal } from "@preact/signals";
import type { RunView, SideName } from "../engine/protocol.ts";
import { choose } from "../state/spans.ts";
import { at, namespace, runs, search, shown, stream, nameOf, tab } from "../state/store.ts";
import type { Order } from "./head.tsx";

/** Whether the choice depends on the instant; then it is made anew as it moves. */
const moves = computed(() => ["kept", "removed", "differs"].includes(filter.value));
/** The tab of differences shows those alone. */
export const filter = computed(() => (tab.value === "diff" ? "differs" : shown.value));

const names = computed(() => {
  const view = stream.value;
  return view ? Array.from({ length: view.summary.items }, (_, item) => nameOf(view, item).toLowerCase()) : [];
});

/** Rows are ordered as in the history, by where they are, or by when a configuration first removed them. */
export const order = signal<Order<"item" | "where" | SideName>>({ by: "item", isDown: false });

/** The place of each of some names in the order of all of them. */
export function ranksOf(names: string[]): Float64Array {
  const found = new Float64Array(names.length);
  [...names.keys()].sort((one, other) => (names[one]! < names[other]! ? -1 : 1)).forEach((name, rank) => (found[name] = rank));
  return found;
}

const ranks = computed(() => ranksOf(stream.value?.summary.contexts ?? []));

/** When each item was first removed. */
function firstRemovals(run: RunView, never: number): Float64Array {
  const { until } = run.spans;
  return Float64Array.from({ length: run.first.length - 1 }, (_, item) => {
    const first = until[run.first[item]!];
    return first === undefined || Number.isNaN(first) ? never : first;
  });
}

export const rows = computed<Uint32Array>(() => {
  const [found, view, { by, isDown }] = [chosen.value, stream.value, order.value];
  if (by === "item") return isDown ? found.slice().reverse() : found;
  const run = by === "where" ? null : runs[by].value;
  if (!view || !(run || by === "where")) return found;
  const turn = isDown ? -1 : 1;
  // What is never removed is last in both directions.
  const keys = run ? firstRemovals(run, turn * Infinity) : ranks.value;
  const rank = run ? (item: number) => keys[item]! : (item: number) => keys[view.items.context[item]!]!;
  return found.slice().sort((one, other) => turn * (rank(one) - rank(other)) || one - other);
});

const chosen = computed<Uint32Array>(() => {
  const [view, a, b] = [stream.value, runs.a.value, runs.b.value];
  if (!view || !a || !b) return new Uint32Array();
  const typed = search.value.trim().toLowerCase();
  const lowered = typed ? names.value : [];
  const context = namespace.value === null ? -1 : view.summary.contexts.indexOf(namespace.value);
  return choose(view, a, b, {
    shown: filter.value,
    context,
    fits: typed ? (item) => lowered[item]!.includes(typed) : null,
    at: moves.value ? at.value : 0,
  });
});

/** The topmost row of table and lanes, with its fraction. */
export const top = signal(0);

/** Sets how far an element is scrolled, without an echo. */
export function follow(element: HTMLElement, rowHeight: number): void {
  const wanted = Math.round(top.peek()) * rowHeight;
  const most = element.scrollHeight - element.clientHeight;
  if (Math.abs(element.scrollTop - Math.min(wanted, most)) > rowHeight) element.scrollTop = wanted;
}
