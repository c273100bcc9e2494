// The whole way of somebody who has heard of an outage: a scenario, its harm, a TTL that is safe, reports of one's own, a link.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { choose, open, ready, settled, shown } from "../browser.js";
import { equal, holds, text } from "../expect.js";
import { places } from "../places.js";

const REPORTS = ["k8s-report.json", "k8s-report-next-poll.json"];

/** Drops files on the page, as from a folder. */
async function drop(page, names) {
  const files = await Promise.all(names.map(async (name) => ({ name, text: await readFile(join(places.reports, name), "utf8") })));
  await page.evaluate(async (dropped) => {
    const dataTransfer = new DataTransfer();
    for (const { name, text } of dropped) dataTransfer.items.add(new File([text], name, { type: "application/json" }));
    const tell = (type) => document.querySelector("main").dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
    tell("dragover");
    await new Promise(requestAnimationFrame);
    if (!document.querySelector(".drop")) throw new Error("nothing says that files may be dropped");
    tell("drop");
  }, files);
  await page.waitForFunction(() => document.documentElement.dataset.scenario === "");
  await settled(page);
}

/** The link that the button puts on the clipboard. */
async function copied(page, { hashed }) {
  await page.getByRole("button", { name: "Copy link" }).click();
  const made = (before) => page.waitForFunction((old) => {
    const link = document.querySelector("dialog textarea")?.value ?? "";
    return link.includes("#v1.") && link !== old;
  }, before);
  await made("");
  const names = page.getByLabel("Replace names by hashes");
  equal(await names.isChecked(), true);
  if (!hashed) {
    const before = await page.inputValue("dialog textarea");
    await names.uncheck();
    await made(before);
  }
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await text(page, ".notice", "The link was copied");
  return page.evaluate(() => navigator.clipboard.readText());
}

export default [
  {
    name: "from an outage to a safe TTL, to reports of one's own, to the same view elsewhere",
    async run({ page, fresh, url }) {
      await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
      await open(page, url);
      await choose(page, "defaults-for-a-year");
      await page.selectOption("#scenario", { label: "Agent outage of 5 days, TTL 3" });
      await text(page, "[data-testid=headline-a]", "✗ Removes 80 running items");
      await text(page, ".verdict[data-side=a]", "The TTL is shorter than a silence");
      await page.getByRole("button", { name: "Use the smallest safe TTL: 6 days" }).click();
      await text(page, "[data-testid=headline-a]", "✓ Removes nothing that still runs");
      equal(await page.inputValue("#ttl-a"), "6");

      await drop(page, REPORTS);
      await text(page, ".main > p", "k8s-report-next-poll.json, k8s-report.json");
      equal(await page.inputValue("#ttl-a"), "6");
      await page.check("#overwrite-a");
      await page.fill("#ttl-b", "1");
      await settled(page);
      await page.locator("[role=grid] .body [role=row]").nth(2).click();
      const before = await shown(page);
      holds(before.verdicts.length === 2 && before.item, JSON.stringify(before));

      for (const hashed of [true, false]) {
        const link = await copied(page, { hashed });
        const other = await fresh();
        await other.goto(link);
        await ready(other);
        await text(other, ".verdict[data-side=b]", "TTL 1 day,");
        const there = await shown(other);
        // Under its hash an item is the same one by another name.
        if (hashed) holds(there.item && there.item !== before.item, there.item);
        equal(hashed ? { ...there, item: before.item } : there, before);
        equal(await page.locator(".readout").textContent(), await other.locator(".readout").textContent());
      }
    },
  },
];
