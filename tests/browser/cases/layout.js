// Nothing runs over the side, from 320 to 1920 pixels; pictures of the page are kept, to be looked at.
import { mkdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { addFault, open, settled } from "../browser.js";
import { equal, holds } from "../expect.js";
import { places } from "../places.js";

const WIDTHS = [320, 360, 390, 480, 600, 699, 700, 768, 899, 900, 1024, 1199, 1200, 1360, 1600, 1920];

/** How many pixels run over the side, once the page is painted. */
async function over(page) {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

export default [
  {
    name: "nothing runs over the side, at any width and in any view",
    async run({ page, url }) {
      await open(page, url);
      for (const tab of ["items", "reports", "diff", "data"]) {
        await page.click(`#tab-${tab}`);
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          equal(Math.max(0, await over(page)), 0, `${tab} at ${width}`);
        }
      }
    },
  },
  {
    name: "ARNs and names of files stay within the page, and rows are told apart",
    async run({ page, url }) {
      await open(page, url);
      const files = await Promise.all(["ecs-report.json", "ecs-report-next-poll.json"].map(async (name) => (
        { name: `${"x".repeat(200)}-${name}`, mimeType: "application/json", buffer: await readFile(join(places.reports, name)) })));
      await page.setInputFiles("input[type=file]", files);
      await page.waitForFunction(() => document.documentElement.dataset.scenario === "");
      await settled(page);
      await page.locator("[role=grid] .body [role=row]").first().click();
      for (const tab of ["items", "reports", "diff", "data"]) {
        await page.click(`#tab-${tab}`);
        for (const width of WIDTHS) {
          await page.setViewportSize({ width, height: 900 });
          equal(Math.max(0, await over(page)), 0, `${tab} at ${width}`);
        }
      }
      await page.click("#tab-items");
      const names = await page.$$eval("[role=grid] .body [role=row] .mono", (cells) => cells.map((cell) => cell.textContent));
      equal(new Set(names.map((name) => name.slice(0, 12))).size, names.length, names.join("\n"));
    },
  },
  {
    name: "letters that are set apart, as WCAG 1.4.12 has them, still fit",
    view: { viewport: { width: 320, height: 800 } },
    async run({ page, url }) {
      await open(page, url);
      await page.evaluate(() => {
        const sheet = new CSSStyleSheet();
        sheet.replaceSync("* { letter-spacing: 0.12em !important; word-spacing: 0.16em !important; line-height: 1.5 !important } p { margin-bottom: 2em !important }");
        document.adoptedStyleSheets = [sheet];
        document.querySelector("details:has(.config)").open = true;
      });
      equal(Math.max(0, await over(page)), 0);
    },
  },
  {
    name: "no setting is under the header, in however many lines that is",
    async run({ page, url }) {
      await open(page, url);
      for (const width of [900, 940, 1000, 1100, 1360]) {
        await page.setViewportSize({ width, height: 700 });
        await over(page);
        await page.evaluate(() => scrollTo(0, 600));
        const [header, side] = [await page.locator(".header").boundingBox(), await page.locator(".side").boundingBox()];
        holds(side.y >= header.y + header.height - 0.5, `at ${width}: the header ends at ${header.y + header.height}, settings begin at ${side.y}`);
        equal(side.y + side.height <= 700.5, true, `at ${width}: settings end at ${side.y + side.height}`);
      }
    },
  },
  {
    name: "a phone has what becomes of an item in A and in B",
    view: { viewport: { width: 390, height: 844 } },
    async run({ page, url }) {
      await open(page, url);
      for (const tab of ["items", "diff"]) {
        await page.click(`#tab-${tab}`);
        await page.getByRole("columnheader").first().waitFor();
        equal(await page.getByRole("columnheader").allTextContents(), ["Item↑", "A, day 32.8", "B"]);
        const cells = await page.locator("[role=grid] .body [role=row]").first().getByRole("gridcell").allTextContents();
        equal(cells.slice(1), ["✗wrong 32.8", "●running"]);
        const cut = await page.$$eval("[role=grid] .body [role=row] [role=gridcell]:not(.mono)", (all) => all.filter((cell) => cell.scrollWidth > cell.clientWidth).length);
        equal(cut, 0);
      }
    },
  },
  {
    name: "letters of twice the size still fit",
    view: { viewport: { width: 1360, height: 900 } },
    async run({ page, url }) {
      await open(page, url);
      // What a browser's zoom does to a layout: half the room.
      await page.setViewportSize({ width: 680, height: 450 });
      await page.evaluate(() => (document.documentElement.style.fontSize = "200%"));
      await page.waitForTimeout(200);
      holds((await page.evaluate(() => document.documentElement.scrollWidth)) <= 680, "it runs over the side");
    },
  },
  {
    name: "chart, scrubber, namespaces and lanes have one x scale",
    async run({ page, url }) {
      await open(page, url);
      for (const width of [390, 1360]) {
        await page.setViewportSize({ width, height: 900 });
        await page.waitForTimeout(200);
        const [plot, thumb, over] = await page.evaluate(() => {
          const box = (selector) => document.querySelector(selector).getBoundingClientRect();
          const { left, right } = box(".plot .u-over");
          const range = box("#scrubber");
          const { left: from, right: to } = box(".over");
          // The middle of the thumb runs from half its width inside the range to half its width before its end.
          return [[left, right], [range.left + 8, range.right - 8], [from, to]];
        });
        for (const place of [0, 1]) {
          holds(Math.abs(plot[place] - over[place]) < 1.5, `chart ${plot} and overlays ${over} at ${width}`);
          holds(Math.abs(plot[place] - thumb[place]) < 2.5, `chart ${plot} and scrubber ${thumb} at ${width}`);
        }
      }
    },
  },
  {
    name: "the menu is within the page, at any width",
    async run({ page, url }) {
      await open(page, url);
      await page.locator(".menu summary").click();
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        await over(page);
        const { x, width: wide } = await page.locator(".menu > div").boundingBox();
        holds(x >= 0 && x + wide <= width, `at ${width} it reaches from ${x} to ${x + wide}`);
      }
    },
  },
  {
    name: "labels of faults stand beside each other, within the chart",
    async run({ page, url }) {
      await open(page, url);
      for (const kind of ["outage", "delete_namespace", "clock_skew", "empty_namespace"]) await addFault(page, kind);
      await page.locator("#scrubber").press("End");
      await addFault(page, "exclude_namespace");
      await settled(page);
      for (const width of [390, 1360]) {
        await page.setViewportSize({ width, height: 900 });
        await over(page);
        const boxes = await page.$$eval(".plot .band > *", (labels) => labels.filter((label) => label.textContent).map((label) => label.getBoundingClientRect().toJSON()));
        equal(boxes.length, 6);
        const chart = await page.locator(".plot").boundingBox();
        for (const [index, box] of boxes.entries()) {
          holds(box.right <= chart.x + chart.width && box.bottom <= chart.y + chart.height, `at ${width}: label ${index} ends at ${box.right}, ${box.bottom}`);
          const other = boxes.slice(0, index).findIndex(({ left, right, top, bottom }) => left < box.right && box.left < right && top < box.bottom && box.top < bottom);
          equal(other, -1, `at ${width}: labels ${other} and ${index} overlap`);
        }
      }
    },
  },
  {
    name: "the page does not jump while it fills",
    async run({ page, url }) {
      await page.addInitScript(() => {
        globalThis.jumps = 0;
        new PerformanceObserver((list) => { for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.jumps += entry.value; }).observe({ type: "layout-shift", buffered: true });
      });
      await open(page, url);
      await page.waitForTimeout(300);
      const jumps = await page.evaluate(() => globalThis.jumps);
      holds(jumps <= 0.05, `layout shifts sum to ${jumps.toFixed(3)}`);
      return `shift ${jumps.toFixed(3)}`;
    },
  },
  ...[["light", 1360, 900], ["dark", 1360, 900], ["light", 390, 844], ["dark", 320, 700], ["light", 1920, 1080]].map(([colorScheme, width, height]) => ({
    name: `picture, ${colorScheme}, ${width} pixels`,
    view: { colorScheme, viewport: { width, height } },
    async run({ page, url }) {
      await open(page, url);
      await mkdir(places.screenshots, { recursive: true });
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(places.screenshots, `${colorScheme}-${width}.png`), fullPage: true });
    },
  })),
];
