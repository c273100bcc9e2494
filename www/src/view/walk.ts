/** From one wrong removal to the next, in the order in which they happened. */
import { computed } from "@preact/signals";
import { wrongRemovals } from "../state/spans.ts";
import { at, playing, runs, selected, shown, tab } from "../state/store.ts";

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
  if (!next) return;
  playing.value = false;
  tab.value = "items";
  shown.value = "wrong";
  at.value = next.at;
  selected.value = next.item;
}
