import { computed, signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import type { SideName } from "../engine/protocol.ts";
import { count, day, utc } from "../format.ts";
import { before } from "../state/spans.ts";
import { at, bounds, dialog, playing, runs, shownReport, stream } from "../state/store.ts";
import { Head, type Order } from "./head.tsx";
import { narrow } from "./plot.ts";
import { ranksOf } from "./rows.ts";
import { useVirtual } from "./virtual.ts";

const ROW = 30;

/** The report that was gone to; while the instant is its own, it is the one that is shown, whatever else was received then. */
const picked = signal(-1);

/** By when they came, by a column of theirs, or by how much a configuration removed for them. */
const order = signal<Order<"at" | "cluster" | "contexts" | "rows" | SideName>>({ by: "at", isDown: false });

const rows = computed<Uint32Array>(() => {
  const [view, a, b, { by, isDown }] = [stream.value, runs.a.value, runs.b.value, order.value];
  if (!view || !a || !b) return new Uint32Array();
  const ranks = ranksOf(view.summary.clusters);
  const keys = { ...view.reports, cluster: view.reports.cluster.map((cluster) => ranks[cluster]!), a: a.outcomes.removed, b: b.outcomes.removed }[by];
  const turn = isDown ? -1 : 1;
  return Uint32Array.from(keys.keys()).sort((one, other) => turn * (keys[one]! - keys[other]!) || turn * (one - other));
});

/** Every report of the history, and what each configuration made of it. */
export function Reports() {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, a, b] = [stream.value, runs.a.value, runs.b.value];
  const sorted = rows.value;
  const virtual = useVirtual(sorted.length, ROW, scroller);
  // Unless one was picked: the report that was the last one at the instant shown.
  const now = !view ? -1 : view.reports.at[picked.value] === at.value ? picked.value : before(view.reports.at, at.value) - 1;
  const place = sorted.indexOf(now);
  useEffect(() => virtual.show(place), [now]);
  if (!view || !a || !b) return null;
  const { from } = bounds.value;
  const { reports, summary } = view;
  const isNarrow = narrow.value;
  const columns = isNarrow ? "64px minmax(0, 1fr) 64px" : "52px minmax(0, 1fr) 76px 52px minmax(0, 1fr) minmax(0, 1fr) 60px";
  const jump = (report: number) => {
    playing.value = false;
    picked.value = report;
    at.value = reports.at[report]!;
  };
  const open = (report: number) => {
    shownReport.value = report;
    dialog.value = "report";
  };
  return (
    <>
    <p class="filters muted small">
      Each report, with what A and B made of it: items that were new, seen again, and overwritten. Choose one to go to its time.
    </p>
    <div
      class="grid" role="grid" ref={scroller} tabIndex={0} aria-label="Reports" aria-rowcount={sorted.length + 1} style={{ "--columns": columns }}
      aria-activedescendant={virtual.items.some(({ index }) => index === place) ? `report-${now}` : undefined}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        const next = { ArrowDown: place + 1, ArrowUp: place - 1, Home: 0, End: sorted.length - 1 }[event.key];
        if (event.key === "Enter" && now >= 0) open(now);
        if (next === undefined || sorted[next] === undefined) return;
        event.preventDefault();
        jump(sorted[next]);
        virtual.scrollTo(next);
      }}
    >
      <div class="head" role="rowgroup">
        <div role="row" aria-rowindex={1}>
          <Head order={order} by="at" title="By when it came">Day</Head>
          <Head order={order} by="cluster" title="By its cluster">Cluster</Head>
          {isNarrow ? null : (
            <>
              <Head order={order} by="contexts" title="By how many contexts are in it" class="right">Contexts</Head>
              <Head order={order} by="rows" title="By how many rows are in it" class="right">Rows</Head>
              <Head order={order} by="a" title="By how much A overwrote for it">A</Head>
              <Head order={order} by="b" title="By how much B overwrote for it">B</Head>
            </>
          )}
          <div role="columnheader"><span class="hidden">Text</span></div>
        </div>
      </div>
      <div class="body" role="rowgroup" style={{ height: `${virtual.height}px` }}>
        {virtual.items.map(({ index: row, start }) => {
          const index = sorted[row]!;
          const isLost = reports.lost[index] === 1;
          return (
            <div key={index} id={`report-${index}`} role="row" aria-rowindex={row + 2} aria-selected={index === now} class={isLost ? "muted" : ""}
              style={{ transform: `translateY(${start}px)` }} onClick={() => jump(index)}>
              <div role="gridcell" title={utc(reports.at[index]!)}>{day(reports.at[index]!, from)}</div>
              <div role="gridcell">{summary.clusters[reports.cluster[index]!]}{isLost ? " (lost)" : ""}</div>
              {isNarrow ? null : (
                <>
                  <div role="gridcell" class="right">{count(reports.contexts[index]!)}</div>
                  <div role="gridcell" class="right">{count(reports.rows[index]!)}</div>
                  {[a, b].map((run, side) => (
                    <div key={side} role="gridcell">
                      {isLost ? "–" : `+${count(run.outcomes.added[index]!)} · ${count(run.outcomes.refreshed[index]!)} · −${count(run.outcomes.removed[index]!)}`}
                    </div>
                  ))}
                </>
              )}
              <div role="gridcell"><button class="tiny" tabIndex={-1} aria-label={`JSON of report ${index + 1}`} onClick={(event) => { event.stopPropagation(); open(index); }}>JSON</button></div>
            </div>
          );
        })}
      </div>
    </div>
    </>
  );
}
