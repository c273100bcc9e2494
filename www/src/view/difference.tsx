import { computed } from "@preact/signals";
import { count, day, settings } from "../format.ts";
import { difference } from "../state/spans.ts";
import { at, bounds, decided, runs, stream } from "../state/store.ts";
import { Filters, Items } from "./items.tsx";

const sum = computed(() => {
  const [view, a, b] = [stream.value, runs.a.value, runs.b.value];
  return view && a && b ? difference(a, b, view.summary.items, at.value) : null;
});

/** What A keeps and B does not, and the other way round, at the instant shown. */
export function Difference() {
  const now = sum.value;
  if (!now) return null;
  const entries: [string, number, string][] = [
    ["only A keeps", now.onlyA, settings(decided("a"))],
    ["only B keeps", now.onlyB, settings(decided("b"))],
    ["both keep", now.both, `on day ${day(at.value, bounds.value.from, 2)}`],
  ];
  return (
    <div class="stackup">
      <div class="bars">
        {entries.map(([what, number, detail]) => (
          <div key={what}>
            <div class="number">{count(number)}</div>
            <div>{what}</div>
            <div class="muted small">{detail}</div>
          </div>
        ))}
      </div>
      <Filters withShown={false} />
      <Items />
    </div>
  );
}
