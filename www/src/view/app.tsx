import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call, engineState } from "../engine/client.ts";
import { openPicked } from "../files/open.ts";
import { counted, duration, size } from "../format.ts";
import { forget, isRemembered, remember } from "../state/session.ts";
import { about, dialog, notice, runs, source, stream, tab, waiting } from "../state/store.ts";
import { headlineOf } from "../verdict.ts";
import { Header } from "./header.tsx";
import { later } from "./later.tsx";
import { narrowPage } from "./plot.ts";
import { Settings } from "./settings.tsx";
import { Crash, Instead, Problem } from "./states.tsx";
import { Timeline } from "./timeline.tsx";
import { Verdicts } from "./verdicts.tsx";
import { Why } from "./why.tsx";

// What is below the fold comes when the verdict is there.
const Tabs = later(() => import("./tabs.tsx").then((module) => module.Tabs));
const Safety = later(() => import("./safety.tsx").then((module) => module.Safety));
const Dialogs = later(() => import("./dialogs.tsx").then((module) => module.Dialogs));

export function App() {
  const isReady = stream.value !== null && engineState.value.is !== "missing";
  return (
    <>
      <Header />
      <div class="notices"><Notice />{isReady ? <Crash /> : null}</div>
      {isReady ? <Page /> : <Instead />}
      <Footer />
      <Announce />
      {dialog.value ? <Dialogs /> : null}
      <Drop />
    </>
  );
}

function Page() {
  const isDim = useLate(waiting.value, 150);
  const settings = narrowPage.value ? <details class="card"><summary>Settings: configurations, safe TTL, faults</summary><Settings /></details> : <Settings />;
  return (
    <div class="frame">
      {narrowPage.value ? null : <aside class="side" aria-label="Settings">{settings}</aside>}
      <main class="main">
        {tab.value === "data" ? null : <Problem />}
        <About />
        <div class={isDim ? "dimmed" : ""}><Verdicts /></div>
        <div class={isDim ? "dimmed" : ""}><Timeline /></div>
        {narrowPage.value ? <aside class="side" aria-label="Settings">{settings}</aside> : null}
        <div class="bottom">
          <Tabs />
          <div class="beside"><Why /><Safety /></div>
        </div>
      </main>
    </div>
  );
}

/** What is replayed, in a sentence. */
function About() {
  const from = source.value;
  const view = stream.value;
  if (!from || !view) return null;
  const { summary } = view;
  const what = "scenario" in from ? about.value : from.files.map(({ name }) => name).join(", ");
  return (
    <p class="muted">
      {what ? `${what} ` : ""}
      <span class="small">
        {counted(summary.reports, "report")}, {counted(summary.items, "item")} in {counted(summary.contexts.length, "namespace or cluster", "namespaces and clusters")}, {duration(summary.to - summary.from)}.
      </span>
    </p>
  );
}

function Notice() {
  const now = notice.value;
  useEffect(() => {
    if (now?.is !== "done") return undefined;
    const timer = setTimeout(() => (notice.value = null), 6000);
    return () => clearTimeout(timer);
  }, [now]);
  if (!now) return null;
  return (
    <div class="notice" data-is={now.is} role={now.is === "error" ? "alert" : "status"}>
      <span>{now.text}</span>
      <button class="plain tiny" onClick={() => (notice.value = null)}>Close</button>
    </div>
  );
}

function Footer() {
  const engine = engineState.value;
  const run = runs.a.value;
  return (
    <footer class="footer">
      {engine.is === "ready" ? (
        <>
          <span>Engine {engine.about.name} {engine.about.version}, rules edition {engine.about.rules}</span>
          <span>{size(engine.bytes)} of WebAssembly, {engine.digest ? <>sha256 <code data-testid="digest">{engine.digest}</code></> : "not hashed: browsers hash on secure pages only"}</span>
        </>
      ) : null}
      {run ? (
        <span>
          A replayed in {run.milliseconds.toFixed(0)} ms.{" "}
          <button class="link small" onClick={() => void verify()}>Check it against the rules, step by step</button>
        </span>
      ) : null}
      <span>
        {isRemembered.value ? "What is open is remembered in this browser, your own data too, and goes nowhere else. " : "Nothing leaves this tab. "}
        <button class="link small" onClick={() => (isRemembered.value ? forget() : void remember())}>
          {isRemembered.value ? "Forget it" : "Remember what is open, in this browser alone"}
        </button>
      </span>
      {import.meta.env.MODE === "single" ? null : <a href="keepset-playground.html" download>One file, for offline use</a>}
    </footer>
  );
}

/** The fast replay against the slow one, which is the rules themselves, report by report. */
async function verify(): Promise<void> {
  let sum = 0;
  try {
    for (const side of ["a", "b"] as const) {
      const { same, milliseconds } = await call((engine) => engine.verify(side));
      sum += milliseconds;
      if (same) continue;
      notice.value = { is: "error", text: `In ${side.toUpperCase()} the rules, report by report, come to something else: please report this, with the fixture.` };
      return;
    }
    notice.value = { is: "done", text: `The rules, report by report, come to the same in A and in B (${sum.toFixed(0)} ms).` };
  } catch {
    // That the engine stopped is said elsewhere.
  }
}

/** Read out when a verdict changes, and nothing else is. */
function Announce() {
  const [view, a, b] = [stream.value, runs.a.value, runs.b.value];
  const said = useLate(view && a && b ? `A: ${headlineOf(view.summary, a).text}. B: ${headlineOf(view.summary, b).text}.` : "", 600);
  return <p class="hidden" role="status" aria-live="polite" data-testid="announce">{said}</p>;
}

/** A value, once it has stayed the same for a while; the first one, and false, at once. */
function useLate<T>(value: T, milliseconds: number): T {
  const late = useSignal(value);
  useEffect(() => {
    if (value === false) late.value = value;
    const timer = setTimeout(() => (late.value = value), milliseconds);
    return () => clearTimeout(timer);
  }, [value]);
  return late.value;
}

/** Files dropped anywhere are opened. */
function Drop() {
  const isOver = useSignal(false);
  useEffect(() => {
    const hasFiles = (event: DragEvent) => event.dataTransfer?.types.includes("Files") ?? false;
    const over = (event: DragEvent) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      isOver.value = true;
    };
    const leave = (event: DragEvent) => {
      if (event.relatedTarget === null) isOver.value = false;
    };
    const drop = (event: DragEvent) => {
      isOver.value = false;
      if (!hasFiles(event)) return;
      event.preventDefault();
      void openPicked(event.dataTransfer!.files);
    };
    addEventListener("dragover", over);
    addEventListener("dragleave", leave);
    addEventListener("drop", drop);
    return () => {
      removeEventListener("dragover", over);
      removeEventListener("dragleave", leave);
      removeEventListener("drop", drop);
    };
  }, []);
  return isOver.value ? <div class="drop">Drop reports, an agent’s log, fixtures or an inventory</div> : null;
}
