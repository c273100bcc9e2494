// A link opens to the view it was made of, in another browser; what is no link says so.
import { addFault, choose, leaveDialog, open, ready, settled, shown } from "../browser.js";
import { equal, holds, text } from "../expect.js";

async function linkOf(page) {
  await page.getByRole("button", { name: "Copy link" }).click();
  await page.waitForFunction(() => document.querySelector("dialog textarea")?.value.includes("#v1."));
  const link = await page.inputValue("dialog textarea");
  await leaveDialog(page);
  return link;
}

const garbage = ["#v1.", "#v1.AAAA", "#v1.%%%", "#nonsense", "#v2.abcd", "#v1.S0ktyUgtUSgtTi1SyEksyVMoSS0uAQA", `#v1.${"A".repeat(20_000)}`];

export default [
  {
    name: "a link opens to the same view elsewhere",
    async run({ page, fresh, url }) {
      await open(page, url);
      await page.fill("#ttl-a", "9");
      await page.check("#overwrite-a");
      await page.fill("#ttl-b", "2");
      await addFault(page, "outage");
      await settled(page);
      await page.locator("#scrubber").press("PageDown");
      await page.locator("[role=grid] .body [role=row]").first().click();
      await page.click("#tab-diff");
      await settled(page);
      const before = await shown(page);
      const other = await fresh();
      await other.goto(await linkOf(page));
      await ready(other);
      await text(other, "[data-testid=why-item]", before.item);
      equal(await shown(other), before);
    },
  },
  {
    name: "a link with data of one's own holds no name of it, and has the same verdict",
    async run({ page, fresh, url }) {
      await open(page, url);
      const report = (hour, pods) => JSON.stringify({
        cluster_name: "secret-cluster", timestamp: new Date(Date.UTC(2026, 0, 1, hour)).toISOString(),
        namespaces: [{ uid: "ns-uid-1", name: "secret-namespace" }],
        pods: pods.map((name) => ({ uid: `uid-${name}`, name, namespace_uid: "ns-uid-1" })),
        containers: pods.map((name) => ({ id: `containerd://${name}`, name, image_tag: `registry.internal/${name}:1`, pod_uid: `uid-${name}` })),
      });
      const lines = Array.from({ length: 240 }, (_, hour) => report(hour * 2, hour % 100 < 50 ? ["secret-pod", "other-pod"] : ["other-pod"]));
      await page.setInputFiles("input[type=file]", { name: "secret-file.ndjson", mimeType: "application/json", buffer: Buffer.from(lines.join("\n")) });
      await page.waitForFunction(() => document.documentElement.dataset.scenario === "");
      await settled(page);
      await page.fill("#ttl-a", "2");
      await settled(page);
      const headline = await text(page, "[data-testid=headline-a]", "Removes");
      // Data of one's own are in no address before they are asked for.
      await page.waitForFunction(() => !location.hash);
      const link = await linkOf(page);
      const other = await fresh();
      await other.goto(link);
      await ready(other);
      await text(other, "[data-testid=headline-a]", headline);
      await other.click("#tab-data");
      const held = await other.inputValue(".editor textarea");
      for (const name of ["secret", "other-pod", "registry", "ns-uid", "containerd"]) holds(!held.includes(name), `“${name}” is in the link`);
      return `${link.length} characters`;
    },
  },
  {
    name: "what is no link says so, and the page opens all the same",
    async run({ fresh, url }) {
      for (const fragment of garbage) {
        const page = await fresh();
        await open(page, `${url}${fragment}`);
        await text(page, ".notice", "This link does not open");
      }
    },
  },
  {
    name: "Back leads from one scenario to the one before, and a reload stays",
    async run({ page, url }) {
      await open(page, url);
      const ids = await page.$$eval("#scenario option", (options) => options.map(({ value }) => value));
      await page.fill("#ttl-a", "11");
      await settled(page);
      await page.waitForTimeout(500);
      await choose(page, ids[1]);
      await page.waitForTimeout(500);
      await page.reload();
      await ready(page);
      equal((await shown(page)).scenario, ids[1]);
      await page.goBack();
      await page.waitForFunction((id) => document.documentElement.dataset.scenario === id, ids[0]);
      await settled(page);
      equal((await shown(page)).a[0], "11");
    },
  },
  {
    name: "undo and redo go through the settings",
    async run({ page, url }) {
      await open(page, url);
      const before = await shown(page);
      await page.fill("#ttl-b", "44");
      await page.waitForTimeout(700);
      await page.getByRole("button", { name: "Swap A and B" }).click();
      await settled(page);
      equal((await shown(page)).a[0], "44");
      await page.locator("h1").click();
      await page.keyboard.press("Control+z");
      await page.keyboard.press("Control+z");
      await settled(page);
      equal((await shown(page)).b, before.b);
      equal((await shown(page)).verdicts, before.verdicts);
      await page.keyboard.press("Control+Shift+z");
      await settled(page);
      equal((await shown(page)).b[0], "44");
    },
  },
];
