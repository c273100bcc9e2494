import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { count, day, utc } from "../format.ts";
import { before } from "../state/spans.ts";
import { at, bounds, dialog, playing, runs, shownReport, stream } from "../state/store.ts";
import { narrow } from "./plot.ts";
import { useVirtual } from "./virtual.ts";

const ROW = 30;

/** The report that was gone to; while the instant is its own, it is the one that is shown, whatever else was received then. */
const picked = signal(-1);

/** Every report of the history, and what each configuration made of it. */
export function Reports() {
  const scroller = useRef<HTMLDivElement>(null);
  const [view, a, b] = [stream.value, runs.a.value, runs.b.value];
  const total = view?.reports.at.length ?? 0;
  const virtual = useVirtual(total, ROW, scroller);
  // Unless one was picked: the report that was the last one at the instant shown.
  const now = !view ? -1 : view.reports.at[picked.value] === at.value ? picked.value : before(view.reports.at, at.value) - 1;
  useEffect(() => virtual.show(now), [now]);
  if (!view || !a || !b) return null;
  const { from } = bounds.value;
  const { reports, summary } = view;
  const isNarrow = narrow.value;
  const columns = isNarrow ? "64px minmax(0, 1fr) 64px" : "52px minmax(0, 1fr) 64px 52px minmax(0, 1fr) minmax(0, 1fr) 60px";
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
      class="grid" role="grid" ref={scroller} tabIndex={0} aria-label="Reports" aria-rowcount={total + 1} style={{ "--columns": columns }}
      aria-activedescendant={virtual.items.some(({ index }) => index === now) ? `report-${now}` : undefined}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return;
        const next = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: total - 1 }[event.key];
        if (event.key === "Enter" && now >= 0) open(now);
        if (next === undefined || !reports.at[next]) return;
        event.preventDefault();
        jump(next);
        virtual.scrollTo(next);
      }}
    >
      <div class="head" role="rowgroup">
        <div role="row" aria-rowindex={1}>
          <div role="columnheader">Day</div>
          <div role="columnheader">Cluster</div>
          {isNarrow ? null : (
            <>
              <div role="columnheader" class="right">Contexts</div>
              <div role="columnheader" class="right">Rows</div>
              <div role="columnheader">A</div>
              <div role="columnheader">B</div>
            </>
          )}
          <div role="columnheader"><span class="hidden">Text</span></div>
        </div>
      </div>
      <div class="body" role="rowgroup" style={{ height: `${virtual.height}px` }}>
        {virtual.items.map(({ index, start }) => {
          const isLost = reports.lost[index] === 1;
          return (
            <div key={index} id={`report-${index}`} role="row" aria-rowindex={index + 2} aria-selected={index === now} class={isLost ? "muted" : ""}
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
