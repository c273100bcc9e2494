/**
 * Links: all that the page shows, as deflated JSON in the fragment, which no server ever sees. A link made by one version
 * opens in every later one: `v1.` never changes its meaning.
 */
import type { Config, Fault } from "../engine/api.ts";

const PREFIX = "v1.";

/** What a link may unpack to. A few kilobytes of fragment can be gigabytes of zeros. */
export const LARGEST_LINK_BYTES = 8_000_000;

/** Above this, chats and mails start to cut links: a file is better. */
export const LONG_LINK = 8000;

export const TABS = ["items", "reports", "diff", "data"] as const;
export type Tab = (typeof TABS)[number];

export const SHOWN = ["all", "wrong", "kept", "removed", "differs"] as const;
export type Shown = (typeof SHOWN)[number];

export interface TextFile {
  name: string;
  text: string;
}

/** One view of the page. What is left out is the scenario's own, or the default. */
export interface View {
  scenario?: string;
  files?: TextFile[];
  a?: Config;
  b?: Config;
  faults?: Fault[];
  margin?: number;
  at?: number;
  tab?: Tab;
  shown?: Shown;
  search?: string;
  namespace?: string;
  item?: number;
}

/** Why a link does not open. */
export class LinkError extends Error {}

export async function encodeLink(view: View): Promise<string> {
  const json = new TextEncoder().encode(JSON.stringify(view));
  const deflated = new Blob([json]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  return PREFIX + toBase64Url(new Uint8Array(await new Response(deflated).arrayBuffer()));
}

/** Reads a fragment, with or without its `#`. */
export async function decodeLink(fragment: string): Promise<View> {
  const text = fragment.replace(/^#/, "");
  if (!text.startsWith(PREFIX)) {
    const version = /^v(\d+)\./.exec(text);
    throw new LinkError(
      version ? `it is of version ${version[1]}, and this page reads version 1` : "it does not begin with v1.",
    );
  }
  const json = new TextDecoder().decode(await inflate(fromBase64Url(text.slice(PREFIX.length))));
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    throw new LinkError("what it holds is no JSON; a part may be missing");
  }
  return checked(value);
}

async function inflate(deflated: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const reader = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
      if (length > LARGEST_LINK_BYTES) {
        await reader.cancel();
        throw new LinkError(`it unpacks to more than ${LARGEST_LINK_BYTES / 1e6} MB`);
      }
      parts.push(value);
    }
  } catch (error) {
    if (error instanceof LinkError) throw error;
    throw new LinkError("it does not unpack; a part may be missing");
  }
  const whole = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}

function toBase64Url(bytes: Uint8Array): string {
  let letters = "";
  for (const byte of bytes) letters += String.fromCharCode(byte);
  return btoa(letters).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  if (!/^[\w-]*$/.test(text)) throw new LinkError("it has letters that no link has");
  try {
    return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
  } catch {
    throw new LinkError("its length is none that a link has; a part may be missing");
  }
}

type Check = (value: unknown) => boolean;
const isText: Check = (value) => typeof value === "string";
const isTime: Check = (value) => Number.isSafeInteger(value);
const isCount: Check = (value) => Number.isSafeInteger(value) && (value as number) >= 0;
const isFlag: Check = (value) => typeof value === "boolean";
const maybe = (check: Check): Check => (value) => value === undefined || check(value);
const isCluster: Check = (value) => value === undefined || value === null || isText(value);
const oneOf = (...values: readonly string[]): Check => (value) => values.includes(value as string);
const listOf = (check: Check): Check => (value) => Array.isArray(value) && value.every(check);
const record = (fields: Record<string, Check>): Check => (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value) &&
  Object.keys(value).every((key) => Object.hasOwn(fields, key)) &&
  Object.entries(fields).every(([key, check]) => check((value as Record<string, unknown>)[key]));

const isConfig = record({ image_ttl_days: isCount, image_ingest_overwrite: isFlag, ecs_truncation_guard: maybe(isFlag) });

const faults: Record<Fault["kind"], Check> = {
  outage: record({ kind: isText, from: isTime, to: isTime, cluster: isCluster }),
  drop_batch: record({ kind: isText, from: isTime, to: isTime, batch: isCount, of: isCount, cluster: isCluster }),
  delete_namespace: record({ kind: isText, at: isTime, context: isText }),
  exclude_namespace: record({ kind: isText, at: isTime, context: isText }),
  empty_namespace: record({ kind: isText, at: isTime, context: isText, listed: isFlag }),
  clock_skew: record({ kind: isText, from: isTime, to: isTime, seconds: isTime, cluster: isCluster }),
};

/** Whether this is a fault that the page can show; what it does is the engine's. */
export const isFault: Check = (value) => {
  const kind = (value as { kind?: unknown } | null)?.kind;
  return typeof kind === "string" && Object.hasOwn(faults, kind) && faults[kind as Fault["kind"]](value);
};

const fields: Record<keyof View, Check> = {
  scenario: maybe(isText),
  files: maybe(listOf(record({ name: isText, text: isText }))),
  a: maybe(isConfig),
  b: maybe(isConfig),
  faults: maybe(listOf(isFault)),
  margin: maybe(isCount),
  at: maybe(isTime),
  tab: maybe(oneOf(...TABS)),
  shown: maybe(oneOf(...SHOWN)),
  search: maybe(isText),
  namespace: maybe(isText),
  item: maybe(isCount),
};

/** A view, or an error that names what is not as it should be. Fields that a later version added are left out. */
export function checked(value: unknown): View {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new LinkError("it holds no view");
  const view: Record<string, unknown> = {};
  for (const [name, check] of Object.entries(fields)) {
    const field = (value as Record<string, unknown>)[name];
    if (!check(field)) throw new LinkError(`its “${name}” is not what a link has there`);
    if (field !== undefined) view[name] = field;
  }
  return view as View;
}
