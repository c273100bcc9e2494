import { useSignalEffect } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { counted, count, day } from "../format.ts";
import { SHOWN, type Shown } from "../state/link.ts";
import { at, bounds, contextOf, hovered, nameOf, namespace, runs, search, selected, shown, stream } from "../state/store.ts";
import { Head } from "./head.tsx";
import { State, shortContext, shortName } from "./marks.tsx";
import { narrow } from "./plot.ts";
import { order, rows, top } from "./rows.ts";
import { useVirtual } from "./virtual.ts";
import { goToWhy, unfilter } from "./walk.ts";

const ROW = 30;
/** Letters of a name that are never cut off: its end is what tells pods apart. */
const TAIL = 7;

const LABELS: Record<Shown, string> = { all: "All", wrong: "Wrongly removed", kept: "Kept now", removed: "Removed now", differs: "A and B differ now" };

export function Filters({ withShown = true }: { withShown?: boolean }) {
  const view = stream.value;
  return (
    <div class="filters">
      <input id="search" type="search" placeholder="Filter by name" aria-label="Filter by name" value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />
      {withShown ? (
        <select aria-label="Show" value={shown.value} onChange={(event) => (shown.value = event.currentTarget.value as Shown)}>
          {SHOWN.map((choice) => <option key={choice} value={choice}>{LABELS[choice]}</option>)}
        </select>
      ) : null}
      <select aria-label="Namespace or cluster" value={namespace.value ?? ""} onChange={(event) => (namespace.value = event.currentTarget.value || null)}>
        <option value="">Everywhere</option>
        {(view?.summary.contexts ?? []).slice(0, 500).map((context) => <option key={context} value={context}>{context}</option>)}
      </select>
      <span class="muted small">{count(rows.value.length)} of {counted(view?.summary.items ?? 0, "item")}</span>
    </div>
  );
}

/** The items as a table: what lanes and chart show, in words. */
export function Items() {
  const scroller = useRef<HTMLDivElement>(null);
  const chosen = rows.value;
  const [view, a, b] = [stream.value, runs.a.value, runs.b.value];
  const virtual = useVirtual(chosen.length, ROW, scroller);
  const { from } = bounds.value;

  // The lanes and this table show the same rows, whichever of them is scrolled.
  useSignalEffect(() => {
    const wanted = top.value * ROW;
    const element = scroller.current;
    if (element && Math.abs(element.scrollTop - wanted) > ROW * 1.5) element.scrollTop = wanted;
  });
  // What is selected elsewhere comes into view; a new choice of rows begins at its top: before they are
  // painted, or it would undo what is scrolled meanwhile.
  const place = selected.value === null ? -1 : chosen.indexOf(selected.value);
  useLayoutEffect(() => {
    if (place >= 0) virtual.show(place);
    else if (scroller.current) scroller.current.scrollTop = 0;
  }, [selected.value, chosen.length, namespace.value, shown.value]);

  if (!view || !a || !b) return null;
  const isNarrow = narrow.value;
  const columns = isNarrow ? "minmax(0, 1fr) minmax(88px, 1fr) minmax(84px, 1fr)" : "minmax(0, 0.9fr) minmax(0, 0.95fr) minmax(0, 1.25fr) minmax(0, 1.25fr)";
  const onKeyDown = (event: KeyboardEvent) => {
    // What is pressed on a head of the table is the head's.
    if (event.target !== event.currentTarget) return;
    const page = Math.max(1, Math.floor(scroller.current!.clientHeight / ROW) - 2);
    const next = { ArrowDown: place + 1, ArrowUp: place - 1, PageDown: place + page, PageUp: place - page, Home: 0, End: chosen.length - 1 }[event.key];
    if (event.key === "Enter" && place >= 0) {
      event.preventDefault();
      goToWhy();
    }
    if (next === undefined || chosen.length === 0) return;
    event.preventDefault();
    const row = Math.min(chosen.length - 1, Math.max(0, next));
    selected.value = chosen[row]!;
    virtual.scrollTo(row);
  };
  return (
    <>
      <div
        class="grid" ref={scroller} role="grid" tabIndex={0} aria-label="Items" aria-rowcount={chosen.length + 1}
        aria-activedescendant={virtual.items.some(({ index }) => index === place) ? `item-${chosen[place]}` : undefined}
        style={{ "--columns": columns }} onKeyDown={onKeyDown}
        onScroll={() => {
          const row = scroller.current!.scrollTop / ROW;
          if (Math.abs(row - top.peek()) > 1.5) top.value = row;
        }}
      >
        <div class="head" role="rowgroup">
          <div role="row" aria-rowindex={1}>
            <Head order={order} by="item" title="In the order of the history">Item</Head>
            {isNarrow ? null : <Head order={order} by="where" title="By where it is">Where</Head>}
            <Head order={order} by="a" title="By when A first removed it">A{isNarrow ? "," : " on"} day {day(at.value, from)}</Head>
            <Head order={order} by="b" title="By when B first removed it">B</Head>
          </div>
        </div>
        <div class="body" role="rowgroup" style={{ height: `${virtual.height}px` }}>
          {virtual.items.map(({ index, start }) => {
            const item = chosen[index]!;
            const name = shortName(nameOf(view, item));
            return (
              <div
                key={item} id={`item-${item}`} role="row" aria-rowindex={index + 2} aria-selected={item === selected.value}
                data-hovered={item === hovered.value} style={{ transform: `translateY(${start}px)` }}
                onClick={() => {
                  selected.value = item;
                  if (narrow.peek()) document.getElementById("why")?.scrollIntoView({ block: "nearest" });
                }}
                onPointerEnter={() => (hovered.value = item)} onPointerLeave={() => (hovered.value = null)}
              >
                <div role="gridcell" class="mono ends" title={`${view.kinds[view.items.kind[item]!]} ${nameOf(view, item)}`}><span>{name.slice(0, -TAIL)}</span>{name.slice(-TAIL)}</div>
                {isNarrow ? null : <div role="gridcell" class="small" title={contextOf(view, item)}>{shortContext(contextOf(view, item))}</div>}
                <div role="gridcell"><State run={a} item={item} at={at.value} from={from} isBrief={isNarrow} /></div>
                <div role="gridcell"><State run={b} item={item} at={at.value} from={from} isBrief={isNarrow} /></div>
              </div>
            );
          })}
        </div>
        {chosen.length === 0 ? <p class="empty">No item fits. {view.summary.items === 0 ? null : <button class="link" onClick={() => { unfilter(); scroller.current?.focus(); }}>Show all</button>}</p> : null}
      </div>
      {virtual.room < chosen.length ? <p class="muted small">Only the first {count(virtual.room)} rows are listed: choose a namespace to see the others.</p> : null}
    </>
  );
}
