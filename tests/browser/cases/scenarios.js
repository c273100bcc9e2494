// Each scenario shows the verdict that its file expects, and one click makes a TTL that is too short a safe one.
import { choose, open, settled } from "../browser.js";
import { equal, holds, text } from "../expect.js";
import { scenarios } from "../fixtures.js";

const counts = new Intl.NumberFormat("en");

/** Holds a verdict's card to what the file expects of that side. */
async function verdict(page, side, expected) {
  const card = `.verdict[data-side=${side}]`;
  const headline = await text(page, `[data-testid=headline-${side}]`, /./);
  if (expected.wrong_items === 0) equal(headline, "✓ Removes nothing that still runs");
  else if (expected.wrong_items !== undefined) {
    const items = expected.wrong_items === 1 ? "item" : "items";
    equal(headline, `✗ Removes ${counts.format(expected.wrong_items)} running ${items}`);
  }
  if (expected.first_wrong_at) await text(page, card, expected.first_wrong_at.replace("T", " ").replace(/(:00)?Z$/, ""));
  if (expected.active_at_end !== undefined) await text(page, card, `At the end ${counts.format(expected.active_at_end)} kept`);
  if (expected.stale_at_end !== undefined) await text(page, card, `${counts.format(expected.stale_at_end)} of them unseen for more than a day`);
}

/** Moves to an instant, and reads how much A and B keep there. */
async function keptAt(page, time) {
  return page.evaluate(async (seconds) => {
    const range = document.querySelector("#scrubber");
    range.value = String(seconds);
    range.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    return [...document.querySelectorAll(".readout strong")].map((strong) => Number(strong.textContent.replaceAll(/[^\d]/g, "")));
  }, Date.parse(time) / 1000);
}

export default async () => [
  {
    name: "the list has all of them, by their titles",
    async run({ page, url }) {
      await open(page, url);
      const all = await scenarios();
      const listed = await page.$$eval("#scenario option", (options) => options.map(({ value, textContent }) => [value, textContent]));
      equal(listed, all.map(({ id, document }) => [id, document.title]));
      holds(all.length >= 16, `${all.length} scenarios`);
    },
  },
  ...(await scenarios()).map(({ id, document: { about, expect, a } }) => ({
    name: id,
    async run({ page, url }) {
      await open(page, url);
      await choose(page, id);
      await text(page, ".main > p", about.replaceAll(/\s+/g, " ").trim());
      if (expect.items !== undefined) await text(page, ".main > p", `${counts.format(expect.items)} items`);
      if (expect.a) await verdict(page, "a", expect.a);
      if (expect.b) await verdict(page, "b", expect.b);
      for (const { at, ...kept } of expect.active ?? []) equal(await keptAt(page, at), [kept.a, kept.b], at);
      if (expect.safe_ttl) await text(page, "[aria-labelledby=title-safe] .number", String(expect.safe_ttl.days));
      if (!expect.a?.wrong_by_ttl || expect.a.wrong_by_overwrite) return "";
      const safe = page.locator(".verdict[data-side=a]").getByRole("button", { name: "Use the smallest safe TTL" });
      await safe.click();
      await settled(page);
      await text(page, "[data-testid=headline-a]", "✓ Removes nothing that still runs");
      const days = Number(await page.inputValue("#ttl-a"));
      holds(days > a.image_ttl_days, `TTL ${days}`);
      // A day less is not safe: it is the smallest.
      await page.fill("#ttl-a", String(days - 1));
      await settled(page);
      await text(page, "[data-testid=headline-a]", "✗");
      return `safe with ${days}`;
    },
  })),
];
