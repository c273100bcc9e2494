import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { engineState } from "../engine/client.ts";
import { openPicked } from "../files/open.ts";
import { findScenario, scenarios } from "../files/scenarios.ts";
import { openScenario, redo, undo, undoing, viewWithData } from "../state/session.ts";
import { dialog, draft, problem, source } from "../state/store.ts";
import { setTheme, theme, type Theme } from "./palette.ts";
import { narrow } from "./plot.ts";

const NEXT: Record<Theme, Theme> = { auto: "light", light: "dark", dark: "auto" };

/** Choices that follow each other sooner than this are a run: one step of the browser's history. */
const RUN_MS = 1500;
/** In a run, as of an arrow key that is held, a choice is opened once nothing else was chosen for so long. */
const PAUSE_MS = 300;

/** The scenario that is to be opened. */
const wanted = signal<string | null>(null);
let last = -Infinity;
let timer = 0;

function choose(id: string) {
  const scenario = findScenario(id);
  if (!scenario) return;
  const now = performance.now();
  const isRun = now - last < RUN_MS;
  last = now;
  wanted.value = id;
  clearTimeout(timer);
  const open = async () => {
    await openScenario(scenario, {}, !isRun);
    if (wanted.peek() === id) wanted.value = null;
  };
  if (isRun) timer = window.setTimeout(open, PAUSE_MS);
  else void open();
}

export function Header() {
  // What was refused is not what is shown.
  const from = (problem.value ? null : draft.value) ?? source.value;
  const chosen = wanted.value ?? (from && "scenario" in from ? from.scenario : "");
  const isNarrow = narrow.value;
  const element = useRef<HTMLElement>(null);
  // What sticks to the top stands below the header, in as many lines as that has.
  useEffect(() => {
    const watch = new ResizeObserver(() => document.documentElement.style.setProperty("--header", `${element.current!.offsetHeight}px`));
    watch.observe(element.current!);
    return () => watch.disconnect();
  }, []);
  return (
    <header class="header" ref={element}>
      <div class="brand">
        <svg class="mark" viewBox="0 0 22 22" aria-hidden="true">
          <rect width="22" height="22" rx="5.5" fill="currentColor" />
          <path d="M5.5 7h11M5.5 11h7M5.5 15h9.5" stroke="var(--card)" stroke-width="2.2" stroke-linecap="round" />
        </svg>
        <h1>Keepset <span class="muted">playground</span></h1>
      </div>
      <div class="scenario">
        <label class="muted" for="scenario">Scenario</label>
        <select id="scenario" value={chosen} onChange={(event) => choose(event.currentTarget.value)}>
          {from && "files" in from ? <option value="">Your files</option> : null}
          {scenarios.map(({ id, title }) => <option key={id} value={id}>{title}</option>)}
        </select>
      </div>
      {isNarrow ? null : <OpenFiles />}
      <div class="end">
        {isNarrow ? null : (
          <>
            <button class="plain icon" aria-label="Undo" title="Undo (Ctrl+Z)" aria-disabled={!undoing.canUndo.value} onClick={undo}>↶</button>
            <button class="plain icon" aria-label="Redo" title="Redo (Ctrl+Shift+Z)" aria-disabled={!undoing.canRedo.value} onClick={redo}>↷</button>
            <button class="plain" onClick={turnTheme}>Theme: {theme.value}</button>
          </>
        )}
        <Menu isNarrow={isNarrow} />
        {isNarrow ? null : <button class="plain icon" aria-label="Keys and help" title="Keys and help (?)" onClick={() => (dialog.value = "help")}>?</button>}
        <button class="primary" disabled={engineState.value.is !== "ready"} onClick={() => (dialog.value = "link")}>Copy link</button>
      </div>
    </header>
  );
}

/** What is saved is asked for seldom: its code comes when it is. */
const saving = () => import("../export/save.ts");

const turnTheme = () => setTheme(NEXT[theme.value]);

function OpenFiles() {
  return (
    <label class="file">
      Open files
      <input
        class="hidden" type="file" multiple accept=".json,.ndjson,.jsonl,.yaml,.yml,.log"
        onChange={(event) => {
          void openPicked(event.currentTarget.files);
          event.currentTarget.value = "";
        }}
      />
    </label>
  );
}

function Menu({ isNarrow }: { isNarrow: boolean }) {
  const close = (event: Event, then: () => unknown) => {
    (event.currentTarget as HTMLElement).closest("details")?.removeAttribute("open");
    void then();
  };
  return (
    <details
      class="menu"
      onKeyDown={(event) => {
        if (event.key !== "Escape") return;
        event.currentTarget.removeAttribute("open");
        event.currentTarget.querySelector("summary")?.focus();
      }}
      onFocusOut={(event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) event.currentTarget.removeAttribute("open");
      }}
    >
      <summary>{isNarrow ? "More" : "Export"}</summary>
      <div>
        {isNarrow ? (
          <>
            <OpenFiles />
            <button aria-disabled={!undoing.canUndo.value} onClick={undo}>Undo</button>
            <button aria-disabled={!undoing.canRedo.value} onClick={redo}>Redo</button>
            <button onClick={turnTheme}>Theme: {theme.value}</button>
            <button onClick={(event) => close(event, () => (dialog.value = "help"))}>Keys and help</button>
            <hr />
          </>
        ) : null}
        <button onClick={(event) => close(event, async () => (await saving()).saveConfig("a"))}>Configuration A as YAML</button>
        <button onClick={(event) => close(event, async () => (await saving()).saveConfig("b"))}>Configuration B as YAML</button>
        <button onClick={(event) => close(event, async () => (await saving()).saveFixture())}>Conformance fixture, with A</button>
        <button onClick={(event) => close(event, async () => (await saving()).copyMarkdown())}>Copy the verdict as Markdown</button>
        <button onClick={(event) => close(event, async () => (await saving()).saveView(viewWithData()))}>This view, with its data, as a file</button>
      </div>
    </details>
  );
}
