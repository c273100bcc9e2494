// What Lighthouse says of the page on a desktop.
import lighthouse, { desktopConfig } from "lighthouse";
import { createServer } from "node:net";
import { startBrowser } from "../../browser/browser.js";
import { atLeast, told } from "./figure.js";
import { quantile } from "./reader.js";

const CATEGORIES = { performance: 0.95, accessibility: 1, "best-practices": 1 };

export async function grade({ url, isQuick }) {
  const port = await freePort();
  const { close } = await startBrowser(`--remote-debugging-port=${port}`);
  try {
    const reports = [];
    for (let turn = 0; turn < (isQuick ? 1 : 5); turn += 1) {
      const flags = { port, logLevel: "silent", onlyCategories: Object.keys(CATEGORIES) };
      reports.push((await lighthouse(url, flags, desktopConfig)).lhr);
    }
    const scores = Object.entries(CATEGORIES).map(([name, aim]) => {
      const score = quantile(reports.map(({ categories }) => categories[name].score), 0.5);
      return atLeast(`${name.replace("-", " ")}, median of ${reports.length}`, score, aim, { digits: 2 });
    });
    return [...scores, ...failures(reports.at(-1))];
  } finally {
    await close();
  }
}

/** The audits that cost a score. */
function failures({ categories, audits }) {
  const failed = Object.values(categories).flatMap(({ auditRefs }) => auditRefs.filter(({ id, weight }) => weight > 0 && (audits[id].score ?? 1) < 1));
  return failed.map(({ id }) => told(`not in full: ${audits[id].title}${audits[id].displayValue ? `, ${audits[id].displayValue}` : ""}`, audits[id].score, { digits: 2 }));
}

async function freePort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
