/** What happens between the reader, the engine and the address: opening, replaying, undoing, linking. */
import { batch, effect, signal } from "@preact/signals";
import { call, engineState, startEngine } from "../engine/client.ts";
import type { Config, EngineError, Fault, Summary } from "../engine/api.ts";
import type { HistoryView, Input, SideName } from "../engine/protocol.ts";
import { findScenario, firstScenario, type Scenario } from "../files/scenarios.ts";
import { ask } from "./ask.ts";
import { keep, kept } from "./kept.ts";
import { type TextFile, type View, LARGEST_LINK_BYTES, LinkError, decodeLink, encodeLink } from "./link.ts";
import {
  SIDES, about, at, bounds, configProblem, configs, curve, decided, draft, faults, margin, namespace, notice, playing, problem, runs, safe,
  search, selected, shown, isOwn, source, stream, tab, textsOf, waiting, type Source,
} from "./store.ts";
import { steps } from "./undo.ts";

/** More sightings than this, or than were agreed to once, are not replayed without a word. */
let agreed = 2_000_000;

/** Sightings that were replayed in a millisecond here, at best; before the first replay, what a slow machine does. */
let pace = 5000;

interface Settings {
  a: Config;
  b: Config;
  faults: Fault[];
  margin: number;
}

export const undoing = steps<Settings>();

const settings = (): Settings => ({
  a: configs.a.peek(), b: configs.b.peek(), faults: faults.peek(), margin: margin.peek(),
});

/** What the engine is still to be asked. A later wish replaces an earlier one of its kind. */
const wishes = { source: false, faults: false, a: false, b: false, safe: false, curve: false };
let pumping = false;
/** What to show once the source is open. */
let arriving: View | null = null;
/** Whether it is what is open, with another text. */
let isTyped = false;

export async function boot(): Promise<void> {
  addEventListener("popstate", (event) => void openAddress(event.state));
  addEventListener("beforeunload", (event) => {
    if (draft.peek()?.isEdited || (source.peek()?.isEdited && !isRemembered.peek())) event.preventDefault();
  });
  effect(keepAddress);
  effect(keepState);
  if (await startEngine()) await openAddress();
}

/** Starts the engine again, with all that was set and opened. */
export async function restart(): Promise<void> {
  pumping = false;
  if (!(await startEngine())) return;
  if (source.peek()) {
    arriving ??= { ...currentView(), a: configs.a.peek(), b: configs.b.peek() };
    isTyped = false;
    wish("source");
  } else await openAddress();
}

/** Sources of the reader's own that Back leads to, with their views: by the number that the browser keeps for each. */
const behind: { source: Source; view: View }[] = [];

/** `state`: what the browser kept beside the address. */
async function openAddress(state: unknown = null): Promise<void> {
  const before = behind[Number(state ?? -1)];
  if (before) return arrive(before.source, before.view);
  const link = isLink() ? location.hash : kept(REMEMBERED);
  if (link) {
    try {
      const view = await decodeLink(link);
      if (view.files) return arrive({ files: view.files, isEdited: false }, view);
      const scenario = view.scenario === undefined ? firstScenario() : findScenario(view.scenario);
      if (!scenario) throw new LinkError(`there is no scenario “${view.scenario}” here`);
      return openScenario(scenario, view, false);
    } catch (error) {
      if (!(error instanceof LinkError)) throw error;
      return openInstead(error.message);
    }
  }
  await openScenario(firstScenario(), {}, false);
}

const isLink = () => location.hash.length > 1;

/** Says why a link does not open, or what was remembered, and shows what is shown without one. */
async function openInstead(why: string): Promise<void> {
  // It stays, until something else is to be remembered.
  if (!isLink()) isRemembered.value = false;
  notice.value = { is: "error", text: `${isLink() ? "This link" : "What was remembered"} does not open: ${why}. Here is the first scenario instead.` };
  await openScenario(firstScenario(), {}, false);
}

/** Opens a scenario. `isStep`: as a step that the browser's Back goes back from. */
export async function openScenario(scenario: Scenario, view: View = {}, isStep = true): Promise<void> {
  if (isStep) await keepBehind();
  let text: string;
  try {
    text = await scenario.load();
  } catch {
    notice.value = { is: "error", text: `“${scenario.title}” could not be loaded.` };
    return;
  }
  arrive({ scenario: scenario.id, text, isEdited: false }, { ...view, margin: view.margin ?? 0 });
}

/** What is shown now stays where Back leads to. */
async function keepBehind(): Promise<void> {
  if (!source.peek()) return;
  clearTimeout(addressTimer);
  await sayAddress();
  window.history.pushState(null, "", location.href);
}

/** Opens files of the reader's own. */
export async function openFiles(files: TextFile[], view: View = {}): Promise<void> {
  await keepBehind();
  arrive({ files, isEdited: false }, view);
}

function arrive(next: Source, view: View, typed = false) {
  arriving = view;
  isTyped = typed;
  draft.value = next;
  wish("source");
}

/** Leaves a text that was refused, for the one that is shown. */
export function discard(): void {
  draft.value = null;
  problem.value = null;
  arriving = null;
}

/** Replaces the text of what is open, as the editor does; settings stay. */
export function edit(text: string, file: number): void {
  const now = draft.peek() ?? source.peek();
  if (!now) return;
  const next =
    "files" in now ? { files: now.files.map((old, index) => (index === file ? { ...old, text } : old)) } : { ...now, text };
  arrive({ ...next, isEdited: true }, currentView(), true);
}

export function setConfig(side: SideName, change: Partial<Config>, kind: string): void {
  undoing.note(settings(), `${side} ${kind}`, performance.now());
  configs[side].value = { ...configs[side].peek(), ...change };
  wish(side);
  if (side === "a" && "image_ingest_overwrite" in change) wish("curve");
}

export function setFaults(next: Fault[], kind: string): void {
  undoing.note(settings(), kind, performance.now());
  faults.value = next;
  wish("faults");
}

export function setMargin(days: number): void {
  undoing.note(settings(), "margin", performance.now());
  margin.value = days;
  wish("safe");
}

export function swap(): void {
  const { a, b } = settings();
  restore({ ...settings(), a: b, b: a }, "swap");
}

export function takeB(): void {
  restore({ ...settings(), a: configs.b.peek() }, "A := B");
}

export function undo(): void {
  const before = undoing.undo(settings());
  if (before) put(before);
}

export function redo(): void {
  const after = undoing.redo(settings());
  if (after) put(after);
}

function restore(next: Settings, kind: string) {
  undoing.note(settings(), kind, performance.now());
  put(next);
}

function put(next: Settings) {
  const isSame = JSON.stringify(next.faults) === JSON.stringify(faults.peek());
  batch(() => {
    configs.a.value = next.a;
    configs.b.value = next.b;
    faults.value = next.faults;
    margin.value = next.margin;
  });
  if (isSame) wish("a", "b", "safe", "curve");
  else wish("faults");
}

function wish(...kinds: (keyof typeof wishes)[]) {
  for (const kind of kinds) wishes[kind] = true;
  void pump();
}

/** Asks for one thing after the other, always for the latest wish. */
async function pump(): Promise<void> {
  if (pumping || engineState.peek().is !== "ready") return;
  pumping = true;
  waiting.value = true;
  try {
    for (;;) {
      if (take("source")) await opened();
      else if (take("faults")) await faulted();
      else if (take("a")) await ran("a");
      else if (take("b")) await ran("b");
      else if (take("safe")) await measured();
      else if (take("curve")) curve.value = await call((engine) => engine.curve(curveDays(), configs.a.peek().image_ingest_overwrite));
      else break;
    }
  } catch (error) {
    if (engineState.peek().is === "ready") notice.value = { is: "error", text: refusal(error).message };
  } finally {
    pumping = false;
    waiting.value = false;
  }
}

function take(kind: keyof typeof wishes): boolean {
  const wished = wishes[kind];
  wishes[kind] = false;
  return wished;
}

async function opened(): Promise<void> {
  const next = draft.peek() ?? source.peek();
  const view = arriving ?? {};
  if (!next) return;
  try {
    const { a: wantedA, b: wantedB, faults: wantedFaults } = view;
    const found = await call((engine) => engine.open(inputOf(next), { a: wantedA, b: wantedB, faults: wantedFaults }, isTyped));
    if (!(await isWanted(found.view.summary))) return await left(next);
    await call((engine) => engine.keep());
    const a = found.a ?? configs.a.peek();
    const b = found.b ?? { ...a, image_ingest_overwrite: !a.image_ingest_overwrite };
    await show(found.view, a, b, view.margin ?? margin.peek(), () => {
      const isOther = !sameOrigin(source.peek(), next);
      source.value = next;
      about.value = found.about;
      // Unless the text was changed again meanwhile.
      if (draft.peek() === next) draft.value = null;
      arriving = null;
      problem.value = null;
      configs.a.value = a;
      configs.b.value = b;
      faults.value = found.faults;
      margin.value = view.margin ?? margin.peek();
      if (isOther) undoing.clear();
      playing.value = false;
      tab.value = view.tab ?? (isOther ? "items" : tab.peek());
      shown.value = view.shown ?? "all";
      search.value = view.search ?? "";
      const { contexts, items } = found.view.summary;
      namespace.value = view.namespace !== undefined && contexts.includes(view.namespace) ? view.namespace : null;
      // Where there is harm, that is what is looked at first.
      const { verdict } = [runs.a.peek()!, runs.b.peek()!].find((run) => run.verdict.wrong_items > 0) ?? runs.a.peek()!;
      const { from, to } = bounds.peek();
      at.value = Math.min(Math.max(view.at ?? verdict.first_wrong_at ?? to, from), to);
      const item = view.item ?? verdict.first_wrong_item;
      selected.value = item !== null && item < items ? item : null;
    });
  } catch (error) {
    if (engineState.peek().is !== "ready") throw error;
    // What is shown is still the last good answer; where there is none, a link was wrong.
    if (stream.peek() || !view.a) problem.value = refusal(error);
    else await openInstead(refusal(error).message);
  }
}

/** Asks before many sightings are replayed. Faults only take some away, and settings leave them as they are. */
async function isWanted({ sightings, items }: Summary): Promise<boolean> {
  if (sightings <= agreed) return true;
  const isAgreed = await ask({ sightings, items, milliseconds: (2 * sightings) / pace });
  if (isAgreed) agreed = sightings;
  return isAgreed;
}

/** Goes back to what was there before something that was not wanted. */
async function left(next: Source): Promise<void> {
  await call((engine) => engine.drop());
  if (draft.peek() !== next) return;
  draft.value = null;
  arriving = null;
  if (!source.peek()) await openScenario(firstScenario(), {}, false);
}

async function faulted(): Promise<void> {
  try {
    await show(await call((engine) => engine.refault(faults.peek())), configs.a.peek(), configs.b.peek(), margin.peek(), () => {});
  } catch (error) {
    if (engineState.peek().is !== "ready") throw error;
    notice.value = { is: "error", text: refusal(error).message };
  }
}

/** Replays a history for both configurations, and shows all of it at once: indexes of one history mean nothing in another. */
async function show(view: HistoryView, a: Config, b: Config, marginDays: number, also: () => void): Promise<void> {
  const first = await call((engine) => engine.run("a", a, marginDays));
  const second = await call((engine) => engine.run("b", b, marginDays));
  const bent = await call((engine) => engine.curve(curveDays(first.safe, a, b), a.image_ingest_overwrite));
  pace = Math.max(pace, (2 * view.summary.sightings) / Math.max(1, first.milliseconds + second.milliseconds));
  batch(() => {
    stream.value = view;
    runs.a.value = first;
    runs.b.value = second;
    safe.a.value = first.safe;
    safe.b.value = second.safe;
    curve.value = bent;
    const { from, to } = bounds.value;
    at.value = Math.min(Math.max(at.peek(), from), to);
    if ((selected.peek() ?? -1) >= view.summary.items) selected.value = null;
    for (const side of SIDES) configProblem[side].value = null;
    also();
  });
}

async function ran(side: SideName): Promise<void> {
  try {
    const run = await call((engine) => engine.run(side, configs[side].peek(), margin.peek()));
    batch(() => {
      runs[side].value = run;
      safe[side].value = run.safe;
      configProblem[side].value = null;
    });
  } catch (error) {
    if (engineState.peek().is !== "ready") throw error;
    configProblem[side].value = refusal(error).message;
  }
}

async function measured(): Promise<void> {
  for (const side of SIDES) {
    const overwrite = configs[side].peek().image_ingest_overwrite;
    safe[side].value = await call((engine) => engine.safeTtl(margin.peek(), overwrite));
  }
}

/** The curve reaches somewhat beyond whatever is of interest. */
function curveDays(safest = safe.a.peek(), a = configs.a.peek(), b = configs.b.peek()): number {
  const widest = Math.max((safest?.days ?? 0) * 2, a.image_ttl_days * 1.25, b.image_ttl_days * 1.25, 10);
  return Math.min(Math.ceil(widest / 10) * 10, 400);
}

function sameOrigin(one: Source | null, other: Source): boolean {
  if (!one) return false;
  return "scenario" in one ? "scenario" in other && one.scenario === other.scenario : "files" in other;
}

function inputOf(from: Source): Input {
  const encoder = new TextEncoder();
  if ("files" in from) return { files: from.files.map(({ name, text }) => ({ name, bytes: encoder.encode(text) })) };
  return { scenario: encoder.encode(textsOf(from)[0]!.text) };
}

/** What a link of the page as it is now holds, but the reader's own data. A configuration that was refused is in none. */
export function currentView(): View {
  const from = source.peek();
  return {
    ...(from && "scenario" in from ? { scenario: from.scenario } : {}),
    a: decided("a"),
    b: decided("b"),
    faults: faults.value,
    ...(margin.value > 0 ? { margin: margin.value } : {}),
    at: Math.round(at.value),
    ...(tab.value === "items" ? {} : { tab: tab.value }),
    ...(shown.value === "all" ? {} : { shown: shown.value }),
    ...(search.value ? { search: search.value } : {}),
    ...(namespace.value ? { namespace: namespace.value } : {}),
    ...(selected.value === null ? {} : { item: selected.value }),
  };
}

/** The same with the reader's own data. */
export function viewWithData(): View {
  const from = source.value;
  return { ...currentView(), ...(from && isOwn(from) ? { scenario: undefined, files: textsOf(from) } : {}) };
}

const REMEMBERED = "keepset-view";

/** Whether this browser remembers what is open, as a link that the page opens with. */
export const isRemembered = signal(kept(REMEMBERED) !== null);

export async function remember(): Promise<void> {
  isRemembered.value = true;
  const view = viewWithData();
  const link = new Blob([JSON.stringify(view)]).size > LARGEST_LINK_BYTES ? null : await encodeLink(view);
  // Unless it was to be forgotten meanwhile.
  if (!isRemembered.peek() || (link && keep(REMEMBERED, link))) return;
  forget();
  notice.value = { is: "error", text: "This is more than the browser keeps for a page: it is not remembered. The view can be saved as a file." };
}

export function forget(): void {
  isRemembered.value = false;
  keep(REMEMBERED, null);
}

let addressTimer = 0;

/** Says on the page's root what is open and whether a replay is under way, for styles and for whoever drives the page. */
function keepState() {
  const { dataset } = document.documentElement;
  const from = source.value;
  dataset["scenario"] = from && "scenario" in from ? from.scenario : "";
  dataset["busy"] = String(waiting.value || !stream.value);
}

/** Keeps the address at what is shown, so that a reload and Back find it. */
function keepAddress() {
  clearTimeout(addressTimer);
  if (source.value && currentView() && !playing.value) addressTimer = window.setTimeout(() => void sayAddress(), 300);
}

/** Data of the reader's own never get into the address: Back finds them in `behind`. */
async function sayAddress(): Promise<void> {
  const from = source.peek();
  if (!from) return;
  if (isRemembered.peek()) void remember();
  const view = currentView();
  if (isOwn(from)) {
    const number = (window.history.state as number | null) ?? behind.length;
    behind[number] = { source: from, view };
    window.history.replaceState(number, "", location.pathname + location.search);
    return;
  }
  const link = `#${await encodeLink(view)}`;
  if (from === source.peek()) window.history.replaceState(null, "", link);
}

export function refusal(error: unknown): EngineError {
  if (typeof error === "object" && error !== null && "code" in error && "message" in error) return error as EngineError;
  return { code: "unexpected", message: error instanceof Error ? error.message : String(error) };
}
