import { computed } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { BINS } from "../engine/protocol.ts";
import { counted } from "../format.ts";
import { namespace, runs, stream } from "../state/store.ts";
import { shortContext } from "./marks.tsx";
import { palette } from "./palette.ts";
import { gutter, narrow, plotWidth, sharp, width } from "./plot.ts";

const ROW = 24;
/** Beyond this many, the least affected are left out; the filter below still has them. */
const MOST = 200;

interface Space {
  context: number;
  /** Running, but not kept: the sum over all bins. */
  missing: number;
  largest: number;
}

/** Namespaces and clusters of configuration A, those that lose most first. */
const spaces = computed<Space[]>(() => {
  const [run, view] = [runs.a.value, stream.value];
  if (!run || !view) return [];
  const { active, truth } = run.density;
  const found = view.summary.contexts.map((_, context) => {
    const space = { context, missing: 0, largest: 0 };
    for (let cell = context * BINS; cell < (context + 1) * BINS; cell += 1) {
      space.missing += Math.max(0, truth[cell]! - active[cell]!);
      space.largest = Math.max(space.largest, truth[cell]!, active[cell]!);
    }
    return space;
  });
  return found.filter((space) => space.largest > 0)
    .sort((one, other) => other.missing - one.missing || other.largest - one.largest || one.context - other.context)
    .slice(0, MOST);
});

/** A row per namespace: how much of it A keeps over time, what is stale of that, and what is missing. */
export function Spaces() {
  const canvas = useRef<HTMLCanvasElement>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const list = spaces.value;
  const view = stream.value;
  const high = Math.min(list.length, 7) * ROW;
  const draw = () => paint(canvas.current!, scroller.current!.scrollTop, high);
  useEffect(draw, [list, width.value, gutter.value, palette.value, high]);
  if (!view) return <div class="spaces" />;
  return (
    <div class="spaces" ref={scroller} onScroll={draw} tabIndex={list.length > 7 ? 0 : undefined} role="group" aria-label="Namespaces and clusters">
      <canvas ref={canvas} role="img" aria-label={sentence(list)} />
      <ul style={{ height: `${list.length * ROW}px` }}>
        {list.map(({ context }) => {
          const name = view.summary.contexts[context]!;
          return (
            <li key={context}>
              <button
                class="plain cut" title={name} aria-pressed={namespace.value === name}
                onClick={() => (namespace.value = namespace.value === name ? null : name)}
              >
                {narrow.value ? shortContext(name).replace(/^.*\//, "") : shortContext(name)}
              </button>
            </li>
          );
        })}
      </ul>
    </div>
  );
}

function paint(canvas: HTMLCanvasElement, scrolled: number, high: number) {
  const run = runs.a.peek();
  const pen = sharp(canvas, Math.max(1, width.peek()), Math.max(1, high));
  if (!pen || !run) return;
  const colours = palette.peek();
  const [left, cellWide] = [gutter.peek(), plotWidth.peek() / (BINS - 1)];
  const room = ROW - 6;
  const { active, truth } = run.density;
  spaces.peek().forEach((space, row) => {
    const bottom = (row + 1) * ROW - 3 - scrolled;
    if (bottom < 0 || bottom - ROW > high) return;
    const scale = room / space.largest;
    pen.fillStyle = colours.line;
    pen.fillRect(left, bottom, plotWidth.peek(), 1);
    // Each layer is one path: what overlaps in it is not painted twice.
    const layer = (colour: string, alpha: number, part: (kept: number, ran: number) => [number, number] | null) => {
      pen.fillStyle = colour;
      pen.globalAlpha = alpha;
      pen.beginPath();
      for (let bin = 0; bin < BINS - 1; bin += 1) {
        const cell = space.context * BINS + bin;
        const heights = part(active[cell]!, truth[cell]!);
        if (heights) pen.rect(left + bin * cellWide, bottom - heights[1] * scale, cellWide + 0.3, (heights[1] - heights[0]) * scale);
      }
      pen.fill();
    };
    layer(colours.a, 0.85, (kept, ran) => [0, Math.min(kept, ran)]);
    layer(colours.a, 0.3, (kept, ran) => (kept > ran ? [ran, kept] : null));
    // Hatched, so that it is told apart without colours.
    for (let line = 0; line < room; line += 3) {
      const [low, high] = [line / scale, (line + 2) / scale];
      layer(colours.wrong, 1, (kept, ran) => (ran > kept && high > kept && low < ran ? [Math.max(low, kept), Math.min(high, ran)] : null));
    }
    pen.globalAlpha = 1;
  });
}

function sentence(list: Space[]): string {
  const missing = list.filter((space) => space.missing > 0);
  return missing.length === 0
    ? `A keeps all that runs in each of ${counted(list.length, "namespace or cluster", "namespaces and clusters")}.`
    : `A loses running items in ${counted(missing.length, "namespace or cluster", "namespaces and clusters")} of ${list.length}.`;
}
