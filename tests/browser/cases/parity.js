// The engine in the page answers every fixture with the bytes of the native one: in Node, and in Chromium. So does the
// component, transpiled to JavaScript.
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { answersOf, policyOf } from "../component.js";
import { equal, holds } from "../expect.js";
import { fixtures } from "../fixtures.js";
import { places } from "../places.js";
import { serveEngine } from "../server.js";

const run = promisify(execFile);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** What the native engine answers, by the name of the fixture; asked once. */
let asked;
const native = () =>
  (asked ??= (async () => {
    const answers = new Map();
    for (const { name, path } of await fixtures()) {
      const { stdout } = await run(places.command, ["conformance", "--answers", path], { maxBuffer: 64e6, encoding: "utf8" });
      answers.set(name, stdout);
    }
    return answers;
  })());

/** Fails with the first fixture that is answered otherwise. */
function compare(expected, found) {
  equal([...found.keys()], [...expected.keys()]);
  for (const [name, answer] of expected) equal(found.get(name), answer, `${name}: another answer than the native engine's`);
  holds(expected.size > 300, `${expected.size} fixtures, expected all of them`);
  return `${expected.size} fixtures`;
}

export default [
  {
    name: "in Node every fixture has the native engine's bytes",
    view: null,
    async run() {
      const engine = await import(pathToFileURL(join(places.web, "keepset_web.js")).href);
      engine.initSync({ module: await readFile(join(places.web, "keepset_web_bg.wasm")) });
      const found = new Map((await fixtures()).map(({ name, json }) => [name, decoder.decode(engine.run_fixture(encoder.encode(json)))]));
      return compare(await native(), found);
    },
  },
  {
    name: "in Chromium every fixture has the native engine's bytes",
    async run({ page }) {
      const server = await serveEngine();
      try {
        await page.goto(server.url);
        const list = (await fixtures()).map(({ name, json }) => [name, json]);
        const answers = await page.evaluate(async (all) => {
          const engine = await import("/keepset_web.js");
          engine.initSync({ module: await (await fetch("/keepset_web_bg.wasm")).arrayBuffer() });
          return all.map(([name, json]) => [name, new TextDecoder().decode(engine.run_fixture(new TextEncoder().encode(json)))]);
        }, list);
        return compare(await native(), new Map(answers));
      } finally {
        await server.close();
      }
    },
  },
  {
    name: "in Node the component, by jco, has the native engine's bytes for every fixture",
    view: null,
    async run() {
      const policy = await policyOf(places.component);
      return compare(await native(), new Map((await fixtures()).map(({ name, json }) => [name, answersOf(policy, JSON.parse(json))])));
    },
  },
];
