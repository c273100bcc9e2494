import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { parse } from "yaml";

const NAME = "virtual:scenarios";

/** The scenarios of the fixtures' folder, as JSON in the page: `import { scenarios } from "virtual:scenarios"`. */
export function scenarios(folder: string): Plugin {
  return {
    name: "scenarios",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : undefined),
    load(id) {
      if (id !== `\0${NAME}`) return undefined;
      const files = readdirSync(folder).filter((file) => file.endsWith(".yaml")).sort();
      const entries = files.map((file) => {
        this.addWatchFile(join(folder, file));
        return { file, document: parse(readFileSync(join(folder, file), "utf8")) as unknown };
      });
      // As text, which a browser parses faster than a literal, and only when it is asked for.
      return `export const scenarios = JSON.parse(${JSON.stringify(JSON.stringify(entries))});`;
    },
  };
}
