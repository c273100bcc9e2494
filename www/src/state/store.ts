/** What the page shows, as signals. Views read them; `session.ts` asks the engine for what it has to answer. */
import { computed, signal } from "@preact/signals";
import type { Config, Curve, EngineError, Fault, SafeTtl } from "../engine/api.ts";
import type { HistoryView, RunView, SideName } from "../engine/protocol.ts";
import type { Shown, Tab, TextFile } from "./link.ts";

export const SIDES: readonly SideName[] = ["a", "b"];

/** What is replayed: a scenario that came with the page, or files of the reader's own; perhaps edited, which no file has then. */
export type Source = ({ scenario: string; text: string } | { files: TextFile[] }) & { isEdited: boolean };

/** Whether a source is the reader's own: then it is in no link that was not asked for. */
export function isOwn(from: Source): boolean {
  return "files" in from || from.isEdited;
}

/** The text of a source, as the editor shows it. */
export function textsOf(from: Source): TextFile[] {
  return "files" in from ? from.files : [{ name: `${from.scenario}.json`, text: from.text }];
}

export const source = signal<Source | null>(null);
/** What the scenario that is open shows, in its own words. */
export const about = signal("");
/** What is to be replayed instead, until the engine has read it: what it refused stays here, to be mended. */
export const draft = signal<Source | null>(null);
export const configs = {
  a: signal<Config>({ image_ttl_days: 120, image_ingest_overwrite: false }),
  b: signal<Config>({ image_ttl_days: 120, image_ingest_overwrite: true }),
};
export const faults = signal<Fault[]>([]);

/** Days to add to the smallest safe TTL. */
export const margin = signal(0);

/** The instant that is looked at, seconds since 1970. */
export const at = signal(0);
export const playing = signal(false);
/** Days of history in a second. */
export const speed = signal(2);

export const tab = signal<Tab>("items");
export const shown = signal<Shown>("all");
export const search = signal("");
/** A context of the history, or all of them. */
export const namespace = signal<string | null>(null);
export const selected = signal<number | null>(null);
export const hovered = signal<number | null>(null);

/** What the engine answered last; it stays while a new answer is under way. */
export const stream = signal<HistoryView | null>(null);
export const runs = { a: signal<RunView | null>(null), b: signal<RunView | null>(null) };
/** The configuration whose verdict is shown: one that was refused is none. */
export const decided = (side: SideName): Config => runs[side].value?.config ?? configs[side].value;
/** The smallest safe TTL of each configuration, with the margin: overwrite makes a difference to it. None without a gap. */
export const safe = { a: signal<SafeTtl | null>(null), b: signal<SafeTtl | null>(null) };
export const curve = signal<Curve | null>(null);

/** Which of several files the editor shows. */
export const shownFile = signal(0);

/** Why the input was refused. The last good answer stays. */
export const problem = signal<EngineError | null>(null);
/** Why a configuration was refused. */
export const configProblem = { a: signal<string | null>(null), b: signal<string | null>(null) };
/** A sentence at the top of the page that can be put away: a link that did not open, a copy that was made. */
export const notice = signal<{ text: string; is: "error" | "done" } | null>(null);
export const waiting = signal(false);
/** Which dialog is open. */
export const dialog = signal<"link" | "help" | "report" | "much" | null>(null);
export const shownReport = signal<number | null>(null);

export const bounds = computed(() => {
  const summary = stream.value?.summary;
  return summary ? { from: summary.from, to: Math.max(summary.to, summary.from + 1) } : { from: 0, to: 1 };
});

const decoder = new TextDecoder();

/** The name of an item, decoded when it is shown. */
export function nameOf(view: HistoryView, item: number): string {
  const { names, name_offsets } = view.items;
  return decoder.decode(names.subarray(name_offsets[item]!, name_offsets[item + 1]!));
}

export function contextOf(view: HistoryView, item: number): string {
  return view.summary.contexts[view.items.context[item]!] ?? "";
}
