/** A history as a conformance fixture (docs/semantics.md, section 8): a report about a bug can be run as a test. */
import type { Config } from "../engine/api.ts";
import type { HistoryView } from "../engine/protocol.ts";

/** More steps than this are no fixture that anybody reads. */
const MOST_STEPS = 5000;

/** One step of what `run_fixture` answers: the outcome, or the refusal. */
interface Answer {
  steps: { outcome?: Record<string, unknown>; error?: { code: string } }[];
}

export async function fixtureOf(
  view: HistoryView,
  config: Config,
  name: string,
  report: (n: number) => Promise<{ json: string }>,
  run: (json: Uint8Array) => Promise<Uint8Array>,
): Promise<string> {
  const arrived = Array.from({ length: view.summary.reports }, (_, n) => n).filter((n) => view.reports.lost[n] !== 1);
  if (arrived.length > MOST_STEPS) throw new Error(`the history has ${arrived.length} reports, and a fixture at most ${MOST_STEPS}`);
  const steps: Record<string, unknown>[] = [];
  for (const n of arrived) {
    const body = JSON.parse((await report(n)).json) as Record<string, unknown>;
    steps.push({ now: new Date(view.reports.at[n]! * 1000).toISOString().replace(".000Z", "Z"), report: { ["cluster_arn" in body ? "ecs" : "kubernetes"]: body } });
  }
  const fixture = { name: slug(name), rules: ["A2", "A4", "A5"], config, prior: [], steps };
  const answer = JSON.parse(new TextDecoder().decode(await run(new TextEncoder().encode(JSON.stringify(fixture))))) as Answer;
  steps.forEach((step, index) => (step["expect"] = expectation(answer.steps[index])));
  return `${JSON.stringify(fixture, null, 1)}\n`;
}

function expectation(step: Answer["steps"][number] | undefined): Record<string, unknown> {
  if (!step) return {};
  if (step.error) return { error: step.error.code };
  return step.outcome ?? {};
}

function slug(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "") || "history";
}
