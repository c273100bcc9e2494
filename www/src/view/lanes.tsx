import { useSignalEffect } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { RunView } from "../engine/protocol.ts";
import { counted } from "../format.ts";
import { hovered, nameOf, runs, selected, stream } from "../state/store.ts";
import { shortName } from "./marks.tsx";
import { palette, type Palette } from "./palette.ts";
import { gutter, sharp, width, x } from "./plot.ts";
import { follow, rows, top } from "./rows.ts";

const LANE = 22;
const HEIGHT = 264;

/** A lane per item: what A keeps over what B keeps. Only the lanes in view are drawn. */
export function Lanes() {
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  useSignalEffect(() => {
    // Read here, so that each of them paints again.
    void [rows.value, runs.a.value, runs.b.value, width.value, gutter.value, palette.value, selected.value, hovered.value, top.value];
    follow(scroller.current!, LANE);
    timed(canvas.current!, scroller.current!.scrollTop);
  });
  const itemAt = (event: PointerEvent) => {
    const box = scroller.current!.getBoundingClientRect();
    return rows.peek()[Math.floor((event.clientY - box.top + scroller.current!.scrollTop) / LANE)] ?? null;
  };
  const high = Math.min(HEIGHT, Math.max(2, rows.value.length) * LANE);
  return (
    <div
      class="lanes" ref={scroller} tabIndex={0} role="group" aria-label="Items over time" style={{ height: `${high}px` }}
      onScroll={() => {
        timed(canvas.current!, scroller.current!.scrollTop);
        const row = scroller.current!.scrollTop / LANE;
        if (Math.abs(row - top.peek()) > 1) top.value = row;
      }}
      onPointerMove={(event) => (hovered.value = itemAt(event))}
      onPointerLeave={() => (hovered.value = null)}
      onClick={(event) => (selected.value = itemAt(event as unknown as PointerEvent) ?? selected.peek())}
    >
      <canvas ref={canvas} role="img" aria-label={`${counted(rows.value.length, "item")} over time; the table below says the same in words.`} />
      <div class="length" style={{ height: `${rows.value.length * LANE}px` }} />
    </div>
  );
}

/** Paints, and tells whoever observes measures how long that took. */
function timed(canvas: HTMLCanvasElement, scrolled: number) {
  const start = performance.now();
  paint(canvas, scrolled);
  performance.measure("lanes", { start });
  // Observers have it; a page that is open for hours need not keep all of them.
  performance.clearMeasures("lanes");
}

function paint(canvas: HTMLCanvasElement, scrolled: number) {
  const [view, a, b] = [stream.peek(), runs.a.peek(), runs.b.peek()];
  const pen = sharp(canvas, Math.max(1, width.peek()), HEIGHT);
  if (!pen || !view || !a || !b) return;
  const colours = palette.peek();
  const chosen = rows.peek();
  const first = Math.floor(scrolled / LANE);
  pen.font = `12px ${colours.font}`;
  pen.textBaseline = "middle";
  for (let row = first; row < Math.min(chosen.length, first + HEIGHT / LANE + 1); row += 1) {
    const item = chosen[row]!;
    const y = row * LANE - scrolled;
    if (item === selected.peek() || item === hovered.peek()) {
      pen.globalAlpha = item === selected.peek() ? 0.16 : 0.08;
      pen.fillStyle = colours.a;
      pen.fillRect(0, y, width.peek(), LANE);
      pen.globalAlpha = 1;
    }
    pen.fillStyle = colours.ink;
    pen.fillText(fitted(pen, shortName(nameOf(view, item)), gutter.peek() - 12), 4, y + LANE / 2);
    bars(pen, a, item, y + 4, colours.a, [], colours);
    bars(pen, b, item, y + 12, colours.b, [7, 2], colours);
  }
}

/** The end of a name, which is what tells pods apart. */
function fitted(pen: CanvasRenderingContext2D, name: string, room: number): string {
  if (pen.measureText(name).width <= room) return name;
  let length = Math.max(1, Math.floor((name.length * room) / pen.measureText(name).width) - 1);
  while (length > 1 && pen.measureText(`…${name.slice(-length)}`).width > room) length -= 1;
  return `…${name.slice(-length)}`;
}

const THICK = 6;

function bars(pen: CanvasRenderingContext2D, run: RunView, item: number, y: number, colour: string, dash: number[], colours: Palette) {
  const { since, until, last_seen, end, wrong } = run.spans;
  for (let span = run.first[item]!; span < run.first[item + 1]!; span += 1) {
    const from = x(since[span]!);
    const to = Number.isNaN(until[span]!) ? width.peek() : x(until[span]!);
    const seen = Math.min(x(last_seen[span]!), to);
    const stop = Number.isNaN(until[span]!) ? x(Number.MAX_SAFE_INTEGER) : to;
    pen.lineWidth = THICK;
    pen.strokeStyle = colour;
    pen.setLineDash(dash);
    line(pen, from, Math.max(seen, from + 1), y + THICK / 2, 1);
    line(pen, Math.max(seen, from + 1), stop, y + THICK / 2, 0.32);
    pen.setLineDash([]);
    if (!Number.isNaN(until[span]!)) mark(pen, wrong[span] === 1 ? "wrong" : (run.ends[end[span]!] ?? ""), stop, y + THICK / 2, colours);
  }
}

function line(pen: CanvasRenderingContext2D, from: number, to: number, y: number, alpha: number) {
  if (to <= from) return;
  pen.globalAlpha = alpha;
  pen.beginPath();
  pen.moveTo(from, y);
  pen.lineTo(to, y);
  pen.stroke();
  pen.globalAlpha = 1;
}

function mark(pen: CanvasRenderingContext2D, end: string, at: number, y: number, colours: Palette) {
  pen.beginPath();
  if (end === "wrong") {
    pen.strokeStyle = colours.card;
    pen.lineWidth = 5;
    cross(pen, at, y);
    pen.strokeStyle = colours.wrong;
    pen.lineWidth = 2.2;
    cross(pen, at, y);
    return;
  }
  pen.fillStyle = colours.ink;
  if (end === "expired") {
    pen.moveTo(at - 4, y + 3.5);
    pen.lineTo(at + 4, y + 3.5);
    pen.lineTo(at, y - 4);
    pen.fill();
  } else pen.fillRect(at - 3, y - 3, 6, 6);
}

function cross(pen: CanvasRenderingContext2D, at: number, y: number) {
  pen.beginPath();
  pen.moveTo(at - 3.5, y - 3.5);
  pen.lineTo(at + 3.5, y + 3.5);
  pen.moveTo(at + 3.5, y - 3.5);
  pen.lineTo(at - 3.5, y + 3.5);
  pen.stroke();
}
