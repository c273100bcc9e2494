/** The keyboard, everywhere but while something is typed. */
import { signal } from "@preact/signals";
import { keep, kept } from "../state/kept.ts";
import { redo, undo } from "../state/session.ts";
import { dialog, notice, tab } from "../state/store.ts";
import { DAY_STEP, HOUR_STEP, step, togglePlay } from "./transport.ts";
import { wrongStep } from "./walk.ts";

export const KEYS: { keys: string[]; does: string }[] = [
  { keys: ["[", "]"], does: "a day back, a day on" },
  { keys: [",", "."], does: "an hour back, an hour on" },
  { keys: ["Space"], does: "play, pause" },
  { keys: ["n", "p"], does: "next, previous wrong removal" },
  { keys: ["a", "b"], does: "to the TTL of A, of B" },
  { keys: ["/"], does: "filter by name" },
  { keys: ["↑", "↓", "Enter"], does: "in the table: choose an item, go to why" },
  { keys: ["Ctrl Z"], does: "undo; with Shift: redo" },
  { keys: ["Esc"], does: "out of the editor, a dialog or a message" },
  { keys: ["?"], does: "this help" },
];

const KEPT = "keepset-keys";

/** Whether keys act that are pressed alone: by who dictates, or hits keys by mistake, they are switched off. */
export const areKeysOn = signal(kept(KEPT) !== "off");

/** If the browser keeps nothing, it holds for as long as the page is open. */
export function setKeysOn(isOn: boolean): void {
  areKeysOn.value = isOn;
  keep(KEPT, isOn ? null : "off");
}

const focus = (id: string) => {
  const element = document.getElementById(id);
  element?.closest("details")?.setAttribute("open", "");
  element?.focus();
  if (element instanceof HTMLInputElement) element.select();
};

const ACTIONS: Record<string, () => void> = {
  "[": () => step(-DAY_STEP),
  "]": () => step(DAY_STEP),
  ",": () => step(-HOUR_STEP),
  ".": () => step(HOUR_STEP),
  " ": togglePlay,
  n: () => wrongStep(1),
  p: () => wrongStep(-1),
  a: () => focus("ttl-a"),
  b: () => focus("ttl-b"),
  "/": () => {
    if (tab.peek() !== "diff") tab.value = "items";
    requestAnimationFrame(() => focus("search"));
  },
  "?": () => (dialog.value = "help"),
  Escape: () => (notice.value = null),
};

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || dialog.peek()) return;
    const target = event.composedPath()[0] as HTMLElement;
    const types = target.matches?.("input:not([type=range]):not([type=checkbox]), textarea, select, [contenteditable=true]");
    if (types) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") {
      event.preventDefault();
      if (event.shiftKey) redo();
      else undo();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Space on a control is the control's.
    if (event.key === " " && target.matches?.("button, summary, input, [role=tab]")) return;
    const act = ACTIONS[event.key];
    if (!act || !(areKeysOn.peek() || event.key === "Escape")) return;
    event.preventDefault();
    act();
  });
}
