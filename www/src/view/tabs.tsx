import type { ComponentType } from "preact";
import type { Tab } from "../state/link.ts";
import { tab } from "../state/store.ts";
import { Filters, Items } from "./items.tsx";
import { later } from "./later.tsx";
import { Problem } from "./states.tsx";

const TABS: { id: Tab; name: string; View: ComponentType }[] = [
  { id: "items", name: "Items", View: () => <><Filters /><Items /></> },
  { id: "reports", name: "Reports", View: later(() => import("./reports.tsx").then(({ Reports }) => Reports)) },
  { id: "diff", name: "A against B", View: later(() => import("./difference.tsx").then(({ Difference }) => Difference)) },
  { id: "data", name: "Data", View: later(() => import("./data.tsx").then(({ Data }) => Data)) },
];

export function Tabs() {
  const now = TABS.find(({ id }) => id === tab.value) ?? TABS[0]!;
  const onKeyDown = (event: KeyboardEvent) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    const next = TABS[(TABS.indexOf(now) + by + TABS.length) % TABS.length]!;
    tab.value = next.id;
    requestAnimationFrame(() => document.getElementById(`tab-${next.id}`)?.focus());
  };
  return (
    <section class="card">
      <div class="tabs" role="tablist" aria-label="Views" onKeyDown={onKeyDown}>
        {TABS.map(({ id, name }) => (
          <button key={id} id={`tab-${id}`} role="tab" aria-selected={id === now.id} aria-controls="panel" tabIndex={id === now.id ? 0 : -1} onClick={() => (tab.value = id)}>
            {name}
          </button>
        ))}
      </div>
      {now.id === "data" ? <Problem /> : null}
      <div id="panel" role="tabpanel" aria-labelledby={`tab-${now.id}`} tabIndex={-1}><now.View /></div>
    </section>
  );
}
