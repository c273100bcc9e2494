import { expect, it } from "vitest";
import { expectation } from "./fixture.ts";
import { yamlOf } from "./config.ts";

it("a step's answer is what a fixture expects: rows, distinct codes of warnings, the next expiry; or a refusal", () => {
  const answer = { next_expiry: null, removed: [], retained: [{ id: "a" }], version: 1, warnings: [{ code: "stale_report" }, { code: "dangling_pod" }, { code: "stale_report" }] };
  expect(expectation(JSON.stringify(answer))).toEqual({ retained: [{ id: "a" }], removed: [], warnings: ["dangling_pod", "stale_report"], next_expiry: null });
  expect(expectation("invalid_report")).toEqual({ error: "invalid_report" });
});

it("a configuration has the names that the command and the documentation have", () => {
  expect(yamlOf({ image_ttl_days: 7, image_ingest_overwrite: true })).toBe(
    "services:\n  catalog:\n    runtime_inventory:\n      image_ttl_days: 7\n      image_ingest_overwrite: true\n",
  );
});
