import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DAY, count, counted, day, duration, short, size, ttl, utc } from "./format.ts";

describe("formats", () => {
  it("write counts and what they count", () => {
    expect(count(1234567)).toBe("1,234,567");
    expect([counted(1, "item"), counted(0, "item"), counted(2, "entry", "entries")]).toEqual(["1 item", "0 items", "2 entries"]);
    expect([ttl(0), ttl(1), ttl(120)]).toEqual(["for ever", "1 day", "120 days"]);
    expect([short(999), short(1234), short(45_600), short(3_400_000)]).toEqual(["999", "1.2k", "46k", "3.4M"]);
    expect([size(12), size(1234), size(86_000), size(2_300_000)]).toEqual(["12 B", "1.2 kB", "86 kB", "2.3 MB"]);
  });

  it("write times in UTC, whole", () => {
    expect(utc(1_786_006_808)).toBe("2026-08-06 09:00:08 UTC");
    expect(utc(1_786_006_800)).toBe("2026-08-06 09:00 UTC");
    expect(day(33 * DAY + 100, 100)).toBe("33.0");
  });

  it("write lengths of time by their two largest units", () => {
    expect(duration(5 * DAY + 3 * 3600 + 59)).toBe("5 d 3 h");
    expect(duration(5 * DAY + 3600)).toBe("5 d 1 h");
    // What decides may be a second.
    expect(duration(7 * DAY + 1)).toBe("7 d 1 s");
    expect(duration(7 * DAY)).toBe("7 d");
    expect(duration(0)).toBe("0 s");
    expect(duration(-90)).toBe("−1 min 30 s");
  });

  it("never write a longer time shorter", () => {
    const seconds = (text: string) => [...text.matchAll(/(\d+) (d|h|min|s)/g)].reduce((sum, [, value, unit]) => sum + Number(value) * { d: DAY, h: 3600, min: 60, s: 1 }[unit as "d"], 0);
    fc.assert(fc.property(fc.nat(400 * DAY), fc.nat(400 * DAY), (one, other) => {
      const [low, high] = one < other ? [one, other] : [other, one];
      expect(seconds(duration(low))).toBeLessThanOrEqual(seconds(duration(high)));
    }));
  });
});
