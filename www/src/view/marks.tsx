/** The marks of what becomes of an item: a shape and a word, never a colour alone. */
import type { RunView } from "../engine/protocol.ts";
import { day } from "../format.ts";
import { standing } from "../state/spans.ts";

export const GLYPHS: Record<string, string> = {
  kept: "●", expired: "▲", overwritten: "■", superseded: "■", deleted: "■", wrong: "✗", ahead: "○",
};

/** The part of a context that tells it from its neighbours. */
export function shortContext(context: string): string {
  return context.startsWith("arn:") ? context.slice(context.lastIndexOf("/") + 1) : context;
}

/** A container's id without the name of what runs it; of an ARN the end, which tells it from its neighbours. */
export function shortName(name: string): string {
  return name.replace(/^([a-z0-9-]+:\/\/|arn:.*\/)/, "");
}

/** Where an item stands in a run, in a word; `isBrief`: where there is little room. */
export function State({ run, item, at, from, isBrief }: { run: RunView; item: number; at: number; from: number; isBrief: boolean }) {
  const { is, span } = standing(run, item, at);
  if (is === "ahead") return <span class="state muted"><i aria-hidden="true">{GLYPHS["ahead"]}</i>not seen yet</span>;
  if (is === "kept") {
    const isStale = at > run.spans.last_seen[span]!;
    return <span class="state"><i aria-hidden="true">{GLYPHS["kept"]}</i>{isStale ? "kept" : isBrief ? "running" : "kept, running"}</span>;
  }
  const end = run.ends[run.spans.end[span]!] ?? "removed";
  const isWrong = run.spans.wrong[span] === 1;
  return (
    <span class={isWrong ? "state wrong" : "state muted"}>
      <i aria-hidden="true">{isWrong ? GLYPHS["wrong"] : (GLYPHS[end] ?? "■")}</i>
      {isWrong ? (isBrief ? "wrong" : `wrong: ${end}`) : end} {isBrief ? "" : "day "}{day(run.spans.until[span]!, from)}
    </span>
  );
}
