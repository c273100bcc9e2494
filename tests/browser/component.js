// The component, transpiled by jco: the engine as any JavaScript host can embed it, by its interface `policy`.
import { transpileBytes } from "@bytecodealliance/jco-transpile";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

/** The interface `policy` of the component in a file. */
export async function policyOf(component) {
  const { files } = await transpileBytes(await readFile(component), { name: "keepset", instantiation: { tag: "async" }, noTypescript: true });
  const entries = files instanceof Map ? [...files] : Object.entries(files);
  const folder = await mkdtemp(join(tmpdir(), "keepset-component-"));
  try {
    await writeFile(join(folder, "package.json"), '{"type":"module"}');
    for (const [name, bytes] of entries) if (!name.includes("/")) await writeFile(join(folder, name), bytes);
    const { instantiate } = await import(pathToFileURL(join(folder, "keepset.js")).href);
    // It imports nothing.
    const plugin = await instantiate(async (name) => WebAssembly.compile(await readFile(join(folder, name))), {});
    return plugin.policy;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What the component answers to a fixture: a line for each step, as `keepset conformance --answers` prints them. */
export function answersOf(policy, fixture) {
  let rows = (fixture.prior ?? []).map(recordOf).sort(inOrder);
  return fixture.steps
    .map((step) => {
      try {
        const config = policy.configure([{ origin: "file", settings: JSON.stringify(fixture.config ?? {}) }]);
        const now = unix(step.now);
        const outcome = step.delete ? deleted(policy, rows, step, config, now) : policy.evaluate(rows, reportOf(step.report), config, now);
        rows = outcome.retained.map(({ row }) => row);
        const document = {
          version: 1,
          retained: outcome.retained.map((entry) => ({
            ...keyOf(entry.row.key), ...attributesOf(entry.row.attributes), created_at: utc(entry.row.createdAt),
            last_updated: utc(entry.row.lastUpdated), last_seen: utc(entry.row.lastSeen),
            reason: entry.reason.replaceAll("-", "_"),
            ...(entry.expiresAt === undefined ? {} : { expires_at: utc(entry.expiresAt) }),
          })),
          removed: outcome.removed.map(({ key, lastSeen, reason, rule }) => ({ ...keyOf(key), last_seen: utc(lastSeen), reason, rule: rule.toUpperCase() })),
          warnings: outcome.warnings.map((warning) => ({ ...present(warning), code: warning.code.replaceAll("-", "_") })),
          next_expiry: outcome.nextExpiry === undefined ? null : utc(outcome.nextExpiry),
        };
        return `${JSON.stringify(sorted(document))}\n`;
      } catch (error) {
        const code = error?.payload?.code ?? error?.code;
        if (typeof code !== "string") throw error;
        return `${code.replaceAll("-", "_")}\n`;
      }
    })
    .join("");
}

const unix = (text) => BigInt(Math.floor(Date.parse(text) / 1000));
const utc = (seconds) => new Date(Number(seconds) * 1000).toISOString().replace(".000Z", "Z");
const present = (record) => Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined));

/** As a gateway deletes: what is past its TTL is not there (D3), and what stays is told with its reasons. */
function deleted(policy, rows, step, config, now) {
  // A probe of credentials changes nothing (N7).
  const asIs = (inventory) => policy.evaluate(inventory, reportOf({ ecs: { timestamp: step.now, cluster_arn: "validating-creds" } }), config, now);
  const before = new Map(asIs(rows).retained.map(({ row, expiresAt }) => [nameOf(row.key), expiresAt]));
  const { removed, retained } = policy.purge(rows, selectorOf(step.delete));
  if (removed.every(({ key }) => before.get(nameOf(key)) <= now)) throw { code: "not-found" };
  return { ...asIs(retained), removed };
}

const nameOf = (key) => JSON.stringify(keyOf(key));

/** A row of a fixture: its attributes may stand beside its key and times; what an outcome says of it is none of them. */
function recordOf({ inventory_type, context, kind, created_at, last_updated, last_seen, reason, expires_at, ...rest }) {
  const { id, image_tag, image_digest, parent, attributes, ...beside } = rest;
  const isImage = kind === "image";
  const image = isImage ? {} : present({ image_tag, image_digest });
  const link = { kubernetes: { container: "pod_uid", namespace: "uid" }, ecs: { container: "task_arn", task: "service_arn" } }[inventory_type][kind];
  const all = carried({ ...beside, ...image, ...(link && parent ? { [link]: parent } : {}), ...attributes });
  return {
    key: { inventoryType: inventory_type, context, kind, id: isImage ? { tag: "image", val: { tag: image_tag, digest: image_digest } } : { tag: "plain", val: id } },
    createdAt: unix(created_at), lastUpdated: unix(last_updated), lastSeen: unix(last_seen),
    attributes: Object.keys(all).length > 0 ? JSON.stringify(all) : "",
  };
}

/** Attributes without what is not carried (I2): maps that are empty or null. */
const carried = (attributes) =>
  Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null && !(typeof value === "object" && Object.keys(value).length === 0)));

function keyOf({ inventoryType, context, kind, id }) {
  const named = id.tag === "image" ? { image_tag: id.val.tag, image_digest: id.val.digest } : { id: id.val };
  return { inventory_type: inventoryType, context, kind, ...named };
}

function attributesOf(text) {
  const attributes = text === "" ? {} : JSON.parse(text);
  return Object.keys(attributes).length > 0 ? { attributes } : {};
}

function reportOf(report) {
  if (!report) return undefined;
  const [[tag, body]] = Object.entries(report);
  return { tag, val: new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)) };
}

const selectorOf = ({ inventory_type = "", context = "", image_digest }) => ({ inventoryType: inventory_type, context, imageDigest: image_digest });

/** I1, by bytes. */
function inOrder(one, other) {
  const text = ({ key: { inventoryType, context, kind, id } }) => [inventoryType, context, kind, ...(id.tag === "image" ? [id.val.tag, id.val.digest] : [id.val])];
  const [left, right] = [text(one), text(other)];
  for (const [place, part] of left.entries()) {
    const order = Buffer.compare(Buffer.from(part), Buffer.from(right[place]));
    if (order !== 0) return order;
  }
  return 0;
}

/** With keys in the order of their bytes. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([one], [other]) => Buffer.compare(Buffer.from(one), Buffer.from(other)));
  return Object.fromEntries(entries.map(([key, entry]) => [key, sorted(entry)]));
}
