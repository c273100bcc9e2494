// What must hold of any history and any setting, at any instant.
import { choose, open, settled } from "../browser.js";
import { equal, holds } from "../expect.js";
import { scenarios } from "../fixtures.js";

/** A generator of numbers that is the same in each run. */
function numbers(seed) {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}

const number = (text) => Number(text.replaceAll(",", "").match(/[\d.]+/)[0]);

/** The numbers on the page at an instant. */
async function counts(page, part) {
  return page.evaluate(async (share) => {
    const range = document.querySelector("#scrubber");
    const [from, to] = [Number(range.min), Number(range.max)];
    range.value = String(Math.round(from + (to - from) * share));
    range.dispatchEvent(new Event("input", { bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
    const readout = [...document.querySelectorAll(".readout strong")].map((strong) => strong.textContent);
    const bars = [...document.querySelectorAll(".bars .number")].map((box) => box.textContent);
    const listed = document.querySelector(".filters > .small").textContent;
    return { readout, bars, listed };
  }, part);
}

export default async () => {
  const small = (await scenarios()).filter(({ id }) => !/hundred/.test(id));
  return [
    {
      name: "what A and B keep is what only one of them keeps and what both do",
      async run({ page, url }) {
        await open(page, url);
        const next = numbers(7);
        let looked = 0;
        for (const { id } of small) {
          await choose(page, id);
          await page.click("#tab-diff");
          await page.waitForSelector(".bars");
          for (let turn = 0; turn < 6; turn += 1) {
            const { readout, bars, listed } = await counts(page, next());
            const [a, b] = readout.map(number);
            const [onlyA, onlyB, both] = bars.map(number);
            equal([onlyA + both, onlyB + both], [a, b], `${id}: ${readout} against ${bars}`);
            const [shown, items] = listed.split(" of ").map(number);
            holds(onlyA + onlyB <= shown && shown <= items && a <= items && b <= items, `${id}: ${listed}`);
            looked += 1;
          }
        }
        return `${looked} instants of ${small.length} scenarios`;
      },
    },
    {
      name: "the fast replay and the rules, report by report, come to the same",
      async run({ page, url }) {
        await open(page, url);
        for (const { id } of small) {
          await choose(page, id);
          await page.getByRole("button", { name: "Check it against the rules" }).click();
          await page.waitForFunction(() => document.querySelector(".notice")?.textContent.includes("in B ("), null, { timeout: 60_000 });
          await page.locator(".notice button").click();
        }
        return `${small.length} scenarios`;
      },
    },
    {
      name: "a longer TTL never removes more that runs",
      async run({ page, url }) {
        await open(page, url);
        for (const { id } of small.slice(0, 6)) {
          await choose(page, id);
          let last = Infinity;
          for (const days of [1, 2, 5, 9, 30]) {
            await page.fill("#ttl-a", String(days));
            await settled(page);
            const headline = await page.locator("[data-testid=headline-a]").textContent();
            const removed = headline.includes("Removes nothing") ? 0 : number(headline);
            holds(removed <= last, `${id}: TTL ${days} removes ${removed}, a shorter one ${last}`);
            last = removed;
          }
        }
      },
    },
  ];
};
