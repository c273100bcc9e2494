// Debian's Chromium, and the page as a reader gets it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync",
];

/** Starts Chromium with an empty profile, and with these flags too; `close` removes the profile. */
export async function startBrowser(...flags) {
  const profile = await mkdtemp(join(tmpdir(), "keepset-browser-"));
  const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
  const browser = await chromium.launch({ executablePath, args: [...FLAGS, ...flags], env: { ...process.env, HOME: profile } });
  const close = async () => {
    await browser.close();
    await rm(profile, { recursive: true, force: true });
  };
  return { browser, close };
}

/**
 * A page in a context of its own, watched: what it said on its console, and what it asked of others.
 * `view`: size, colour scheme and the like, as playwright's `newContext` takes them.
 */
export async function newPage(browser, view = {}) {
  const context = await browser.newContext({ viewport: { width: 1360, height: 900 }, colorScheme: "light", ...view });
  // Shared machines stall; what is wrong does not become right by then.
  context.setDefaultTimeout(90_000);
  const page = await context.newPage();
  const complaints = [];
  const requests = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`);
  });
  page.on("pageerror", (error) => complaints.push(`exception: ${error.stack}`));
  page.on("request", (request) => requests.push(request));
  return { context, page, complaints, requests };
}

/** Opens the page and waits for its verdict, and for what comes after it. */
export async function open(page, url) {
  await page.goto(url);
  await ready(page);
}

export async function ready(page) {
  await page.waitForSelector("[data-testid=headline-b]");
  await page.waitForSelector("[role=tab]");
  await settled(page);
}

/** Waits until nothing is being replayed any more. */
export async function settled(page) {
  await page.waitForFunction(() => document.documentElement.dataset.busy === "false");
}

/** Leaves a dialog by its key; a browser closes it some time after. */
export async function leaveDialog(page) {
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => !document.querySelector("dialog"));
}

/** Chooses a scenario by its id. */
export async function choose(page, id) {
  await page.selectOption("#scenario", id);
  await page.waitForFunction((wanted) => document.documentElement.dataset.scenario === wanted, id);
  await settled(page);
}

/** Adds a fault of a kind. */
export async function addFault(page, kind) {
  await page.getByLabel("Kind of fault").selectOption(kind);
  await page.getByRole("button", { name: "Add a fault" }).click();
}

/** What a reader sees of a view. */
export const shown = (page) =>
  page.evaluate(() => ({
    scenario: document.querySelector("#scenario").value,
    a: [document.querySelector("#ttl-a").value, document.querySelector("#overwrite-a").checked],
    b: [document.querySelector("#ttl-b").value, document.querySelector("#overwrite-b").checked],
    verdicts: [...document.querySelectorAll(".verdict .headline")].map((headline) => headline.textContent),
    at: document.querySelector(".transport output").textContent,
    item: document.querySelector("[data-testid=why-item]")?.textContent,
    faults: document.querySelectorAll(".fault").length,
    tab: document.querySelector("[role=tab][aria-selected=true]").textContent,
  }));
