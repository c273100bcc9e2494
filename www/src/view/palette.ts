/** The page's colours for canvas code, and when they change. */
import { signal } from "@preact/signals";

const NAMES = ["ink", "muted", "line", "card", "a", "b", "wrong", "stale", "good"] as const;
export type Palette = Record<(typeof NAMES)[number], string> & { font: string };

export const palette = signal<Palette>({} as Palette);

export type Theme = "auto" | "light" | "dark";
export const theme = signal<Theme>("auto");

export function setTheme(next: Theme): void {
  theme.value = next;
  if (next === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  readPalette();
}

/** Reads the colours, now and whenever the system's change. */
export function watchPalette(): void {
  for (const query of ["(prefers-color-scheme: dark)", "(forced-colors: active)", "(prefers-contrast: more)"]) {
    matchMedia(query).addEventListener("change", readPalette);
  }
  readPalette();
}

function readPalette() {
  const style = getComputedStyle(document.documentElement);
  const colours = Object.fromEntries(NAMES.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  palette.value = { ...colours, font: style.getPropertyValue("--text").trim() } as Palette;
}
