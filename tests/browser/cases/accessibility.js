// axe finds nothing, in every scheme and size; and charts are really drawn in each, which axe cannot see.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { open, ready } from "../browser.js";
import { equal, holds } from "../expect.js";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const SCHEMES = { light: { colorScheme: "light" }, dark: { colorScheme: "dark" }, forced: { forcedColors: "active" } };
const SIZES = { wide: { width: 1360, height: 900 }, narrow: { width: 390, height: 844 } };

async function violations(page) {
  // By evaluation: the page's policy lets no script element in.
  await page.evaluate(axe);
  // A target that is half under the header is no small one: it scrolls.
  await page.evaluate(() => scrollTo(0, 0));
  const { violations: found } = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
  return found.flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 140)} ${failureSummary.split("\n").slice(0, 3).join(" ")}`));
}

/** Colours in each canvas of the page that are not its background. */
const drawn = (page) =>
  page.evaluate(() =>
    [...document.querySelectorAll("canvas")].map((canvas) => {
      const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const colours = new Set();
      for (let pixel = 0; pixel < data.length; pixel += 4) {
        if (data[pixel + 3] > 200) colours.add((data[pixel] << 16) | (data[pixel + 1] << 8) | data[pixel + 2]);
      }
      return colours.size;
    }),
  );

const views = {
  items: async () => {},
  reports: (page) => page.click("#tab-reports"),
  difference: (page) => page.click("#tab-diff"),
  data: async (page) => {
    await page.click("#tab-data");
    await page.focus(".editor textarea");
    await page.waitForSelector(".cm-content");
  },
  link: async (page) => {
    await page.getByRole("button", { name: "Copy link" }).click();
    await page.waitForSelector("dialog textarea");
  },
  help: async (page) => {
    await page.keyboard.press("?");
    await page.waitForSelector("dialog .keys");
  },
};

const matrix = Object.entries(SCHEMES).flatMap(([scheme, colours]) =>
  Object.entries(SIZES).map(([size, viewport]) => ({
    name: `axe finds nothing, ${scheme}, ${size}`,
    view: { ...colours, viewport },
    async run({ page, url }) {
      // Every view in one scheme; the others differ by their colours, which the first and a dialog show.
      const here = scheme === "light" ? views : { items: views.items, data: views.data, link: views.link };
      for (const [name, go] of Object.entries(here)) {
        await open(page, url);
        await go(page);
        equal((await violations(page)).map((line) => `${name}: ${line}`), []);
        await page.goto("about:blank");
      }
      await open(page, url);
      // The curve comes last, when the page has time for it.
      let colours = await drawn(page);
      const isWhole = () => colours.length >= 4 && colours.every((count) => count >= 3);
      for (let tries = 0; tries < 50 && !isWhole(); tries += 1) {
        await page.waitForTimeout(100);
        colours = await drawn(page);
      }
      holds(colours.length >= 4, `${colours.length} canvases, expected chart, namespaces, lanes and curve`);
      for (const count of colours) holds(count >= 3, `a canvas has ${count} colours: ${colours}`);
    },
  })),
);

/** sRGB luminance and contrast, as WCAG has them. */
function contrast(one, other) {
  const luminance = (rgb) => {
    const [r, g, b] = rgb.map((part) => (part / 255 <= 0.04045 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const tokens = ["light", "dark"].map((colorScheme) => ({
  name: `colours are told from their ground, ${colorScheme}`,
  view: { colorScheme },
  async run({ page, url }) {
    await open(page, url);
    const read = await page.evaluate(() => {
      const style = getComputedStyle(document.documentElement);
      return Object.fromEntries(["ink", "muted", "control", "page", "card", "a", "b", "wrong", "stale", "good"].map((name) => [name, style.getPropertyValue(`--${name}`).match(/[\d.]+/g).slice(0, 3).map(Number)]));
    });
    for (const ground of ["page", "card"]) {
      for (const ink of ["ink", "muted", "wrong", "stale", "good", "a", "b"]) {
        const found = contrast(read[ink], read[ground]);
        holds(found >= 4.5, `--${ink} on --${ground}: ${found.toFixed(2)}`);
      }
      const found = contrast(read.control, read[ground]);
      holds(found >= 3, `--control on --${ground}: ${found.toFixed(2)}`);
    }
  },
}));

export default [
  ...matrix,
  ...tokens,
  {
    name: "targets are 24 pixels or more",
    async run({ page, url }) {
      await open(page, url);
      const small = await page.evaluate(() =>
        [...document.querySelectorAll("button, select, summary, input:not(.hidden), [role=tab]")]
          .filter((element) => element.checkVisibility() && !element.matches(".link"))
          .map((element) => ({ box: element.getBoundingClientRect(), name: element.outerHTML.slice(0, 90) }))
          // A check box has its label beside it, and room around it.
          .filter(({ box, name }) => (box.height < 24 || box.width < 24) && !name.includes("checkbox"))
          .map(({ name, box }) => `${name} ${box.width}x${box.height}`),
      );
      equal(small, []);
    },
  },
  {
    name: "who wants no motion sees none but steps",
    view: { reducedMotion: "reduce" },
    async run({ page, url }) {
      await open(page, url);
      await ready(page);
      await page.locator("#scrubber").focus();
      await page.keyboard.press("Home");
      const at = () => page.locator(".transport output").textContent();
      const before = await at();
      await page.getByRole("button", { name: "Play" }).click();
      await page.waitForTimeout(400);
      equal(await at(), before);
      await page.waitForTimeout(1000);
      holds((await at()) !== before, "it does not move on at all");
    },
  },
  {
    name: "in forced colours the row that is chosen and the tab that is open are told from the others",
    view: { forcedColors: "active" },
    async run({ page, url }) {
      await open(page, url);
      await page.locator("[role=grid] .body [role=row]").nth(3).click();
      const outlines = await page.$$eval("[role=grid] .body [role=row]", (rows) => rows.map((row) => [row.ariaSelected, getComputedStyle(row).outlineStyle]));
      equal(outlines.filter(([isSelected]) => isSelected === "true"), [["true", "solid"]]);
      holds(outlines.every(([isSelected, outline]) => isSelected === "true" || outline === "none"), String(outlines));
      const lines = await page.$$eval("[role=tab]", (tabs) => tabs.map((tab) => [tab.ariaSelected, getComputedStyle(tab).borderBottomColor, getComputedStyle(document.documentElement).backgroundColor]));
      for (const [isSelected, line, ground] of lines) equal(line === ground, isSelected === "false", String(lines));
    },
  },
  {
    name: "what was done is said where it is seen, however far the page is scrolled",
    async run({ page, url }) {
      for (const viewport of [{ width: 1360, height: 900 }, { width: 390, height: 844 }]) {
        await page.setViewportSize(viewport);
        await open(page, url);
        await page.getByRole("button", { name: "Check it against the rules" }).click();
        const said = page.locator(".notice");
        await said.waitFor();
        const { y, height } = await said.boundingBox();
        const header = await page.locator(".header").boundingBox();
        holds(y >= Math.max(0, header.y + header.height) && y + height < viewport.height, `it is at ${y}, the header ends at ${header.y + header.height}`);
      }
    },
  },
];
