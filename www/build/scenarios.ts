import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Plugin } from "vite";
import { parse } from "yaml";

const LIST = "virtual:scenarios";
const ONE = "virtual:scenario/";

/** The scenarios of the fixtures' folder: a list of them (`virtual:scenarios`), each with its text, loaded when it is chosen. */
export function scenarios(folder: string): Plugin {
  const read = (file: string) => parse(readFileSync(join(folder, file), "utf8")) as { title?: string };
  return {
    name: "scenarios",
    resolveId: (id) => (id === LIST || id.startsWith(ONE) ? `\0${id}` : undefined),
    load(id) {
      if (id.startsWith(`\0${ONE}`)) {
        const file = id.slice(ONE.length + 1);
        this.addWatchFile(join(folder, file));
        return `export default ${JSON.stringify(JSON.stringify(read(file), null, 2))};`;
      }
      if (id !== `\0${LIST}`) return undefined;
      const files = readdirSync(folder).filter((file) => file.endsWith(".yaml")).sort();
      const entries = files.map((file) => {
        const { title = file } = read(file);
        const load = `() => import(${JSON.stringify(ONE + file)}).then((module) => module.default)`;
        return `{ file: ${JSON.stringify(file)}, title: ${JSON.stringify(title)}, load: ${load} }`;
      });
      return `export const scenarios = [${entries.join(", ")}];`;
    },
  };
}
