// What the playground costs a reader, beside its budget: `cargo xtask bench www` writes `docs/benchmarks/playground.md`.
// `--quick`: fewer turns; `--print` writes nothing; `--only WORD`: the sections whose title has that word, writes nothing.
import { writeFile } from "node:fs/promises";
import { availableParallelism, cpus, loadavg } from "node:os";
import { join } from "node:path";
import { startBrowser } from "../../browser/browser.js";
import { places } from "../../browser/places.js";
import { serveCompressed } from "./compressed.js";
import { table } from "./figure.js";
import { firstVerdict } from "./first.js";
import { grade } from "./grade.js";
import { large } from "./large.js";
import { sizes } from "./sizes.js";

const SECTIONS = {
  "What has to be fetched": sizes,
  "The first verdict": firstVerdict,
  "100,000 items": large,
  "Lighthouse, as on a desktop": grade,
};

const HOW = `
Sizes are those of gzip -9, which is also how the page is served here, on loopback. Each load is in a profile of its own, with
nothing in any cache. Frames come sixty times a second, so that 16.7 ms is the least there can be; there is no graphics card,
and the processor paints. The history of 100,000 items is the last of the scenarios: 1,270 reports with 1,270,000 sightings.
`;

const MISSED = `
## Where an aim is missed

* Of the engine's code a fifth reads documents, a ninth replays histories, and nearly a third is lists, maps, sorting and
  iterating, which Rust makes anew for each type. It is already compiled for size (\`opt-level = "z"\`).
* The single file holds that engine, and the editor and the reader of YAML too, for it cannot fetch them when they are used.
* Times are those of this machine, and of whatever else it did.
`;

const options = process.argv.slice(2);
const isQuick = options.includes("--quick");
const only = options.includes("--only") ? (options[options.indexOf("--only") + 1] ?? "") : null;

const load = loadavg()[0].toFixed(2);
const { browser, close } = await startBrowser();
const server = await serveCompressed();
let page = head(browser.version());
try {
  for (const [title, measure] of Object.entries(SECTIONS)) {
    if (only !== null && !title.includes(only)) continue;
    console.error(title);
    page += `\n## ${title}\n\n${table(await measure({ browser, url: server.url, isQuick }))}\n`;
  }
} finally {
  await server.close();
  await close();
}
page += MISSED;
console.log(page);
if (only === null && !options.includes("--print")) await writeFile(join(places.benchmarks, "playground.md"), page);

function head(version) {
  const machine = `${availableParallelism()} cores, ${cpus()[0].model}, Chromium ${version}, headless, load average before it ${load}`;
  return `# What the playground costs a reader\n\nMade by \`cargo xtask bench www${isQuick ? " --quick" : ""}\` on ${new Date().toISOString().slice(0, 10)}: ${machine}.\n${HOW}`;
}
