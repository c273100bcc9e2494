// What a reader's browser has to say of the page: an observer inside it, and numbers of many.

/** Runs inside the page before anything else does, and keeps what happens in `seen`. */
export function watch() {
  const seen = { verdict: 0, shift: 0, long: [], lanes: [] };
  globalThis.seen = seen;
  const observe = (type, each) => new PerformanceObserver((list) => list.getEntries().forEach(each)).observe({ type, buffered: true });
  observe("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) seen.shift += value; });
  observe("longtask", ({ duration }) => seen.long.push(duration));
  observe("measure", ({ name, duration }) => { if (name === "lanes") seen.lanes.push(duration); });
  const look = () => {
    const isThere = document.documentElement?.dataset.busy === "false" && document.querySelector("[data-testid=headline-b]");
    // After the frame that shows it.
    if (isThere) setTimeout(() => (seen.verdict = performance.now()));
    else requestAnimationFrame(look);
  };
  requestAnimationFrame(look);
}

/** The value that this part of all of them does not exceed. */
export function quantile(values, part) {
  const sorted = [...values].sort((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)];
}
