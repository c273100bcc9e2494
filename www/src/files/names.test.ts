import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hashNames, rename } from "./names.ts";

const folder = new URL("../../../tests/reports/", import.meta.url);
const reports = readdirSync(folder).filter((file) => file.endsWith(".json"));
const read = (file: string) => readFileSync(new URL(file, folder), "utf8");

/** Every string of a value, with its key. */
function strings(value: unknown, key = ""): [string, string][] {
  if (typeof value === "string") return [[key, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, entry]) => strings(entry, Array.isArray(value) ? key : name));
}

describe("hashed names", () => {
  it.each(reports)("leave no name of %s", async (file) => {
    const text = read(file);
    const [hashed] = await hashNames([{ name: file, text }]);
    const kept = new Set(strings(JSON.parse(hashed!.text)).map(([, name]) => name));
    const names = strings(JSON.parse(text)).filter(([key]) => !["timestamp", "inventory_type"].includes(key)).map(([, name]) => name);
    const leaked = names.filter((name) => name !== "" && !["validating-creds", "UNKNOWN"].includes(name) && kept.has(name));
    expect(leaked).toEqual([]);
  });

  it("keep times, and what is equal equal", async () => {
    const [hashed] = await hashNames([{ name: "a", text: read("k8s-report.json") }]);
    const before = JSON.parse(read("k8s-report.json"));
    const after = JSON.parse(hashed!.text);
    expect(after.timestamp).toBe(before.timestamp);
    expect(after.pods.length).toBe(before.pods.length);
    const owners = (report: typeof before) => report.containers.map((container: { pod_uid: string }) => report.pods.findIndex((pod: { uid: string }) => pod.uid === container.pod_uid));
    expect(owners(after)).toEqual(owners(before));
  });

  it("are others in every link", async () => {
    const file = { name: "a", text: '{"cluster_name":"prod"}' };
    expect((await hashNames([file]))[0]!.text).not.toBe((await hashNames([file]))[0]!.text);
  });

  it("of a context are those of its cluster and its namespace", () => {
    const naming = (name: string) => `<${name}>`;
    expect(rename({ context: "c1/default" }, naming)).toEqual({ context: "<c1>/<default>" });
    expect(rename({ context: "arn:aws:ecs:eu:1:cluster/x" }, naming)).toEqual({ context: "<arn:aws:ecs:eu:1:cluster/x>" });
  });
});
