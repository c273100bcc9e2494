/** A verdict in words: what is shown, read out and copied is the same. */
import type { Summary } from "./engine/api.ts";
import type { RunView } from "./engine/protocol.ts";
import { counted } from "./format.ts";

export const TOO_FEW = "No item was seen at two times, so that there is no gap to be judged.";

/** Nothing is called safe where there is nothing to judge. */
export function headlineOf({ items }: Summary, { verdict, safe }: RunView): { is: "wrong" | "good" | "muted"; mark: string; text: string } {
  if (items === 0) return { is: "muted", mark: "○", text: "Nothing to judge" };
  if (verdict.wrong_items > 0) return { is: "wrong", mark: "✗", text: `Removes ${counted(verdict.wrong_items, "running item")}` };
  if (!safe) return { is: "muted", mark: "○", text: "Too few reports to judge" };
  return { is: "good", mark: "✓", text: "Removes nothing that still runs" };
}
