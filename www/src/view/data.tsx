import { signal, useSignalEffect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { edit, openScenario } from "../state/session.ts";
import { findScenario } from "../files/scenarios.ts";
import { draft, problem, shownFile, source, stream, textsOf } from "../state/store.ts";
import { counted, size } from "../format.ts";
import type { Code } from "./code.ts";

/** Typing pauses this long before the history is read again. */
const PAUSE_MS = 350;
/** Above this an editor is no help, and slow. */
const LARGEST_EDITED = 5_000_000;

/** What is replayed, as text that can be changed. */
export function Data() {
  const from = draft.value ?? source.value;
  if (!from) return null;
  const texts = textsOf(from);
  const file = Math.min(shownFile.value, texts.length - 1);
  const { name, text } = texts[file]!;
  const notes = stream.value?.summary.notes ?? [];
  return (
    <div class="stackup">
      <div class="filters">
        {texts.length > 1 ? (
          <select aria-label="File" value={file} onChange={(event) => (shownFile.value = Number(event.currentTarget.value))}>
            {texts.map((each, index) => <option key={index} value={index}>{each.name}</option>)}
          </select>
        ) : <span class="mono">{name}</span>}
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
          : <Editor key={file} file={file} name={name} text={text} isOnly={texts.length < 2} />}
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

/** Whether the editor was used: then it is there for every file. */
const isEditing = signal(false);

/** The text of one file. */
function Editor({ file, name, text, isOnly }: { file: number; name: string; text: string; isOnly: boolean }) {
  const host = useRef<HTMLDivElement>(null);
  const code = useRef<Code | null>(null);
  const sent = useRef(text);
  const typed = useRef<{ text: string; timer: number } | null>(null);
  const send = () => {
    if (!typed.current) return;
    clearTimeout(typed.current.timer);
    sent.current = typed.current.text;
    typed.current = null;
    edit(sent.current, file);
  };
  const changed = (next: string) => {
    clearTimeout(typed.current?.timer);
    typed.current = { text: next, timer: window.setTimeout(send, PAUSE_MS) };
  };
  const mark = () => {
    const found = problem.value;
    code.current?.mark(found && (isOnly || found.file === name) ? found : null);
  };
  useSignalEffect(mark);
  useEffect(() => {
    // What comes back of one's own typing is older than what is in the editor by then.
    if (text === sent.current) return;
    clearTimeout(typed.current?.timer);
    typed.current = null;
    sent.current = text;
    code.current?.show(text);
  }, [text]);
  const open = async (isWanted: boolean) => {
    const { openCode } = await import("./code.ts");
    isEditing.value = true;
    if (!host.current || code.current) return;
    code.current = openCode(host.current, sent.current, `Text of ${name}`, changed);
    mark();
    if (isWanted) code.current.focus();
  };
  useEffect(() => {
    if (isEditing.peek()) void open(false);
    return () => {
      send();
      code.current?.destroy();
    };
  }, []);
  return (
    <>
      <div class="code" ref={host} hidden={!isEditing.value} />
      {isEditing.value ? null : (
        <textarea aria-label={`Text of ${name}`} spellcheck={false} value={text} onFocus={() => void open(true)} readOnly />
      )}
    </>
  );
}
