import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { counted, onOff, ttl } from "../format.ts";
import { setConfig } from "../state/session.ts";
import { configs, curve, safe } from "../state/store.ts";
import { TOO_FEW } from "../verdict.ts";
import { palette } from "./palette.ts";
import { whole } from "./plot.ts";

const HEIGHT = 176;

/** What each TTL would cost: running items removed, against the days that gone items stay listed. */
export function Safety() {
  const place = useRef<HTMLDivElement>(null);
  const bent = curve.value;
  const safest = safe.a.value;
  const [a, b] = [configs.a.value.image_ttl_days, configs.b.value.image_ttl_days];
  const colours = palette.value;
  useEffect(() => {
    const target = place.current!;
    if (!bent || bent.wrong.length < 2) return undefined;
    // TTL 0 is for ever: it stands at no place of this scale.
    const days = Float64Array.from({ length: bent.wrong.length - 1 }, (_, index) => index + 1);
    const axis: uPlot.Axis = { stroke: colours.muted, font: `11px ${colours.font}`, ticks: { show: false }, grid: { stroke: colours.line, width: 1 } };
    const make = () =>
      new uPlot(
        {
          width: Math.max(120, target.clientWidth), height: HEIGHT, padding: [8, 0, 0, 0], legend: { show: false },
          cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
          scales: { x: { time: false }, wrong: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] }, stale: { range: (_plot, _low, high) => [0, Math.max(1, high * 1.1)] } },
          axes: [
            { ...axis, size: 26, gap: 8, grid: { show: false }, values: (_plot, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? `${tick} d` : "")) },
            { ...axis, scale: "wrong", size: 38, values: whole },
            { ...axis, scale: "stale", side: 1, size: 38, grid: { show: false }, values: whole },
          ],
          series: [
            {},
            { scale: "wrong", stroke: colours.wrong, width: 2, points: { show: false }, paths: uPlot.paths.stepped!({ align: 1 }) },
            { scale: "stale", stroke: colours.stale, width: 1.5, dash: [2, 3], points: { show: false } },
          ],
          hooks: {
            drawClear: [(plot) => safest && band(plot, safest.days, colours.good)],
            draw: [(plot) => {
              pole(plot, b, colours.b, [5, 3]);
              pole(plot, a, colours.a, []);
              flag(plot, b, "B", colours.b, colours.card);
              flag(plot, a, "A", colours.a, colours.card);
            }],
            ready: [(plot) => plot.over.addEventListener("click", (event) => {
              const day = Math.round(plot.posToVal(event.offsetX, "x"));
              if (day >= 1) setConfig("a", { image_ttl_days: day }, "curve");
            })],
          },
        },
        [days, bent.wrong.subarray(1), bent.stale_item_days.subarray(1)] as unknown as uPlot.AlignedData,
        target,
      );
    let plot = make();
    const watch = new ResizeObserver(() => {
      if (Math.abs(plot.width - target.clientWidth) < 2) return;
      plot.destroy();
      plot = make();
    });
    watch.observe(target);
    return () => {
      watch.disconnect();
      plot.destroy();
    };
  }, [bent, safest, a, b, colours]);
  const wrongAtA = bent && a > 0 ? bent.wrong[Math.min(a, bent.wrong.length - 1)]! : 0;
  return (
    <section class="card" aria-labelledby="title-safety">
      <header>
        <h2 id="title-safety">Safety by TTL</h2>
        <span class="muted small">overwrite {onOff(configs.a.value.image_ingest_overwrite)}, as in A</span>
      </header>
      <div
        class="curve" ref={place} role="img"
        aria-label={!safest ? TOO_FEW : `With a TTL of ${ttl(a)}, ${counted(wrongAtA, "running item")} would be removed; from ${ttl(safest.days)} on none by the TTL.`}
      />
      <p class="small row">
        <span class="wrong">— running items removed (left)</span>
        <span class="stale">┄ days that gone items stay (right)</span>
      </p>
      <p class="muted small">{safest ? "Shaded: safe. " : ""}Click to set A.</p>
    </section>
  );
}

function band(plot: uPlot, from: number, colour: string) {
  const { left, top, width, height } = plot.bbox;
  const start = Math.max(left, plot.valToPos(from, "x", true));
  if (start >= left + width) return;
  plot.ctx.save();
  plot.ctx.globalAlpha = 0.12;
  plot.ctx.fillStyle = colour;
  plot.ctx.fillRect(start, top, left + width - start, height);
  plot.ctx.restore();
}

/** Where a TTL is on the canvas; null if the scale does not reach it. */
function place(plot: uPlot, days: number): number | null {
  const { left, width } = plot.bbox;
  const at = plot.valToPos(days, "x", true);
  return days < 1 || at < left - 1 || at > left + width + 1 ? null : at;
}

function pole(plot: uPlot, days: number, colour: string, dash: number[]) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  const at = place(plot, days);
  if (at === null) return;
  ctx.save();
  ctx.strokeStyle = colour;
  ctx.lineWidth = 2 * ratio;
  ctx.setLineDash(dash.map((part) => part * ratio));
  ctx.beginPath();
  ctx.moveTo(at, bbox.top);
  ctx.lineTo(at, bbox.top + bbox.height);
  ctx.stroke();
  ctx.restore();
}

function flag(plot: uPlot, days: number, letter: string, colour: string, ink: string) {
  const { ctx, bbox } = plot;
  const ratio = devicePixelRatio || 1;
  const at = place(plot, days);
  if (at === null) return;
  const size = 14 * ratio;
  const top = bbox.top + (letter === "A" ? 0 : size + 2 * ratio);
  const left = Math.min(Math.max(at - size / 2, bbox.left), bbox.left + bbox.width - size);
  ctx.save();
  ctx.fillStyle = colour;
  ctx.fillRect(left, top, size, size);
  ctx.fillStyle = ink;
  ctx.font = `bold ${10 * ratio}px ${palette.peek().font}`;
  ctx.textAlign = "center";
  ctx.textBaseline = "middle";
  ctx.fillText(letter, left + size / 2, top + size / 2);
  ctx.restore();
}
