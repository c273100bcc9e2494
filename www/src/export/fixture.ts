/** A history as a conformance fixture (docs/semantics.md, section 8): a report about a bug can be run as a test. */
import type { Config } from "../engine/api.ts";
import type { HistoryView } from "../engine/protocol.ts";

/** More steps than this are no fixture that anybody reads. */
const MOST_STEPS = 2000;

/** An outcome (E1 to E4), as far as a fixture can state it. */
interface Outcome {
  retained: unknown[];
  removed: unknown[];
  warnings?: { code: string }[];
  next_expiry?: string | null;
}

export async function fixtureOf(
  view: HistoryView,
  config: Config,
  name: string,
  report: (n: number) => Promise<{ json: string }>,
  run: (json: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const arrived = Array.from({ length: view.summary.reports }, (_, n) => n).filter((n) => view.reports.lost[n] !== 1);
  if (arrived.length > MOST_STEPS) {
    throw new Error(`the history has ${arrived.length} reports, and a fixture has at most ${MOST_STEPS}`);
  }
  const steps: Record<string, unknown>[] = [];
  for (const n of arrived) {
    const body = JSON.parse((await report(n)).json) as Record<string, unknown>;
    const now = new Date(view.reports.at[n]! * 1000).toISOString().replace(".000Z", "Z");
    steps.push({ now, report: { ["cluster_arn" in body ? "ecs" : "kubernetes"]: body } });
  }
  const fixture = { name: slug(name), rules: ["A2", "A4", "A5"], config, prior: [], steps };
  const answers = new TextDecoder().decode(await run(new TextEncoder().encode(JSON.stringify(fixture)))).split("\n");
  steps.forEach((step, index) => (step["expect"] = expectation(answers[index] ?? "")));
  return `${JSON.stringify(fixture, null, 1)}\n`;
}

/** What a step answered, as what it is to answer: an outcome, or the code of a refusal. */
export function expectation(answer: string): Record<string, unknown> {
  if (!answer.startsWith("{")) return { error: answer };
  const { retained, removed, warnings = [], next_expiry = null } = JSON.parse(answer) as Outcome;
  return { retained, removed, warnings: [...new Set(warnings.map(({ code }) => code))].sort(), next_expiry };
}

function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "history";
}
