// The fixtures of the conformance suite, as JSON: YAML is the caller's to read.
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { parse } from "yaml";
import { places } from "./places.js";

/** Every fixture that is no scenario: `{ name, path, json }`, by name. */
export async function fixtures() {
  const files = await readdir(places.fixtures, { recursive: true });
  const chosen = files.filter((file) => /\.(ya?ml|json)$/.test(file) && !file.startsWith("scenarios")).sort();
  return Promise.all(chosen.map(async (file) => {
    const path = join(places.fixtures, file);
    return { name: file, path, json: JSON.stringify(parse(await readFile(path, "utf8"))) };
  }));
}

/** Every scenario: `{ id, document, json }`, in the order of the page. */
export async function scenarios() {
  const folder = join(places.fixtures, "scenarios");
  const files = (await readdir(folder)).filter((file) => file.endsWith(".yaml")).sort();
  return Promise.all(files.map(async (file) => {
    const document = parse(await readFile(join(folder, file), "utf8"));
    return { id: file.replace(/^\d+-|\.yaml$/g, ""), document, json: JSON.stringify(document) };
  }));
}
