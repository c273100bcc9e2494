// All of it without a mouse.
import { choose, leaveDialog, open, ready, settled } from "../browser.js";
import { equal, holds, text } from "../expect.js";

const focused = (page) =>
  page.evaluate(() => {
    const element = document.activeElement;
    return element.id || element.getAttribute("aria-label") || element.textContent.trim().slice(0, 40);
  });

/** Goes on by Tab until something has the focus. */
async function tabTo(page, wanted, most = 60) {
  const way = [];
  for (let press = 0; press < most; press += 1) {
    await page.keyboard.press("Tab");
    way.push(await focused(page));
    if (way.at(-1) === wanted) return way;
  }
  throw new Error(`Tab never comes to “${wanted}”: ${way.join(" > ")}`);
}

export default [
  {
    name: "from the first scenario to a safe TTL, to the why of an item, and to a link",
    async run({ page, url }) {
      await open(page, url);
      await tabTo(page, "scenario");
      await page.keyboard.press("Home");
      await settled(page);
      await text(page, "[data-testid=headline-a]", "✗");
      await page.keyboard.press("Escape");
      await page.evaluate(() => document.activeElement.blur());
      // The first wrong removal, and why it is one.
      await page.keyboard.press("p");
      await page.keyboard.press("n");
      await tabTo(page, "Items");
      await page.keyboard.press("ArrowDown");
      const item = await page.evaluate(() => document.querySelector("[aria-selected=true][role=row] .mono").textContent);
      await page.keyboard.press("Enter");
      equal(await focused(page), "why");
      await text(page, "[data-testid=why-item]", item);
      // The safe TTL.
      await page.keyboard.press("a");
      equal(await focused(page), "ttl-a");
      await tabTo(page, "Use in A");
      await page.keyboard.press("Enter");
      await settled(page);
      await text(page, "[data-testid=headline-a]", "✓");
      await text(page, "[data-testid=announce]", "A:");
      // The link.
      await page.keyboard.press("?");
      await page.waitForSelector("dialog .keys");
      await leaveDialog(page);
      await tabTo(page, "Copy link", 120);
      await page.keyboard.press("Enter");
      await page.waitForFunction(() => document.querySelector("dialog textarea")?.value.includes("#v1."));
      await leaveDialog(page);
    },
  },
  {
    name: "keys move the instant, and are off while something is typed",
    async run({ page, url }) {
      await open(page, url);
      const at = async () => Number((await page.locator(".transport output").textContent()).replace("day ", ""));
      await page.locator("#scrubber").focus();
      await page.keyboard.press("Home");
      equal(await at(), 0);
      await page.keyboard.press("]");
      equal(await at(), 1);
      for (let hour = 0; hour < 12; hour += 1) await page.keyboard.press(".");
      equal(await at(), 1.5);
      await page.keyboard.press(",");
      await page.keyboard.press("[");
      equal(await at(), 0.46);
      await page.keyboard.press("End");
      const end = await at();
      await page.keyboard.press("PageDown");
      holds(Math.abs(await at() - end * 0.9) < 0.02, `a tenth back from ${end} is ${await at()}`);
      await page.keyboard.press("/");
      await page.waitForFunction(() => document.activeElement.id === "search");
      const before = await at();
      await page.keyboard.type("]]nbp?");
      equal(await at(), before);
      equal(await page.inputValue("#search"), "]]nbp?");
      equal(await page.locator("dialog").count(), 0);
    },
  },
  {
    name: "nothing that has the focus is out of sight, and the order is that of reading",
    async run({ page, url }) {
      await open(page, url);
      const way = [];
      for (let press = 0; press < 80; press += 1) {
        await page.keyboard.press("Tab");
        const name = await focused(page);
        if (way.includes(name) && name === way[0]) break;
        const seen = await page.evaluate(() => {
          const element = document.activeElement;
          if (element === document.body) return true;
          const box = (element.closest("label.file") ?? element).getBoundingClientRect();
          return box.bottom > 0 && box.top < innerHeight && box.width > 0;
        });
        holds(seen, `${name} has the focus and is out of sight`);
        way.push(name);
      }
      const order = ["scenario", "ttl-a", "overwrite-a", "ttl-b", "overwrite-b", "scrubber", "tab-items", "search"];
      const places = order.map((name) => way.indexOf(name));
      equal(places.filter((place) => place < 0), [], `not reached: ${order.filter((_, index) => places[index] < 0)}; way: ${way.join(" > ")}`);
      equal([...places].sort((a, b) => a - b), places, `order: ${way.join(" > ")}`);
    },
  },
  {
    name: "the focus stays on something, whatever vanishes",
    async run({ page, url }) {
      await open(page, url);
      await page.getByRole("button", { name: "Use the smallest safe TTL" }).first().press("Enter");
      await settled(page);
      equal(await focused(page), "Verdict of A");
      for (const name of ["Undo", "Redo"]) {
        await page.getByRole("button", { name }).press("Enter");
        await settled(page);
        equal(await page.getByRole("button", { name }).isDisabled(), true);
        equal(await focused(page), name);
      }
      await page.fill("#ttl-a", "3");
      const use = page.getByRole("button", { name: "Use in A" });
      await use.press("Enter");
      await settled(page);
      equal(await use.isDisabled(), true);
      equal(await focused(page), "Use in A");
      await page.getByRole("button", { name: "Remove: Agent outage" }).press("Enter");
      await settled(page);
      equal(await page.locator(".fault").count(), 0);
      equal(await focused(page), "Add a fault");
    },
  },
  {
    name: "the first wrong removal is gone to, with the page and the focus",
    async run({ page, url }) {
      for (const viewport of [{ width: 1360, height: 900 }, { width: 390, height: 844 }]) {
        await page.setViewportSize(viewport);
        await open(page, url);
        await page.getByRole("button", { name: "Show the first" }).press("Enter");
        await page.waitForFunction(() => document.activeElement.id === "why");
        const { y } = await page.locator("#why").boundingBox();
        holds(y >= 0 && y < viewport.height / 2, `why is at ${y}`);
      }
    },
  },
  {
    name: "the item of the longest gap is gone to, whatever is filtered",
    async run({ page, url }) {
      await open(page, url);
      await page.click("#tab-reports");
      await page.locator(".spaces button").last().click();
      const link = page.getByRole("region", { name: "Smallest safe TTL" }).locator(".link");
      const name = await link.textContent();
      await link.press("Enter");
      await page.waitForFunction(() => document.activeElement.id === "why");
      await text(page, "[data-testid=why-item]", name);
      equal(await page.locator("[role=row][aria-selected=true]").count(), 1);
    },
  },
  {
    name: "a head of the table orders by Enter, once more the other way round",
    async run({ page, url }) {
      await open(page, url);
      await choose(page, "two-clusters-one-name");
      const cells = (column) => page.$$eval("[role=grid] .body [role=row]", (rows, place) => rows.map((row) => row.children[place].title || row.children[place].textContent), column);
      for (const [column, name] of [[0, "Item"], [1, "Where"], [2, "A on day"], [3, "B"]]) {
        const head = page.getByRole("columnheader").nth(column);
        await page.getByRole("button", { name, exact: name === "B" }).press("Enter");
        // The rows are in the order of items as they come.
        equal(await head.getAttribute("aria-sort"), column === 0 ? "descending" : "ascending");
        const before = await cells(column);
        await page.keyboard.press("Enter");
        equal(await head.getAttribute("aria-sort"), column === 0 ? "ascending" : "descending");
        holds((await focused(page)).startsWith(name), `${name}: the focus is on ${await focused(page)}`);
        if (column === 1) holds(before[0] < (await cells(column))[0], `${before[0]} is first either way`);
      }
    },
  },
  {
    name: "reports are ordered by each of their columns, and walked in that order",
    async run({ page, url }) {
      await open(page, url);
      await choose(page, "two-clusters-one-name");
      await page.click("#tab-reports");
      const grid = page.getByRole("grid", { name: "Reports" });
      const cells = (column) => page.$$eval("[role=grid] .body [role=row]", (rows, place) => rows.slice(0, 5).map((row) => row.children[place].textContent), column);
      const overwritten = (text) => Number(text.split("−")[1]);
      for (const [column, name, value] of [[1, "Cluster", (text) => text], [2, "Contexts", Number], [3, "Rows", Number], [4, "A", overwritten], [5, "B", overwritten], [0, "Day", Number]]) {
        const head = page.getByRole("button", { name, exact: true });
        const first = [];
        for (const order of ["ascending", "descending"]) {
          await head.press("Enter");
          equal(await page.getByRole("columnheader").nth(column).getAttribute("aria-sort"), order);
          await grid.evaluate((element) => (element.scrollTop = 0));
          await page.waitForFunction(() => document.querySelector("[role=grid] .body [role=row]").ariaRowIndex === "2");
          const found = (await cells(column)).map(value);
          const isDown = order === "descending";
          equal([...found].sort((one, other) => (one < other === isDown ? 1 : one === other ? 0 : -1)), found, `${name}, ${order}`);
          first.push(found[0]);
        }
        if (["Day", "Cluster"].includes(name)) holds(first[0] < first[1], `${name}: ${first[0]} is first either way`);
      }
      // The last report is first now, and the next one down came before it.
      await grid.press("Home");
      const days = await cells(0);
      equal(await page.locator("[role=row][aria-selected=true] [role=gridcell]").first().textContent(), days[0]);
      await grid.press("ArrowDown");
      await grid.press("ArrowDown");
      equal(await page.locator("[role=row][aria-selected=true] [role=gridcell]").first().textContent(), days[2]);
      await choose(page, "rolling-deployments");
      await page.click("#tab-reports");
      for (let press = 0; press < 2; press += 1) await page.getByRole("button", { name: "B", exact: true }).press("Enter");
      await grid.evaluate((element) => (element.scrollTop = 0));
      await page.waitForFunction(() => document.querySelector("[role=grid] .body [role=row]").ariaRowIndex === "2");
      holds(overwritten((await cells(5))[0]) > 0, "nothing that B overwrote is first");
    },
  },
  {
    name: "reports are walked one by one, also those of one instant",
    async run({ page, url }) {
      await open(page, url);
      await choose(page, "batches-by-namespace");
      await page.click("#tab-reports");
      const chosen = () => page.locator("[role=row][aria-selected=true]").getAttribute("id");
      await page.getByRole("grid", { name: "Reports" }).press("Home");
      await page.locator("#report-0").click();
      equal(await chosen(), "report-0");
      const way = [];
      for (const key of ["ArrowDown", "ArrowDown", "ArrowDown", "ArrowUp", "ArrowUp", "ArrowUp"]) {
        await page.keyboard.press(key);
        way.push(await chosen());
      }
      equal(way, ["report-1", "report-2", "report-3", "report-2", "report-1", "report-0"]);
      // Moved by something else, the instant has the last report that was received by then.
      await page.keyboard.press("]");
      const later = await chosen();
      holds(Number(later.slice("report-".length)) > 3, later);
    },
  },
  {
    name: "a closed list that is walked by arrows is one step back, and opens its first and last choice alone",
    async run({ page, url }) {
      await open(page, url);
      const ids = await page.$$eval("#scenario option", (options) => options.map(({ value }) => value));
      const loaded = [];
      page.on("request", (request) => loaded.push(request.url()));
      const steps = await page.evaluate(() => history.length);
      await page.focus("#scenario");
      for (let press = 0; press < 4; press += 1) await page.keyboard.press("ArrowDown");
      await page.waitForFunction((id) => document.documentElement.dataset.scenario === id, ids[4]);
      await settled(page);
      equal(ids.filter((id) => loaded.some((address) => address.includes(`-${id}-`))), [ids[1], ids[4]]);
      equal(await page.evaluate(() => history.length), steps + 1);
      await page.waitForTimeout(500);
      await page.goBack();
      await page.waitForFunction((id) => document.documentElement.dataset.scenario === id, ids[0]);
      await settled(page);
      // Nor does a list of faults do anything before it is told to.
      await page.getByLabel("Kind of fault").focus();
      await page.keyboard.press("ArrowDown");
      equal(await page.locator(".fault").count(), 1);
      await tabTo(page, "Add a fault");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "A batch is lost" }).waitFor();
    },
  },
  {
    name: "keys that are pressed alone can be switched off, and stay off",
    async run({ page, url }) {
      await open(page, url);
      const at = () => page.locator(".transport output").textContent();
      const before = await at();
      await page.keyboard.press("?");
      await page.getByLabel("Keys that are pressed alone act").uncheck();
      await leaveDialog(page);
      for (const isAgain of [false, true]) {
        if (isAgain) {
          await page.reload();
          await ready(page);
        }
        for (const key of ["[", ",", "p", "?"]) await page.keyboard.press(key);
        equal(await at(), before);
        equal(await page.locator("dialog").count(), 0);
      }
      await page.getByRole("button", { name: "Keys and help" }).click();
      await page.getByLabel("Keys that are pressed alone act").check();
      await leaveDialog(page);
      await page.keyboard.press("[");
      holds((await at()) !== before, "it does not act any more");
    },
  },
  {
    name: "the next wrong removal is shown, whatever was filtered",
    async run({ page, url }) {
      await open(page, url);
      await page.fill("#search", "shop");
      await page.getByLabel("Namespace or cluster").selectOption({ index: 2 });
      await page.evaluate(() => document.activeElement.blur());
      await page.keyboard.press("p");
      await page.keyboard.press("n");
      equal(await page.inputValue("#search"), "");
      equal(await page.getByLabel("Namespace or cluster").inputValue(), "");
      equal(await page.locator("[role=row][aria-selected=true]").count(), 1);
    },
  },
];
