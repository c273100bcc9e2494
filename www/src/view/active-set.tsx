import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { DAY, count, day, duration, utc } from "../format.ts";
import { bounds, runs } from "../state/store.ts";
import { palette } from "./palette.ts";
import { edge, gutter, whole, width } from "./plot.ts";

const HEIGHT = 188;

/** Ticks at whole days of the history, not of the calendar. */
export function dayTicks(from: number, to: number, room: number): number[] {
  const days = (to - from) / DAY;
  const most = Math.max(2, Math.floor(room / 90));
  const step = [1 / 288, 1 / 48, 1 / 24, 0.125, 0.25, 0.5, 1, 2, 5, 10, 15, 30, 60, 90, 180, 365].find((size) => days / size <= most) ?? 730;
  return Array.from({ length: Math.floor(days / step) + 1 }, (_, index) => from + index * step * DAY);
}

export function dayLabel(at: number, from: number): string {
  const days = (at - from) / DAY;
  if (days === 0) return "day 0";
  return Number.isInteger(days) ? String(days) : duration(at - from);
}

export function ActiveSet() {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const colours = palette.value;
  const { from, to } = bounds.value;
  const [a, b] = [runs.a.value, runs.b.value];
  const wide = width.value;

  useEffect(() => {
    if (wide === 0) return undefined;
    const stroke = (name: "a" | "b" | "ink") => () => palette.peek()[name];
    const axis: uPlot.Axis = {
      stroke: () => palette.peek().muted,
      font: `12px ${colours.font}`,
      grid: { stroke: () => palette.peek().line, width: 1 },
      ticks: { show: false },
    };
    const steps = uPlot.paths.stepped!({ align: 1 });
    const made = new uPlot(
      {
        width: wide,
        height: HEIGHT,
        padding: [10, edge.value, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: { x: { time: false, range: () => [bounds.peek().from, bounds.peek().to] }, y: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.08)] } },
        axes: [
          {
            ...axis, size: 28, gap: 9, grid: { show: false },
            splits: () => dayTicks(bounds.peek().from, bounds.peek().to, wide - gutter.peek()),
            values: (_plot, ticks) => ticks.map((tick) => dayLabel(tick, bounds.peek().from)),
          },
          { ...axis, size: gutter.value, values: whole },
        ],
        series: [
          {},
          { stroke: stroke("ink"), width: 1.5, dash: [1, 3], paths: steps, points: { show: false } },
          { stroke: stroke("b"), width: 2, dash: [6, 4], paths: steps, points: { show: false } },
          { stroke: stroke("a"), width: 2, paths: steps, points: { show: false } },
        ],
      },
      [[], [], [], []],
      place.current!,
    );
    plot.current = made;
    return () => {
      made.destroy();
      plot.current = null;
    };
  }, [wide, gutter.value, colours]);

  useEffect(() => {
    if (!a || !b) return;
    plot.current?.setData([a.series.at, a.series.truth, b.series.active, a.series.active] as unknown as uPlot.AlignedData);
  }, [a, b, wide, gutter.value, colours]);

  return <div ref={place} role="img" aria-label={sentence(from, to)} />;
}

/** What the chart shows, for who does not see it. */
function sentence(from: number, to: number): string {
  const parts = (["a", "b"] as const).map((side) => {
    const run = runs[side].value;
    if (!run) return "";
    const lowest = run.series.active.reduce((least, value, index) => (value < run.series.active[least]! ? index : least), 0);
    const when = run.series.at[lowest];
    return `${side.toUpperCase()} ends at ${count(run.verdict.active_at_end)} and is lowest on day ${when === undefined ? 0 : day(when, from)} with ${count(run.series.active[lowest] ?? 0)}.`;
  });
  return `Kept items over time, ${utc(from)} to ${utc(to)}. ${parts.join(" ")}`;
}
