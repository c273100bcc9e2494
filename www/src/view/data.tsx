import { signal, useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { edit, openScenario } from "../state/session.ts";
import { findScenario } from "../files/scenarios.ts";
import { draft, problem, source, stream, textsOf } from "../state/store.ts";
import { counted, size } from "../format.ts";
import type { Code } from "./code.ts";

/** Typing pauses this long before the history is read again. */
const PAUSE_MS = 350;
/** Above this an editor is no help, and slow. */
const LARGEST_EDITED = 5_000_000;

const chosen = signal(0);

/** What is replayed, as text that can be changed. */
export function Data() {
  const from = draft.value ?? source.value;
  const host = useRef<HTMLDivElement>(null);
  const code = useRef<Code | null>(null);
  const opening = useRef(false);
  const isEditing = useSignal(false);
  const texts = from ? textsOf(from) : [];
  const file = Math.min(chosen.value, texts.length - 1);
  const text = texts[file]?.text ?? "";
  const timer = useRef(0);
  const sent = useRef<string | null>(null);
  const changed = (next: string) => {
    clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      sent.current = next;
      edit(next, Math.max(0, file));
    }, PAUSE_MS);
  };
  useEffect(() => () => code.current?.destroy(), []);
  // What comes back of one's own typing is older than what is in the editor by then.
  useEffect(() => {
    if (text !== sent.current) code.current?.show(text);
  }, [text]);
  useSignalEffect(() => {
    const found = problem.value;
    code.current?.mark(found && (found.file === undefined || texts.length < 2 || found.file === texts[file]?.name) ? found : null);
  });
  const open = async () => {
    if (opening.current) return;
    opening.current = true;
    const { openCode } = await import("./code.ts");
    isEditing.value = true;
    requestAnimationFrame(() => {
      code.current = openCode(host.current!, text, `Text of ${texts[file]?.name ?? "the history"}`, changed);
      code.current.mark(problem.peek());
      code.current.focus();
    });
  };
  if (!from) return null;
  const notes = stream.value?.summary.notes ?? [];
  return (
    <div class="stackup">
      <div class="filters">
        {texts.length > 1 ? (
          <select aria-label="File" value={file} onChange={(event) => (chosen.value = Number(event.currentTarget.value))}>
            {texts.map(({ name }, index) => <option key={index} value={index}>{name}</option>)}
          </select>
        ) : <span class="mono">{texts[0]?.name}</span>}
        <span class="muted small">{size(new Blob([text]).size)}. What you change is replayed as you type. Esc leaves the editor.</span>
        {"scenario" in from && from.isEdited ? (
          <button class="tiny push" onClick={() => {
            const scenario = findScenario(from.scenario);
            if (scenario) void openScenario(scenario, { tab: "data" }, false);
          }}>Back to the original</button>
        ) : null}
      </div>
      <div class="editor">
        {text.length > LARGEST_EDITED ? <p class="empty">This file is too large to edit here. It was read as it is.</p>
          : isEditing.value ? <div class="code" ref={host} />
          : <textarea aria-label={`Text of ${texts[file]?.name ?? "the history"}`} spellcheck={false} value={text} onFocus={() => void open()} readOnly />}
      </div>
      {notes.length > 0 ? (
        <details>
          <summary>{counted(notes.length, "note")} about what was read</summary>
          <ul class="small">{notes.slice(0, 100).map((note, index) => <li key={index}><code>{note.code}</code> {note.file ? `${note.file}: ` : ""}{note.message}</li>)}</ul>
        </details>
      ) : null}
    </div>
  );
}
