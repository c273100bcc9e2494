// With a mouse: plots, lanes and curve answer to it.
import { choose, open, settled } from "../browser.js";
import { equal, holds, text } from "../expect.js";

const at = async (page) => Number((await page.locator(".transport output").textContent()).replace("day ", ""));

export default [
  {
    name: "dragging on the chart, on a lane or the scrubber moves the instant",
    async run({ page, url }) {
      await open(page, url);
      for (const selector of [".plot", ".spaces canvas", ".lanes"]) {
        await page.locator(selector).scrollIntoViewIfNeeded();
        const box = await page.locator(".plot .u-over").boundingBox();
        const { y, height } = await page.locator(selector).boundingBox();
        await page.mouse.move(box.x + box.width / 4, y + height / 2);
        await page.mouse.down();
        const quarter = await at(page);
        await page.mouse.move(box.x + box.width / 2, y + height / 2, { steps: 4 });
        await page.mouse.up();
        const half = await at(page);
        holds(Math.abs(half - 2 * quarter) < 0.3 && quarter > 0, `${selector}: ${quarter}, then ${half}`);
      }
    },
  },
  {
    name: "the edges of an outage are dragged, and the verdict follows",
    async run({ page, url }) {
      await open(page, url);
      const before = await text(page, "[data-testid=headline-a]", "Removes");
      const edges = page.locator(".plot .edge");
      holds((await edges.count()) >= 2, "the first scenario has no outage");
      const [start, end] = [await edges.nth(0).boundingBox(), await edges.nth(1).boundingBox()];
      const middle = end.y + end.height / 2;
      await page.mouse.move(end.x + end.width / 2, middle);
      await page.mouse.down();
      await page.mouse.move(start.x + start.width / 2 + 4, middle, { steps: 6 });
      await page.mouse.up();
      await settled(page);
      const days = Number(await page.locator(".fault input").nth(1).inputValue());
      holds(days < 1, `the outage still lasts ${days} days`);
      const after = await text(page, "[data-testid=headline-a]", "Removes nothing");
      holds(before !== after, before);
    },
  },
  {
    name: "a lane and its row are one: chosen, lit and scrolled together",
    async run({ page, url }) {
      await open(page, url);
      // It has more items than there is room for.
      await choose(page, "rolling-deployments");
      const row = page.locator("[role=grid] .body [role=row]").nth(8);
      const name = await row.locator(".mono").textContent();
      await row.click();
      await text(page, "[data-testid=why-item]", name);
      const lanes = await page.locator(".lanes").boundingBox();
      await page.mouse.move(lanes.x + 40, lanes.y + 3 * 22 + 8);
      await page.mouse.down();
      await page.mouse.up();
      const chosen = await page.locator("[role=row][aria-selected=true] .mono").textContent();
      holds((await page.locator("[data-testid=why-item]").textContent()).endsWith(chosen), chosen);
      await page.locator(".grid").evaluate((grid) => (grid.scrollTop = 3000));
      await page.waitForFunction(() => Math.abs(document.querySelector(".lanes").scrollTop / 22 - 100) < 3);
      await page.locator(".lanes").evaluate((box) => (box.scrollTop = 22 * 30));
      await page.waitForFunction(() => Math.abs(document.querySelector(".grid").scrollTop / 30 - 30) < 3);
    },
  },
  {
    name: "the curve sets a TTL, a namespace's name filters, and one click makes A safe",
    async run({ page, url }) {
      await open(page, url);
      const over = page.locator(".curve .u-over");
      await over.scrollIntoViewIfNeeded();
      const box = await over.boundingBox();
      await page.mouse.click(box.x + box.width * 0.75, box.y + box.height / 2);
      await settled(page);
      const days = Number(await page.inputValue("#ttl-a"));
      holds(days > 4, `TTL is ${days}`);
      await page.keyboard.press("Control+z");
      await settled(page);
      const all = await text(page, ".filters > .small", "of");
      await page.locator(".spaces button").first().click();
      await page.waitForFunction((before) => document.querySelector(".filters > .small").textContent !== before, all);
      await page.locator(".spaces button").first().click();
      await page.getByRole("button", { name: "Use the smallest safe TTL" }).first().click();
      await settled(page);
      await text(page, "[data-testid=headline-a]", "✓");
      equal(await page.getByRole("button", { name: "Use in A" }).isDisabled(), true);
    },
  },
  {
    name: "it plays to the end and stops there",
    async run({ page, url }) {
      await open(page, url);
      await page.locator("#scrubber").focus();
      await page.keyboard.press("Home");
      await page.getByLabel("Speed").selectOption("30");
      await page.getByRole("button", { name: "Play" }).click();
      await page.getByRole("button", { name: "Pause" }).waitFor();
      await page.getByRole("button", { name: "Play" }).waitFor({ timeout: 30_000 });
      const end = await page.locator("#scrubber").evaluate((range) => range.max === range.value);
      equal(end, true);
    },
  },
  {
    name: "a tap on the chart moves the instant, and scrolling over it does not",
    view: { viewport: { width: 390, height: 844 }, hasTouch: true },
    async run({ page, url }) {
      await open(page, url);
      const { x, y, width, height } = await page.locator(".plot .u-over").boundingBox();
      await page.touchscreen.tap(x + width / 4, y + height / 2);
      const quarter = await at(page);
      await page.touchscreen.tap(x + width * 0.75, y + height / 2);
      const later = await at(page);
      holds(Math.abs(later - 3 * quarter) < 0.3 && quarter > 0, `${quarter}, then ${later}`);
      // What a browser tells of a finger that scrolls: it takes it over.
      await page.locator(".plot .u-over").evaluate((over, clientX) => {
        for (const [type, clientY] of [["pointerdown", 300], ["pointermove", 280], ["pointercancel", 0]]) {
          over.dispatchEvent(new PointerEvent(type, { pointerType: "touch", bubbles: true, clientX, clientY }));
        }
      }, x + width / 4);
      equal(await at(page), later);
    },
  },
];
