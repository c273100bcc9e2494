import { readFileSync, readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import type { TextFile } from "../state/link.ts";
import { hashNames, rename } from "./names.ts";

const folder = new URL("../../../tests/reports/", import.meta.url);
const reports = readdirSync(folder).filter((file) => file.endsWith(".json"));
const read = (file: string) => readFileSync(new URL(file, folder), "utf8");

const hashedText = (file: TextFile) => hashNames({ files: [file] }).files![0]!.text;

/** Every string of a value, with its key. */
function strings(value: unknown, key = ""): [string, string][] {
  if (typeof value === "string") return [[key, value]];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, entry]) => strings(entry, Array.isArray(value) ? key : name));
}

describe("hashed names", () => {
  it.each(reports)("leave no name of %s", (file) => {
    const text = read(file);
    const kept = new Set(strings(JSON.parse(hashedText({ name: file, text }))).map(([, name]) => name));
    const names = strings(JSON.parse(text)).filter(([key]) => !["timestamp", "inventory_type"].includes(key)).map(([, name]) => name);
    const leaked = names.filter((name) => name !== "" && !["validating-creds", "UNKNOWN"].includes(name) && kept.has(name));
    expect(leaked).toEqual([]);
  });

  it("keep times, and what is equal equal", () => {
    const before = JSON.parse(read("k8s-report.json"));
    const after = JSON.parse(hashedText({ name: "a", text: read("k8s-report.json") }));
    expect(after.timestamp).toBe(before.timestamp);
    expect(after.pods.length).toBe(before.pods.length);
    const owners = (report: typeof before) => report.containers.map((container: { pod_uid: string }) => report.pods.findIndex((pod: { uid: string }) => pod.uid === container.pod_uid));
    expect(owners(after)).toEqual(owners(before));
  });

  it("are others in every link", () => {
    const file = { name: "a", text: '{"cluster_name":"prod"}' };
    expect(hashedText(file)).not.toBe(hashedText(file));
  });

  it("are those of the faults and of the namespace that is looked at", () => {
    const text = '{"cluster_name":"prod","namespaces":[{"name":"pay"}]}';
    const { files, faults, namespace, search } = hashNames({
      files: [{ name: "a", text }], namespace: "prod/pay", search: "pay",
      faults: [{ kind: "outage", from: 1, to: 2, cluster: "prod" }, { kind: "delete_namespace", at: 1, context: "prod/made-1" }],
    });
    const report = JSON.parse(files![0]!.text);
    expect(report.namespaces[0].name.endsWith("/")).toBe(false);
    expect(namespace).toBe(`${report.cluster_name}/${report.namespaces[0].name}`);
    expect(faults).toEqual([
      { kind: "outage", from: 1, to: 2, cluster: report.cluster_name },
      { kind: "delete_namespace", at: 1, context: `${report.cluster_name}/made-1` },
    ]);
    expect(search).toBeUndefined();
  });

  it("of a context are those of its cluster and its namespace", () => {
    const naming = (name: string) => `<${name}>`;
    expect(rename({ context: "c1/default" }, naming)).toEqual({ context: "<c1>/<default>" });
    expect(rename({ context: "arn:aws:ecs:eu:1:cluster/x" }, naming)).toEqual({ context: "<arn:aws:ecs:eu:1:cluster/x>" });
  });
});
