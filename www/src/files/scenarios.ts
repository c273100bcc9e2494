import { scenarios as documents } from "virtual:scenarios";

/** One of the histories that come with the page. All but its names is the engine's to read. */
export interface Scenario {
  id: string;
  title: string;
  about: string;
  /** What the engine reads, and the editor shows. */
  text: string;
}

export const scenarios: Scenario[] = documents.map(({ file, document }) => {
  const id = file.replace(/\.yaml$/, "");
  const { title, about } = document as { title?: string; about?: string };
  return { id, title: title ?? id, about: about ?? "", text: JSON.stringify(document, null, 2) };
});

export function findScenario(id: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.id === id);
}

export function firstScenario(): Scenario {
  const first = scenarios[0];
  if (!first) throw new Error("the page was built without scenarios");
  return first;
}
