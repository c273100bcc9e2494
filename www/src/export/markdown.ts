import type { SafeTtl } from "../engine/api.ts";
import type { HistoryView, RunView } from "../engine/protocol.ts";
import { count, counted, duration, onOff, ttl, utc } from "../format.ts";
import { TOO_FEW, headlineOf } from "../verdict.ts";

/** Both verdicts as a table, to be pasted where the decision is discussed. */
export function markdownOf(title: string, view: HistoryView, a: RunView, b: RunView, safest: SafeTtl | null, link: string | null): string {
  const { summary } = view;
  const row = (name: string, of: (run: RunView) => string) => `| ${name} | ${of(a)} | ${of(b)} |`;
  const lines = [
    `**${title.replaceAll("|", "\\|")}**: ${counted(summary.reports, "report")}, ${counted(summary.items, "item")}, ${utc(summary.from)} to ${utc(summary.to)}`,
    "",
    "| | A | B |",
    "|---|---|---|",
    row("TTL", ({ config }) => ttl(config.image_ttl_days)),
    row("overwrite", ({ config }) => onOff(config.image_ingest_overwrite)),
    row("verdict", (run) => headlineOf(summary, run).text),
    row("first", ({ verdict }) => (verdict.first_wrong_at === null ? "–" : utc(verdict.first_wrong_at))),
    row("kept at the end", ({ verdict }) => count(verdict.active_at_end)),
    row("of them unseen for more than a day", ({ verdict }) => count(verdict.stale_at_end)),
    row("survives outages up to", ({ safe, verdict }) => (!safe || verdict.survives_seconds === null ? "–" : duration(verdict.survives_seconds))),
    "",
    safest ? `Smallest safe TTL: ${ttl(safest.days)} (longest gap ${duration(safest.gap_seconds)}).` : TOO_FEW,
  ];
  if (link) lines.push("", `[Open in the playground](${link})`);
  return `${lines.join("\n")}\n`;
}
