import { computed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { counted, count, day, utc } from "../format.ts";
import { setFaults } from "../state/session.ts";
import { at, bounds, faults, playing, runs, shown, speed, stream } from "../state/store.ts";
import { before, countsOf, keptAt } from "../state/spans.ts";
import { ActiveSet } from "./active-set.tsx";
import { Lanes } from "./lanes.tsx";
import { gutter, instant, plotWidth, width, x, fraction } from "./plot.ts";
import { Spaces } from "./spaces.tsx";
import { DAY_STEP, HOUR_STEP, step, togglePlay } from "./transport.ts";
import { wrongStep } from "./walk.ts";

/** Everything that shares the x scale: active set, scrubber, namespaces, items. */
export function Timeline() {
  const stack = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const watch = new ResizeObserver(([entry]) => (width.value = Math.floor(entry!.contentRect.width)));
    watch.observe(stack.current!);
    return () => watch.disconnect();
  }, []);
  return (
    <section class="card" aria-label="Over time">
      <Caption />
      <div class="stack" ref={stack} onPointerDown={(event) => drag(event, stack.current!)}>
        <div class="part plot"><ActiveSet /><Bands stack={stack} hasLabels /></div>
        <Scrubber />
        <Transport />
        <div class="section"><h2>Namespaces and clusters</h2></div>
        <div class="part"><Spaces /><Bands stack={stack} /></div>
        <div class="section row">
          <h2>Items</h2>
          <span class="small muted">
            dark: reported · pale: kept, not reported any more · ▲ expired · ■ overwritten · <span class="wrong">✗ removed while running</span>
          </span>
        </div>
        <div class="part"><Lanes /><Bands stack={stack} /></div>
        <div class="now" style={{ transform: `translateX(${x(at.value) - 1}px)` }} />
      </div>
    </section>
  );
}

/** Dragging anywhere on a plot moves the instant; names and controls are left alone. */
function drag(event: PointerEvent, stack: HTMLElement) {
  const target = event.target as HTMLElement;
  if (event.button !== 0 || target.closest("button, input, select, .edge, .transport")) return;
  if (event.clientX - stack.getBoundingClientRect().left < gutter.value - 4) return;
  if (target.closest(".section")) return;
  const move = (next: PointerEvent) => {
    playing.value = false;
    at.value = instant(next.clientX, stack);
  };
  const start = at.peek();
  const isTouch = event.pointerType === "touch";
  if (!isTouch) move(event);
  const stop = (last: PointerEvent) => {
    // A finger that only tapped moves it when it is lifted; one that scrolled, as turned out, not at all.
    if (last.type === "pointerup") move(last);
    else at.value = start;
    removeEventListener("pointermove", move);
    removeEventListener("pointerup", stop);
    removeEventListener("pointercancel", stop);
  };
  addEventListener("pointermove", move);
  addEventListener("pointerup", stop);
  addEventListener("pointercancel", stop);
}

const counts = {
  a: computed(() => runs.a.value && countsOf(runs.a.value)),
  b: computed(() => runs.b.value && countsOf(runs.b.value)),
};

function Caption() {
  const { from } = bounds.value;
  const [a, b, run] = [counts.a.value, counts.b.value, runs.a.value];
  return (
    <div class="caption">
      <h2>Active set</h2>
      <span class="legend"><Swatch name="a" />A</span>
      <span class="legend"><Swatch name="b" dash="6 4" />B</span>
      <span class="legend truth"><Swatch name="ink" dash="1 3" />really running</span>
      {a && b && run ? (
        <span class="readout">
          day {day(at.value, from)}: <strong>A {count(keptAt(a, at.value))}</strong>, <strong>B {count(keptAt(b, at.value))}</strong>,{" "}
          {count(run.series.truth[before(run.series.at, at.value) - 1] ?? 0)} running
        </span>
      ) : null}
    </div>
  );
}

function Swatch({ name, dash }: { name: string; dash?: string }) {
  return (
    <svg width="22" height="8" aria-hidden="true">
      <path d="M1 4h20" stroke={`var(--${name})`} stroke-width="2.5" stroke-dasharray={dash} />
    </svg>
  );
}

/** When faults are on: hatched, with edges to drag. */
function Bands({ stack, hasLabels = false }: { stack: { current: HTMLElement | null }; hasLabels?: boolean }) {
  const change = (index: number, side: "from" | "to") => (event: PointerEvent) => {
    event.stopPropagation();
    const edge = event.currentTarget as HTMLElement;
    edge.setPointerCapture(event.pointerId);
    edge.onpointermove = (next) => {
      const time = instant(next.clientX, stack.current!);
      setFaults(
        faults.peek().map((fault, place) => {
          if (place !== index || !("from" in fault)) return fault;
          return side === "from"
            ? { ...fault, from: Math.min(time, fault.to - 3600) }
            : { ...fault, to: Math.max(time, fault.from + 3600) };
        }),
        `drag fault ${index} ${side}`,
      );
    };
    edge.onpointerup = () => (edge.onpointermove = null);
  };
  const bands = faults.value.map((fault) => {
    const [from, to] = "from" in fault ? [fault.from, fault.to] : [fault.at, bounds.value.to];
    const left = fraction(from) * plotWidth.value;
    return { fault, left, wide: Math.max(1, fraction(to) * plotWidth.value - left), name: fault.kind.replaceAll("_", " ") };
  });
  const labels = hasLabels ? labelled(bands) : [];
  return (
    <div class="over">
      {bands.map(({ fault, left, wide, name }, index) => {
        return (
          <div key={index} class="band" style={{ left: `${left}px`, width: `${wide}px` }}>
            {hasLabels ? <b style={{ left: `${labels[index]!.left - left}px`, top: `${labels[index]!.line * LABEL_HIGH + 2}px` }}>{name}</b> : null}
            {hasLabels && "from" in fault ? (
              <>
                <div class="edge" style={{ left: "0" }} onPointerDown={change(index, "from")} />
                <div class="edge" style={{ left: `${wide}px` }} onPointerDown={change(index, "to")} />
              </>
            ) : null}
          </div>
        );
      })}
    </div>
  );
}

/** Room for a letter of a label, and for its line. */
const LABEL_WIDE = 8;
const LABEL_HIGH = 18;

/** Where labels stand: at the beginning of their bands, within the plot, and in the first line that has room. */
function labelled(bands: { left: number; name: string }[]): { left: number; line: number }[] {
  const taken: { left: number; right: number; line: number }[] = [];
  return bands.map(({ left: from, name }) => {
    const wide = name.length * LABEL_WIDE;
    const left = Math.max(0, Math.min(from + 6, plotWidth.value - wide));
    const right = left + wide;
    let line = 0;
    while (taken.some((label) => label.line === line && label.left < right && left < label.right)) line += 1;
    taken.push({ left, right, line });
    return { left, line };
  });
}

function Scrubber() {
  const { from, to } = bounds.value;
  return (
    <div class="scrub">
      <input
        id="scrubber" type="range" min={from} max={to} step="1" value={at.value} aria-label="Instant"
        aria-valuetext={`day ${day(at.value, from)}, ${utc(Math.round(at.value))}`}
        onKeyDown={(event) => {
          const by = { ArrowLeft: -HOUR_STEP, ArrowDown: -HOUR_STEP, ArrowRight: HOUR_STEP, ArrowUp: HOUR_STEP, PageDown: -(to - from) / 10, PageUp: (to - from) / 10 }[event.key];
          if (by === undefined) return;
          event.preventDefault();
          step(by);
        }}
        onInput={(event) => {
          playing.value = false;
          at.value = Number(event.currentTarget.value);
        }}
      />
    </div>
  );
}

function Transport() {
  const { from } = bounds.value;
  return (
    <div class="transport">
      <button class="icon" aria-label="Back one day" title="[" onClick={() => step(-DAY_STEP)}>«</button>
      <button class="icon" aria-label="Back one hour" title="," onClick={() => step(-HOUR_STEP)}>‹</button>
      <button aria-label={playing.value ? "Pause" : "Play"} title="Space" onClick={togglePlay}>{playing.value ? "Pause" : "Play"}</button>
      <button class="icon" aria-label="On one hour" title="." onClick={() => step(HOUR_STEP)}>›</button>
      <button class="icon" aria-label="On one day" title="]" onClick={() => step(DAY_STEP)}>»</button>
      <select aria-label="Speed" value={speed.value} onChange={(event) => (speed.value = Number(event.currentTarget.value))}>
        {[0.5, 2, 7, 30].map((days) => <option key={days} value={days}>{days} d/s</option>)}
      </select>
      <output for="scrubber">day {day(at.value, from, 2)}</output>
      <span class="muted">{utc(Math.round(at.value))}</span>
      <Wrong />
    </div>
  );
}

function Wrong() {
  const wrong = (runs.a.value?.verdict.wrong_items ?? 0) + (runs.b.value?.verdict.wrong_items ?? 0);
  if (wrong === 0) return null;
  return (
    <span class="row push">
      <button class="tiny" title="p" onClick={() => wrongStep(-1)}>Previous wrong removal</button>
      <button class="tiny" title="n" onClick={() => wrongStep(1)}>Next</button>
      {shown.value === "wrong" ? <button class="link small" onClick={(event) => { shown.value = "all"; event.currentTarget.parentElement?.querySelector("button")?.focus(); }}>show all {counted(stream.value?.summary.items ?? 0, "item")}</button> : null}
    </span>
  );
}
