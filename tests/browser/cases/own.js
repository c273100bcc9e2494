// Data of the reader's own: read with what they say, kept, named as they are, and let go of when that is wanted.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { choose, open, ready, settled } from "../browser.js";
import { equal, holds, text } from "../expect.js";
import { places } from "../places.js";

const upload = (name, body) => ({ name, mimeType: "text/plain", buffer: Buffer.from(typeof body === "string" ? body : JSON.stringify(body)) });

/** Opens files, and waits until they are what is shown. */
async function opened(page, ...files) {
  await page.setInputFiles("input[type=file]", files);
  await page.waitForFunction((name) => document.documentElement.dataset.scenario === "" && document.querySelector(".main > p.muted")?.textContent.includes(name), files[0].name);
  await settled(page);
}

const report = (seconds, pods, cluster = "c1") => ({
  cluster_name: cluster, timestamp: new Date(Date.UTC(2026, 0, 1) + seconds * 1000).toISOString().replace(".000Z", "Z"),
  namespaces: [{ uid: "n1", name: "default" }],
  pods: pods.map((name) => ({ uid: name, name, namespace_uid: "n1" })),
  containers: pods.map((name) => ({ id: `containerd://${name}`, name, image_tag: `${name}:1`, pod_uid: name })),
});

const scenario = (id) => readFile(join(places.fixtures, "scenarios", `${id}.yaml`), "utf8");
const typed = async (page, change) => {
  await page.click("#tab-data");
  await page.locator(".editor textarea").focus();
  const editor = page.locator(".editor .cm-content");
  await editor.waitFor();
  await editor.focus();
  await change(editor);
};
const exported = async (page, name) => {
  await page.locator(".menu summary").click();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name }).click()]);
  return readFile(await download.path(), "utf8");
};

const linkTo = (view) => `v1.${deflateRawSync(JSON.stringify(view)).toString("base64url")}`;

/** Whether the browser would ask before the page is left. */
const asks = (page) => page.evaluate(() => !dispatchEvent(new Event("beforeunload", { cancelable: true })));

export default [
  {
    name: "a scenario in a file comes with its faults and configurations, and a link of it has them under other names",
    async run({ page, fresh, url }) {
      await open(page, url);
      await opened(page, upload("06.yaml", await scenario("06-a-batch-that-fails")));
      const headline = await text(page, "[data-testid=headline-a]", "Removes 16 running items");
      equal([await page.inputValue("#ttl-a"), await page.inputValue("#ttl-b")], ["3", "5"]);
      await page.getByRole("button", { name: "Copy link" }).click();
      await page.waitForFunction(() => document.querySelector("dialog textarea")?.value.includes("#v1."));
      const link = await page.inputValue("dialog textarea");
      const other = await fresh();
      await other.goto(link);
      await ready(other);
      await text(other, "[data-testid=headline-a]", headline);
      equal(await other.locator(".fault").count(), 1);
      holds(!(await other.locator(".fault").textContent()).includes("prod-eu-1"), "a fault names a cluster");
    },
  },
  {
    name: "a report is read by the engine alone",
    async run({ page, url }) {
      await open(page, url);
      const [worker] = page.workers();
      await worker.evaluate(() => {
        globalThis.parsed = 0;
        const { parse } = JSON;
        JSON.parse = (text) => (globalThis.parsed += 1, parse(text));
      });
      await opened(page, upload("mine.json", report(0, ["a"])));
      equal(await worker.evaluate(() => globalThis.parsed), 0);
    },
  },
  {
    name: "a fixture in a file comes with its configuration",
    async run({ page, url }) {
      await open(page, url);
      const steps = [0, 3, 9].map((day) => ({ now: report(day * 86_400, []).timestamp, report: { kubernetes: report(day * 86_400, day === 3 ? ["b"] : ["a", "b"]) } }));
      await opened(page, upload("bug.json", { name: "bug", config: { image_ttl_days: 7 }, steps }));
      equal([await page.inputValue("#ttl-a"), await page.isChecked("#overwrite-a")], ["7", false]);
      await text(page, "[data-testid=headline-a]", "Removes 2 running items");
    },
  },
  {
    name: "the log of an agent that prints its reports is a history",
    async run({ page, url }) {
      await open(page, url);
      const printed = [report(0, ["a"]), report(86_400, ["a", "b"])].map((one) => JSON.stringify(one, null, 2).replace("\n", "\n[0001]  INFO sent\n"));
      await opened(page, upload("agent.log", ["[0000]  INFO starting", ...printed, "{", "  cut off"].join("\n")));
      await text(page, ".main > p.muted", "2 reports, 4 items");
      await page.click("#tab-data");
      await page.getByText("note about what was read").click();
      await text(page, ".main", "agent.log: an agent's log; lines that are no part of a whole report: 5");
    },
  },
  {
    name: "what is saved as a file in the place of a long link has no names in it either",
    async run({ page, url }) {
      await open(page, url);
      const noise = Array.from({ length: 400 }, (_, pod) => `secret-${(pod * 7919) % 104_729}-${(pod * 104_729) % 7919}`);
      await opened(page, upload("secret.json", report(0, noise, "secret-cluster")));
      await page.getByRole("button", { name: "Copy link" }).click();
      const save = page.getByRole("button", { name: "Save as a file" });
      await save.waitFor();
      const [download] = await Promise.all([page.waitForEvent("download"), save.click()]);
      const saved = await readFile(await download.path(), "utf8");
      holds(saved.includes("keepset_view") && !saved.includes("secret"), "a name is in it");
    },
  },
  {
    name: "of two files in the editor, each keeps its text",
    allows: [/Applying inline style/],
    async run({ page, url }) {
      await open(page, url);
      await opened(page, upload("1.json", report(0, ["a"])), upload("2.json", report(300, ["a", "b"])));
      await typed(page, (editor) => editor.press("Control+End"));
      await page.selectOption("[aria-label=File]", { label: "2.json" });
      await page.locator("[aria-label='Text of 2.json']").waitFor();
      await page.locator(".editor .cm-content").focus();
      await page.keyboard.press("Control+End");
      await page.keyboard.type("   ");
      // Sent although another file is chosen before the pause is over.
      await page.selectOption("[aria-label=File]", { label: "1.json" });
      await settled(page);
      await text(page, ".main > p.muted", "2 reports, 4 items");
      holds(!(await page.locator(".editor .cm-content").textContent()).includes('"b"'), "the first file has the second one's text");
      const { keepset_view: { files } } = JSON.parse(await exported(page, "This view, with its data"));
      equal(files.map((file) => file.text.trimEnd()), [report(0, ["a"]), report(300, ["a", "b"])].map((one) => JSON.stringify(one)));
    },
  },
  {
    name: "faults and configurations that are changed in the text are changed",
    allows: [/Applying inline style/],
    async run({ page, url }) {
      await open(page, url);
      await choose(page, "a-batch-that-fails");
      await text(page, "[data-testid=headline-a]", "Removes 16");
      await page.fill("#ttl-b", "4");
      await settled(page);
      const changed = JSON.parse(await page.evaluate(async () => {
        document.querySelector("#tab-data").click();
        await new Promise((done) => { setTimeout(done, 300); });
        return document.querySelector(".editor textarea").value;
      }));
      changed.a.image_ttl_days = 6;
      await typed(page, async (editor) => {
        await editor.press("Control+a");
        await page.keyboard.insertText(JSON.stringify(changed));
      });
      await text(page, "[data-testid=headline-a]", "Removes nothing");
      equal([await page.inputValue("#ttl-a"), await page.inputValue("#ttl-b")], ["6", "4"]);
      changed.faults = [];
      await page.keyboard.press("Control+a");
      await page.keyboard.insertText(JSON.stringify(changed));
      await page.waitForFunction(() => document.querySelectorAll(".fault").length === 0);
      await text(page, "[data-testid=headline-b]", "Removes nothing");
    },
  },
  {
    name: "what was refused says which file it is, shows that file, and can be discarded",
    async run({ page, url }) {
      await open(page, url);
      const headline = await text(page, "[data-testid=headline-a]", "Removes");
      await page.setInputFiles("input[type=file]", [upload("a.json", report(0, ["a"])), upload("b.json", '{"cluster_name": 7, "timestamp": "x"}')]);
      await text(page, "[data-testid=problem]", "b.json");
      const { y } = await page.locator("[data-testid=problem]").boundingBox();
      holds(y >= 0 && y < 900, `it is at ${y}`);
      await page.getByRole("button", { name: "Show the text" }).click();
      await page.locator("[aria-label='Text of b.json']").waitFor();
      await page.getByRole("button", { name: "Discard it" }).click();
      await page.waitForFunction(() => !document.querySelector("[data-testid=problem]"));
      await text(page, "[data-testid=headline-a]", headline);
      holds(!(await page.inputValue(".editor textarea")).includes('"x"'), "its text is still there");
      await page.setInputFiles("input[type=file]", upload("packed.json", "PK\u0003\u0004"));
      await text(page, ".notice", "packed.json is packed. Unpack it");
    },
  },
  {
    name: "the page is left without a question unless something that was typed would be lost",
    allows: [/Applying inline style/],
    async run({ page, url }) {
      await open(page, url);
      const original = await text(page, "[data-testid=headline-a]", "Removes 80");
      await page.click("#tab-data");
      const document = JSON.parse(await page.locator(".editor textarea").inputValue());
      await typed(page, (editor) => editor.fill("{"));
      await page.waitForSelector("[data-testid=problem]");
      equal(await asks(page), true);
      await page.getByRole("button", { name: "Discard it" }).click();
      equal(await asks(page), false);
      document.a.image_ttl_days = 6;
      const editor = page.locator(".editor .cm-content");
      await editor.filter({ hasText: document.title }).waitFor();
      await editor.fill(JSON.stringify(document));
      await text(page, "[data-testid=headline-a]", "Removes nothing");
      equal(await asks(page), true);
      // A file that is refused takes nothing away: what was typed is still shown.
      await page.setInputFiles("input[type=file]", upload("none.json", "{"));
      await page.waitForSelector("[data-testid=problem]");
      await page.getByRole("button", { name: "Discard it" }).click();
      equal(await asks(page), true);
      // Started again, the engine is told what is set now, not what was typed then.
      await page.fill("#ttl-a", "3");
      await text(page, "[data-testid=headline-a]", original);
      await page.workers()[0].evaluate(() => self.close()).catch(() => {});
      await page.fill("#ttl-b", "1");
      await page.getByRole("button", { name: "Start it again" }).click();
      await settled(page);
      equal([await page.inputValue("#ttl-a"), await page.inputValue("#ttl-b")], ["3", "1"]);
      const back = page.getByRole("button", { name: "Back to the original" });
      await back.click();
      await back.waitFor({ state: "detached" });
      await settled(page);
      equal(await asks(page), false);
    },
  },
  {
    name: "nothing is remembered unless it is asked for, and nothing once it is to be forgotten",
    async run({ page, url }) {
      const stored = () => page.evaluate(() => localStorage.length);
      const again = async () => {
        await page.goto("about:blank");
        await open(page, url);
      };
      await open(page, url);
      await opened(page, upload("mine.json", report(0, ["a"])));
      equal(await stored(), 0);
      await page.getByRole("button", { name: "Remember what is open" }).click();
      await page.waitForFunction(() => localStorage.length === 1);
      await text(page, ".footer", "in this browser, your own data too, and goes nowhere else");
      const before = await page.evaluate(() => localStorage.getItem("keepset-view"));
      await page.fill("#ttl-a", "33");
      await page.waitForFunction((old) => localStorage.getItem("keepset-view") !== old, before);
      await again();
      await text(page, ".main > p.muted", "mine.json");
      equal(await page.inputValue("#ttl-a"), "33");
      // A link comes before it.
      await page.goto("about:blank");
      await open(page, `${url}#${linkTo({ scenario: "deleted-namespace" })}`);
      equal(await page.evaluate(() => document.documentElement.dataset.scenario), "deleted-namespace");
      await page.getByRole("button", { name: "Forget it" }).click();
      equal(await stored(), 0);
      await again();
      equal([await page.evaluate(() => document.documentElement.dataset.scenario), await stored()], ["outage-5-days-ttl-3", 0]);
      // More than the browser keeps, and what does not open any more.
      const noise = Array.from({ length: 600_000 }, () => Math.random().toString(36)).join("");
      await opened(page, upload("large.json", { ...report(0, ["a"]), noise }));
      await page.getByRole("button", { name: "Remember what is open" }).click();
      await text(page, ".notice", "more than the browser keeps");
      equal(await stored(), 0);
      await page.evaluate(() => localStorage.setItem("keepset-view", "v1.AAAA"));
      await again();
      await text(page, ".notice", "What was remembered does not open");
    },
  },
  {
    name: "Back leads to one's own data, and from them",
    async run({ page, url }) {
      await open(page, url);
      await page.fill("#ttl-a", "5");
      await settled(page);
      await opened(page, upload("mine.json", report(0, ["a"])));
      await page.fill("#ttl-a", "33");
      await settled(page);
      await choose(page, "deleted-namespace");
      await page.goBack();
      await text(page, ".main > p.muted", "mine.json");
      await settled(page);
      equal(await page.inputValue("#ttl-a"), "33");
      await page.goBack();
      await page.waitForFunction(() => document.documentElement.dataset.scenario === "outage-5-days-ttl-3");
      await settled(page);
      equal(await page.inputValue("#ttl-a"), "5");
    },
  },
  {
    name: "a TTL that is none is refused in words, and neither saved nor found by a reload",
    async run({ page, url }) {
      await open(page, url);
      for (const [days, said] of [["3.5", /image_ttl_days.*3\.5.*0.*36500/], ["-1", /image_ttl_days.*-1.*overwrite/], ["99999", /36500/]]) {
        await page.fill("#ttl-a", days);
        await text(page, "#means-a", said);
      }
      holds((await exported(page, "Configuration A as YAML")).includes("image_ttl_days: 3\n"), "the YAML has it");
      await page.fill("#ttl-a", "");
      await text(page, "#means-a", "Days are missing");
      await page.locator("#ttl-a").blur();
      equal(await page.inputValue("#ttl-a"), "99999");
      // The address follows after a while.
      const before = await page.evaluate(() => location.hash);
      await page.fill("#ttl-b", "7");
      await settled(page);
      await page.waitForFunction((hash) => location.hash !== hash, before);
      await page.reload();
      await ready(page);
      equal([await page.inputValue("#ttl-a"), await page.inputValue("#ttl-b")], ["3", "7"]);
    },
  },
  {
    name: "a link that the engine refuses says why, and the page opens all the same",
    async run({ page, url }) {
      await open(page, `${url}#${linkTo({ scenario: "deleted-namespace", a: { image_ttl_days: 99_999, image_ingest_overwrite: false } })}`);
      await text(page, ".notice", /This link does not open.*99999/);
      equal(await page.evaluate(() => document.documentElement.dataset.scenario), "outage-5-days-ttl-3");
    },
  },
  {
    name: "why: the report that saw it last, and the one that overwrote it",
    async run({ page, url }) {
      await open(page, url);
      const lines = [report(0, ["a", "b"]), report(300, ["a", "b"]), report(600, ["b"])].map((one) => JSON.stringify(one));
      await opened(page, upload("three.ndjson", lines.join("\n")));
      await page.check("#overwrite-a");
      await page.uncheck("#overwrite-b");
      await settled(page);
      await page.fill("#search", "containerd://a");
      await page.locator("[role=grid] .body [role=row]").first().click();
      await page.locator("#scrubber").press("End");
      await text(page, "[data-testid=why-a]", "by report 3");
      await text(page, "[data-testid=why-a]", "Report 3, which overwrote it");
      await text(page, "[data-testid=why-a]", "Report 2, which saw it last");
      await text(page, "[data-testid=why-b]", "Report 2, which saw it last");
      await page.getByRole("button", { name: "Report 3, which overwrote it" }).click();
      await text(page, "dialog h2", "Report 3");
    },
  },
  {
    name: "a fixture sweeps before a report of the same second, and is refused where nobody could read it",
    async run({ page, url }) {
      await open(page, url);
      const lines = [0, 86_401, 172_802].map((seconds) => JSON.stringify(report(seconds, ["a"])));
      await opened(page, upload("edge.ndjson", lines.join("\n")));
      await page.fill("#ttl-a", "1");
      await text(page, "[data-testid=headline-a]", "Removes 2 running items");
      const { steps } = JSON.parse(await exported(page, "Conformance fixture"));
      equal(steps.flatMap(({ expect }) => expect.removed.map(({ kind }) => kind)).filter((kind) => kind === "pod").length, 2);
      await choose(page, "hundred-thousand-items");
      await page.locator(".menu summary").click();
      await page.getByRole("button", { name: "Conformance fixture" }).click();
      await text(page, ".notice", /No fixture was made: its \d+ steps would list/);
    },
  },
];
