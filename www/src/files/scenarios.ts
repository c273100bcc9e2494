import { scenarios as documents } from "virtual:scenarios";
import type { Config } from "../engine/api.ts";

/** One of the histories that come with the page. */
export interface Scenario {
  id: string;
  title: string;
  summary: string;
  a: Config;
  b: Config;
  /** What the engine reads. */
  text: string;
}

/** What the page itself reads of a scenario; the rest is the engine's. */
interface Document {
  name: string;
  title?: string;
  summary?: string;
  a?: Config;
  b?: Config;
}

export const scenarios: Scenario[] = documents.map(({ file, document }) => {
  const read = document as Document;
  const id = file.replace(/\.yaml$/, "");
  const base: Config = { image_ttl_days: 120, image_ingest_overwrite: false };
  return {
    id,
    title: read.title ?? read.name ?? id,
    summary: read.summary ?? "",
    a: read.a ?? base,
    b: read.b ?? { ...base, image_ingest_overwrite: true },
    text: JSON.stringify(document, null, 2),
  };
});

export function findScenario(id: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.id === id);
}

export function firstScenario(): Scenario {
  const first = scenarios[0];
  if (!first) throw new Error("the page was built without scenarios");
  return first;
}
