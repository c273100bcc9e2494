// What a case claims, with what was found in the message.
import assert from "node:assert/strict";

export const equal = assert.deepEqual;
export const holds = assert.ok;

/** Waits for a text to be what it should be, and says what it was. */
export async function text(page, selector, wanted, timeout = 15_000) {
  const until = Date.now() + timeout;
  let found = "";
  do {
    found = ((await page.locator(selector).first().textContent().catch(() => "")) ?? "").replaceAll(/\s+/g, " ").trim();
    if (wanted instanceof RegExp ? wanted.test(found) : found.includes(wanted)) return found;
    await new Promise((done) => setTimeout(done, 50));
  } while (Date.now() < until);
  assert.fail(`${selector} says “${found}”, expected ${wanted}`);
}
