/** The page's side of the worker: starts it, restarts it, and says what became of it. */
import { signal } from "@preact/signals";
import * as Comlink from "comlink";
import { engineBytes } from "#engine-bytes";
import type { About } from "./api.ts";
import type { EngineWorker } from "./protocol.ts";
import WorkerOfEngine from "./worker.ts?worker&inline";

export type EngineState =
  | { is: "starting" }
  | { is: "ready"; about: About; digest: string | null; bytes: number }
  /** It could not be had, or may not run here. */
  | { is: "missing"; reason: string }
  /** It ran, and does no more. */
  | { is: "crashed"; reason: string };

export const engineState = signal<EngineState>({ is: "starting" });

/** Whether a call has been under way for so long that the engine may have died without a word. */
export const silent = signal(false);

const SILENT_AFTER_MS = 5000;

let worker: Worker | undefined;
let remote: Comlink.Remote<EngineWorker> | undefined;
let bytes: ArrayBuffer | undefined;
let generation = 0;

/** Starts the engine; what an earlier one still had to answer is never answered. */
export async function startEngine(): Promise<boolean> {
  generation += 1;
  const mine = generation;
  stop();
  engineState.value = { is: "starting" };
  try {
    bytes ??= await engineBytes();
  } catch (error) {
    engineState.value = { is: "missing", reason: `The engine could not be loaded: ${text(error)}.` };
    return false;
  }
  const digest = await sha256(bytes);
  if (mine !== generation) return false;
  try {
    worker = new WorkerOfEngine();
    worker.addEventListener("error", (event) => {
      if (mine === generation) crashed(event.message || "the worker stopped");
    });
    remote = Comlink.wrap<EngineWorker>(worker);
    const about = await call((engine) => engine.start(bytes!.slice(0)));
    if (mine !== generation) return false;
    engineState.value = { is: "ready", about, digest, bytes: bytes.byteLength };
    return true;
  } catch (error) {
    bytes = undefined;
    engineState.value = { is: "missing", reason: `The engine may not run in this page: ${text(error)}.` };
    return false;
  }
}

/** Asks the engine. A trap inside it ends it: nothing that it answered afterwards could be trusted. */
export async function call<T>(ask: (engine: Comlink.Remote<EngineWorker>) => Promise<T>): Promise<T> {
  if (!remote) throw new Error("the engine does not run");
  const mine = generation;
  const timer = setTimeout(() => {
    if (mine === generation) silent.value = true;
  }, SILENT_AFTER_MS);
  try {
    return await ask(remote);
  } catch (error) {
    if (mine === generation && error instanceof Error && error.name === "RuntimeError") crashed(error.message);
    throw error;
  } finally {
    clearTimeout(timer);
    if (mine === generation) silent.value = false;
  }
}

function crashed(reason: string) {
  stop();
  engineState.value = { is: "crashed", reason };
}

function stop() {
  silent.value = false;
  worker?.terminate();
  worker = undefined;
  remote = undefined;
}

/** Hex, or null where a browser hashes only in secure contexts and this is none. */
async function sha256(data: ArrayBuffer): Promise<string | null> {
  if (!globalThis.crypto?.subtle) return null;
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", data));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function text(error: unknown): string {
  return error instanceof Error ? error.message.replace(/\.$/, "") : String(error);
}
