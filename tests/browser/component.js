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
        const outcome = step.delete
          ? policy.purge(rows, selectorOf(step.delete))
          : policy.evaluate(rows, reportOf(step.report), config, unix(step.now));
        const retained = step.delete ? outcome.retained.map((row) => ({ row })) : outcome.retained;
        rows = retained.map(({ row }) => row);
        const document = {
          version: 1,
          retained: retained.map((entry) => ({
            ...keyOf(entry.row.key), ...attributesOf(entry.row.attributes), created_at: utc(entry.row.createdAt),
            last_updated: utc(entry.row.lastUpdated), last_seen: utc(entry.row.lastSeen),
            ...(entry.reason ? { reason: entry.reason.replaceAll("-", "_") } : {}),
            ...(entry.expiresAt === undefined ? {} : { expires_at: utc(entry.expiresAt) }),
          })),
          removed: outcome.removed.map(({ key, lastSeen, reason, rule }) => ({ ...keyOf(key), last_seen: utc(lastSeen), reason, rule: rule.toUpperCase() })),
          ...(step.delete ? {} : {
            warnings: outcome.warnings.map((warning) => ({ ...present(warning), code: warning.code.replaceAll("-", "_") })),
            next_expiry: outcome.nextExpiry === undefined ? null : utc(outcome.nextExpiry),
          }),
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

function recordOf(row) {
  const id = row.kind === "image" ? { tag: "image", val: { tag: row.image_tag, digest: row.image_digest } } : { tag: "plain", val: row.id };
  return {
    key: { inventoryType: row.inventory_type, context: row.context, kind: row.kind, id },
    createdAt: unix(row.created_at), lastUpdated: unix(row.last_updated), lastSeen: unix(row.last_seen),
    attributes: row.attributes ? JSON.stringify(carried(row.attributes)) : "",
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
