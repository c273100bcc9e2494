import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { deflateRawSync } from "node:zlib";
import { LARGEST_LINK_BYTES, LinkError, SHOWN, TABS, decodeLink, encodeLink, type View } from "./link.ts";

const config = fc.record({ image_ttl_days: fc.nat(36500), image_ingest_overwrite: fc.boolean() });
const time = fc.integer({ min: 0, max: 253402300799 });
const fault = fc.oneof(
  fc.record({ kind: fc.constant("outage" as const), from: time, to: time }),
  fc.record({ kind: fc.constant("drop_batch" as const), from: time, to: time, batch: fc.nat(9), of: fc.nat(9) }),
  fc.record({ kind: fc.constant("delete_namespace" as const), at: time, context: fc.string() }),
  fc.record({ kind: fc.constant("exclude_namespace" as const), at: time, context: fc.string() }),
  fc.record({ kind: fc.constant("empty_namespace" as const), at: time, context: fc.string(), listed: fc.boolean() }),
  fc.record({ kind: fc.constant("clock_skew" as const), from: time, to: time, seconds: fc.integer() }),
);
const view: fc.Arbitrary<View> = fc.record(
  {
    scenario: fc.string(),
    files: fc.array(fc.record({ name: fc.string(), text: fc.string({ unit: "binary" }) }), { maxLength: 3 }),
    a: config,
    b: config,
    faults: fc.array(fault, { maxLength: 4 }),
    margin: fc.nat(30),
    at: time,
    tab: fc.constantFrom(...TABS),
    shown: fc.constantFrom(...SHOWN),
    search: fc.string(),
    namespace: fc.string(),
    item: fc.nat(),
  },
  { requiredKeys: [] },
);

const packed = (json: string) => `#v1.${deflateRawSync(json).toString("base64url")}`;

describe("links", () => {
  it("open to what they were made of", async () => {
    await fc.assert(
      fc.asyncProperty(view, async (before) => {
        // Through JSON first, which is what the page itself writes: a lone surrogate has no UTF-8.
        const written = JSON.parse(new TextDecoder().decode(new TextEncoder().encode(JSON.stringify(before)))) as View;
        expect(await decodeLink(`#${await encodeLink(written)}`)).toEqual(written);
      }),
    );
  });

  it("hold nothing but letters that every chat leaves alone", async () => {
    await fc.assert(fc.asyncProperty(view, async (before) => {
      expect(await encodeLink(before)).toMatch(/^v1\.[\w-]+$/);
    }));
  });

  it("that are garbage are refused in words, never otherwise", async () => {
    await fc.assert(fc.asyncProperty(fc.oneof(fc.string(), fc.string().map((text) => `v1.${text}`), fc.base64String().map((text) => `#v1.${text}`)), async (garbage) => {
      await expect(decodeLink(garbage)).rejects.toBeInstanceOf(LinkError);
    }));
  });

  it("that were cut anywhere are refused", async () => {
    const whole = await encodeLink({ scenario: "outage", a: { image_ttl_days: 3, image_ingest_overwrite: false }, at: 1_770_000_000 });
    for (let length = 0; length < whole.length; length += 1) {
      await expect(decodeLink(whole.slice(0, length))).rejects.toBeInstanceOf(LinkError);
    }
  });

  it("do not unpack to more than the cap", async () => {
    await expect(decodeLink(packed(" ".repeat(LARGEST_LINK_BYTES + 1)))).rejects.toThrow("more than 8 MB");
  });

  it.each([
    ['{"a":{"image_ttl_days":-1,"image_ingest_overwrite":true}}', "“a”"],
    ['{"a":{"image_ttl_days":3}}', "“a”"],
    ['{"faults":[{"kind":"flood","from":1,"to":2}]}', "“faults”"],
    ['{"faults":[{"kind":"outage","from":"1","to":2}]}', "“faults”"],
    ['{"tab":"settings"}', "“tab”"],
    ['{"at":1e300}', "“at”"],
    ["[]", "no view"],
    ["null", "no view"],
  ])("with a wrong field name it: %s", async (json, named) => {
    await expect(decodeLink(packed(json))).rejects.toThrow(named);
  });

  it("of a later version say so; fields that a later one added are left out", async () => {
    await expect(decodeLink("#v2.abc")).rejects.toThrow("version 2");
    expect(await decodeLink(packed('{"margin":2,"hue":7}'))).toEqual({ margin: 2 });
  });

  // Made by the first version: it has to open for ever.
  it("of the first version open", async () => {
    const link =
      "#v1.dY7NCoMwEITfZc4r-FMQ9lVKkbUmaagmkKyVIr57Edue2rnNMN8wK_LVBEk-ghFnFWcK1bFoQBDwCj-JM53q2A3yzOCG3pEPzmTt4sOkJXk1YCtjNhuh_8W1_zlN845ZmUfN4POKuw_D9w8INsUJXLVteYig8fCnpi7LcrsQRI-k-TSkB2Pw1oKQb3EJYCwpBgfCJMn5AK4IXs2-XW8v";
    expect(await decodeLink(link)).toEqual({
      scenario: "outage-ttl-3",
      a: { image_ttl_days: 3, image_ingest_overwrite: false },
      b: { image_ttl_days: 7, image_ingest_overwrite: true },
      faults: [{ kind: "outage", from: 1770000000, to: 1770432000 }],
      at: 1770300000,
      tab: "diff",
      shown: "wrong",
      margin: 1,
      item: 12,
    });
  });
});
