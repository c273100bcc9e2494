/** Moving through time. */
import { effect } from "@preact/signals";
import { DAY } from "../format.ts";
import { at, bounds, playing, speed } from "../state/store.ts";

export const DAY_STEP = DAY;
export const HOUR_STEP = 3600;

export function step(seconds: number): void {
  const { from, to } = bounds.peek();
  playing.value = false;
  at.value = Math.round(Math.min(to, Math.max(from, at.peek() + seconds)));
}

export function togglePlay(): void {
  if (!playing.peek() && at.peek() >= bounds.peek().to) at.value = bounds.peek().from;
  playing.value = !playing.peek();
}

/** Moves on while it plays: by frames, or a step a second where the reader wants no motion. */
export function keepPlaying(): void {
  effect(() => {
    if (!playing.value) return undefined;
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    let last = performance.now();
    let frame = 0;
    let timer = 0;
    const move = (now: number) => {
      const { to } = bounds.peek();
      const next = at.peek() + ((now - last) / 1000) * speed.peek() * DAY;
      last = now;
      at.value = Math.min(next, to);
      if (next >= to) playing.value = false;
    };
    if (isCalm) timer = window.setInterval(() => move(performance.now()), 1000);
    else {
      const loop = (now: number) => {
        move(now);
        if (playing.peek()) frame = requestAnimationFrame(loop);
      };
      frame = requestAnimationFrame(loop);
    }
    return () => {
      clearInterval(timer);
      cancelAnimationFrame(frame);
    };
  });
}
