/** The one x scale that chart, scrubber, namespaces and lanes share. */
import { computed, signal } from "@preact/signals";
import { short } from "../format.ts";
import { bounds } from "../state/store.ts";

/** Width of the stack of plots, in CSS pixels. */
export const width = signal(0);

/** What stands left of every plot (names, axis) and right of it; the same as --gutter and --edge. */
export const gutter = computed(() => (narrow.value ? 84 : 148));
export const edge = computed(() => (narrow.value ? 10 : 16));
/** A phone: names are short, tables have three columns. */
export const narrow = signal(false);
/** No room for settings beside the plots. */
export const narrowPage = signal(false);

export function watchWidth(): void {
  for (const [media, is] of [["(max-width: 699px)", narrow], ["(max-width: 899px)", narrowPage]] as const) {
    const query = matchMedia(media);
    is.value = query.matches;
    query.addEventListener("change", () => (is.value = query.matches));
  }
}

export const plotWidth = computed(() => Math.max(1, width.value - gutter.value - edge.value));

/** The part of the history before an instant, 0 to 1. */
export function fraction(at: number): number {
  const { from, to } = bounds.value;
  return Math.min(1, Math.max(0, (at - from) / (to - from)));
}

/** Pixels from the left of the stack. */
export function x(at: number): number {
  return gutter.value + fraction(at) * plotWidth.value;
}

/** The instant under a pointer, whole seconds. */
export function instant(clientX: number, stack: Element): number {
  const { from, to } = bounds.value;
  const inside = (clientX - stack.getBoundingClientRect().left - gutter.value) / plotWidth.value;
  return Math.round(from + Math.min(1, Math.max(0, inside)) * (to - from));
}

/** What stands at the ticks of an axis of counts. */
export const whole = (_plot: unknown, ticks: number[]) => ticks.map((tick) => (Number.isInteger(tick) ? short(tick) : ""));

/** A canvas that is sharp on this screen, cleared, in CSS pixels. */
export function sharp(canvas: HTMLCanvasElement, wide: number, high: number): CanvasRenderingContext2D | null {
  const ratio = devicePixelRatio || 1;
  const [pixelsWide, pixelsHigh] = [Math.round(wide * ratio), Math.round(high * ratio)];
  if (canvas.width !== pixelsWide) canvas.width = pixelsWide;
  if (canvas.height !== pixelsHigh) canvas.height = pixelsHigh;
  canvas.style.width = `${wide}px`;
  canvas.style.height = `${high}px`;
  const pen = canvas.getContext("2d");
  pen?.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen?.clearRect(0, 0, wide, high);
  return pen;
}
