/** What can be taken away: configuration, fixture, Markdown, the view with its data. */
import { call } from "../engine/client.ts";
import type { SideName } from "../engine/protocol.ts";
import { findScenario } from "../files/scenarios.ts";
import { refusal } from "../state/session.ts";
import { decided, isOwn, notice, runs, safe, source, stream } from "../state/store.ts";
import type { View } from "../state/link.ts";
import { yamlOf } from "./config.ts";
import { fixtureOf } from "./fixture.ts";
import { markdownOf } from "./markdown.ts";

export function saveConfig(side: SideName): void {
  save(`keepset-config-${side}.yaml`, yamlOf(decided(side)), "application/yaml");
}

export function titleOf(): string {
  const from = source.value;
  if (!from) return "";
  return "scenario" in from ? (findScenario(from.scenario)?.title ?? from.scenario) : from.files.map(({ name }) => name).join(", ");
}

export async function saveFixture(): Promise<void> {
  const [view, run] = [stream.value, runs.a.value];
  if (!view || !run) return;
  try {
    const report = (n: number) => call((engine) => engine.report(n));
    const answer = (json: Uint8Array) => call((engine) => engine.fixture(json));
    const text = await fixtureOf(view, run, titleOf(), report, answer);
    save("fixture.json", text, "application/json");
  } catch (error) {
    notice.value = { is: "error", text: `No fixture was made: ${refusal(error).message}` };
  }
}

export async function copyMarkdown(): Promise<void> {
  const [a, b, view] = [runs.a.value, runs.b.value, stream.value];
  if (!a || !b || !view) return;
  const from = source.value;
  await copy(markdownOf(titleOf(), view, a, b, safe.a.value, !from || isOwn(from) ? null : location.href), "The verdict was copied as Markdown.");
}

/** A view in a file that opens here again. */
export function saveView(view: View): void {
  save("keepset-view.json", JSON.stringify({ keepset_view: view }), "application/json");
}

export async function copy(text: string, done: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    notice.value = { is: "done", text: done };
  } catch {
    notice.value = { is: "error", text: "The browser does not let this page copy. Select the text and copy it by hand." };
  }
}

export function save(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = Object.assign(document.createElement("a"), { href: url, download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
