/** A history as a conformance fixture (docs/semantics.md, section 8): a report about a bug can be run as a test. */
import type { HistoryView, RunView } from "../engine/protocol.ts";

/** More steps than this, or more rows in all of them, are no fixture that anybody reads. */
const MOST_STEPS = 2000;
const MOST_ROWS = 200_000;

/** An outcome (E1 to E4), as far as a fixture can state it. */
interface Outcome {
  retained: unknown[];
  removed: unknown[];
  warnings?: { code: string }[];
  next_expiry?: string | null;
}

export async function fixtureOf(
  view: HistoryView,
  run: RunView,
  name: string,
  report: (n: number) => Promise<{ json: string }>,
  answer: (json: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const moments: { at: number; report: number | null }[] = sweepsOf(run).map((at) => ({ at, report: null }));
  for (let n = 0; n < view.summary.reports; n += 1) {
    if (view.reports.lost[n] !== 1) moments.push({ at: view.reports.at[n]!, report: n });
  }
  if (moments.length > MOST_STEPS) {
    throw new Error(`the history makes ${moments.length} steps, and a fixture has at most ${MOST_STEPS}`);
  }
  const rows = moments.length * Math.max(...run.series.active);
  if (rows > MOST_ROWS) {
    throw new Error(`its ${moments.length} steps would list up to ${rows} rows, and a fixture has at most ${MOST_ROWS}`);
  }
  // A sweep comes before a report of the same second (H1).
  moments.sort((one, other) => one.at - other.at || Number(one.report !== null) - Number(other.report !== null));
  const steps: Record<string, unknown>[] = [];
  for (const moment of moments) {
    const now = new Date(moment.at * 1000).toISOString().replace(".000Z", "Z");
    if (moment.report === null) {
      steps.push({ now });
      continue;
    }
    const body = JSON.parse((await report(moment.report)).json) as Record<string, unknown>;
    steps.push({ now, report: { ["cluster_arn" in body ? "ecs" : "kubernetes"]: body } });
  }
  const { config } = run;
  const fixture = { name: slug(name), rules: ["A2", "A4", "A5"], config, prior: [], steps };
  const answers = new TextDecoder().decode(await answer(new TextEncoder().encode(JSON.stringify(fixture)))).split("\n");
  steps.forEach((step, index) => (step["expect"] = expectation(answers[index] ?? "")));
  return `${JSON.stringify(fixture, null, 1)}\n`;
}

/** When the TTL removed something: there a sweep is a step. */
function sweepsOf(run: RunView): number[] {
  const { end, until } = run.spans;
  const expired = run.ends.indexOf("expired");
  const times = new Set<number>();
  end.forEach((reason, span) => {
    if (reason === expired) times.add(until[span]!);
  });
  return [...times];
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
