import { scenarios as entries } from "virtual:scenarios";

/** One of the histories that come with the page. All but its names is the engine's to read. */
export interface Scenario {
  id: string;
  title: string;
  /** What the engine reads, and the editor shows. */
  load: () => Promise<string>;
}

export const scenarios: Scenario[] = entries.map(({ file, ...scenario }) => ({
  ...scenario,
  // The number orders the list; links name the rest, and open also when scenarios were put between.
  id: file.replace(/^\d+-|\.yaml$/g, ""),
}));

export function findScenario(id: string): Scenario | undefined {
  return scenarios.find((scenario) => scenario.id === id);
}

export function firstScenario(): Scenario {
  const first = scenarios[0];
  if (!first) throw new Error("the page was built without scenarios");
  return first;
}
