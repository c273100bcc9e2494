/** To wrong removals: the first of a configuration, and from one to the next, in the order in which they happened. */
import { computed } from "@preact/signals";
import type { SideName } from "../engine/protocol.ts";
import type { Shown } from "../state/link.ts";
import { wrongRemovals } from "../state/spans.ts";
import { at, namespace, playing, runs, search, selected, shown, tab } from "../state/store.ts";

const walk = computed(() => {
  const [a, b] = [runs.a.value, runs.b.value];
  const found = [...(a ? wrongRemovals(a) : []), ...(b ? wrongRemovals(b) : [])];
  return found.sort((one, other) => one.at - other.at || one.item - other.item)
    .filter((removal, place, all) => place === 0 || removal.at !== all[place - 1]!.at || removal.item !== all[place - 1]!.item);
});

export function wrongStep(by: 1 | -1): void {
  const removals = walk.peek();
  if (removals.length === 0) return;
  const [now, item] = [at.peek(), selected.peek() ?? -1];
  const isAfter = (one: { at: number; item: number }) => one.at > now || (one.at === now && one.item > item);
  const isBefore = (one: { at: number; item: number }) => one.at < now || (one.at === now && one.item < item);
  const next = by === 1 ? removals.find(isAfter) : removals.findLast(isBefore);
  if (next) show(next.at, next.item);
}

/** Goes to the first item that was removed while it still ran, at that moment, and to why. */
export function goToFirst(side: SideName): void {
  const verdict = runs[side].peek()?.verdict;
  if (!verdict || verdict.first_wrong_at === null) return;
  show(verdict.first_wrong_at, verdict.first_wrong_item);
  requestAnimationFrame(goToWhy);
}

/** Moves to the proof, at once: nothing glides that somebody might not want to see glide. */
export function goToWhy(): void {
  const why = document.getElementById("why");
  why?.scrollIntoView({ block: "start" });
  why?.focus({ preventScroll: true });
}

/** Goes to an item among all of them, and to why. */
export function goToItem(item: number): void {
  tab.value = "items";
  unfilter();
  selected.value = item;
  requestAnimationFrame(goToWhy);
}

/** Shows a removal among all wrong ones. */
function show(time: number, item: number | null) {
  playing.value = false;
  tab.value = "items";
  unfilter("wrong");
  at.value = time;
  selected.value = item;
}

/** Lists all items, or those of a kind: no other filter hides one. */
export function unfilter(kind: Shown = "all"): void {
  shown.value = kind;
  search.value = "";
  namespace.value = null;
}
