/**
 * Replaces names by others before data leave in a link: what happened when stays, what it was called does not. Equal names
 * stay equal, so that every verdict is the same. Names are drawn anew for each link, and what they stand for is kept nowhere.
 */
import type { TextFile, View } from "../state/link.ts";

/** Values that mean something to the engine, and name nothing. */
const WORDS = new Set(["validating-creds", "UNKNOWN", "unknown", ""]);

/** Keys whose strings are times or words of the format. */
const OPEN = new Set([
  "timestamp", "now", "created_at", "last_updated", "last_seen", "expires_at", "next_expiry", "inventory_type", "kind",
  "reason", "rule", "rules", "warnings", "error", "version", "from", "to", "at", "start", "end",
]);

/** Maps that only carry attributes: nothing is decided by them. */
const DROPPED = new Set(["labels", "annotations", "tags"]);

export type Naming = (name: string) => string;

/**
 * A naming at random, which is what hashes under a key that nobody keeps come to, and needs no secure context. Its names are as
 * long as collisions need.
 */
export function freshNaming(names: Iterable<string>): Naming {
  const given = new Map<string, string>();
  for (const name of names) {
    if (given.has(name)) continue;
    const random = crypto.getRandomValues(new Uint8Array(6));
    given.set(name, Array.from(random, (byte) => byte.toString(16).padStart(2, "0")).join(""));
  }
  return (name) => given.get(name) ?? name;
}

/** A view with its files' names replaced, in its faults too; the files' own names as well. */
export function hashNames(view: View): View {
  const { files = [], faults = [], namespace, search: _typed, ...rest } = view;
  const beside = { faults, context: namespace };
  const documents = files.map((file) => parse(file));
  const names = new Set<string>();
  for (const document of documents.flat()) rename(withoutFaults(document), (name) => (names.add(name), name));
  // What a fault names and no report does is a name that a scenario makes, and will make again: it stays.
  const naming = freshNaming(names);
  const renamed = rename(beside, naming) as typeof beside;
  return {
    ...rest,
    files: documents.map((lines, index) => ({
      name: `report-${index + 1}.${lines.length > 1 ? "ndjson" : "json"}`,
      text: lines.map((line) => JSON.stringify(rename(line, naming))).join("\n"),
    })),
    faults: renamed.faults,
    ...(namespace === undefined ? {} : { namespace: renamed.context! }),
  };
}

function withoutFaults(document: unknown): unknown {
  return typeof document === "object" && document !== null && !Array.isArray(document) ? { ...document, faults: [] } : document;
}

/** One JSON document, or one on each line. */
function parse(file: TextFile): unknown[] {
  try {
    return [JSON.parse(file.text)];
  } catch {
    return file.text.split("\n").filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as unknown);
  }
}

/** The value with every name in it given by `naming`. */
export function rename(value: unknown, naming: Naming, key = ""): unknown {
  if (typeof value === "string") return OPEN.has(key) ? value : renameText(value, key, naming);
  if (Array.isArray(value)) return value.map((entry) => rename(entry, naming, key));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !DROPPED.has(name))
      .map(([name, entry]) => [name, rename(entry, naming, name)]),
  );
}

function renameText(text: string, key: string, naming: Naming): string {
  if (WORDS.has(text) || text.trim() === "") return text;
  // A context is a cluster's name and a namespace's, and has to stay their sum.
  if (key === "context") {
    const slash = text.lastIndexOf("/");
    if (slash > 0 && !text.startsWith("arn:")) {
      return `${naming(text.slice(0, slash))}/${naming(text.slice(slash + 1))}`;
    }
  }
  return text.includes("/") && key === "name" ? `${naming(text)}/` : naming(text);
}
