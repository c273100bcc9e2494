// On random streams with faults the fast form of a replay finds what the rules find, report by report: in Node and in Chromium.
// `KEEPSET_SEED=17` begins with another seed than 1.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { equal, holds } from "../expect.js";
import { places } from "../places.js";
import { serveEngine } from "../server.js";
import { compare } from "../streams.js";

const FIRST = Number(process.env.KEEPSET_SEED ?? 1);
const COUNT = 300;

/** What came of the streams in Node, asked once. */
let asked;
const inNode = () =>
  (asked ??= (async () => {
    const engine = await import(pathToFileURL(join(places.web, "keepset_web.js")).href);
    engine.initSync({ module: await readFile(join(places.web, "keepset_web_bg.wasm")) });
    return compare(engine, FIRST, COUNT);
  })());

function agreed({ differs, met }) {
  holds(!differs, `the forms differ: KEEPSET_SEED=${differs?.seed}, ${JSON.stringify(differs?.config)}`);
  // Streams that reach nothing would prove nothing.
  for (const [what, times] of Object.entries(met)) holds(times > COUNT, `${what}: only ${times}`);
  return `seeds ${FIRST} to ${FIRST + COUNT - 1}: ${Object.entries(met).map(([what, times]) => `${what} ${times}`).join(", ")}`;
}

export default [
  {
    name: "both forms of a replay agree in Node",
    view: null,
    run: async () => agreed(await inNode()),
  },
  {
    name: "both forms of a replay agree in Chromium, and with Node",
    async run({ page }) {
      const server = await serveEngine({ "/streams.js": await readFile(new URL("../streams.js", import.meta.url)) });
      try {
        await page.goto(server.url);
        const found = await page.evaluate(async ([first, count]) => {
          const [engine, streams] = [await import("/keepset_web.js"), await import("/streams.js")];
          engine.initSync({ module: await (await fetch("/keepset_web_bg.wasm")).arrayBuffer() });
          return streams.compare(engine, first, count);
        }, [FIRST, COUNT]);
        const note = agreed(found);
        equal(found, await inNode());
        return note;
      } finally {
        await server.close();
      }
    },
  },
];
