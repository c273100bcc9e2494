import { signal, useSignal, useSignalEffect } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Report as ReportAnswer } from "../engine/api.ts";
import { call } from "../engine/client.ts";
import { copy, saveView } from "../export/save.ts";
import { hashNames } from "../files/names.ts";
import { count, counted, day, size, utc } from "../format.ts";
import { asked, type Much } from "../state/ask.ts";
import { LONG_LINK, encodeLink, type View } from "../state/link.ts";
import { refusal, viewWithData } from "../state/session.ts";
import { bounds, dialog, isOwn, shownReport, source, stream, textsOf } from "../state/store.ts";
import { KEYS, areKeysOn, setKeysOn } from "./keys.ts";

export function Dialogs() {
  switch (dialog.value) {
    case "link": return <Link />;
    case "help": return <Help />;
    case "report": return <Report />;
    case "much": return <Ask />;
    default: return null;
  }
}

function Dialog({ title, children }: { title: string; children: ComponentChildren }) {
  const element = useRef<HTMLDialogElement>(null);
  useEffect(() => element.current!.showModal(), []);
  return (
    <dialog
      ref={element} aria-labelledby="dialog-title" onClose={() => (dialog.value = null)}
      onClick={(event) => event.target === element.current && element.current!.close()}
    >
      <header>
        <h2 id="dialog-title">{title}</h2>
        <button class="plain" onClick={() => element.current!.close()}>Close</button>
      </header>
      {children}
    </dialog>
  );
}

function Link() {
  const from = source.value;
  const own = from && isOwn(from) ? textsOf(from) : null;
  const isHashed = useSignal(true);
  const view = useSignal<View>({});
  const link = useSignal("");
  const failed = useSignal("");
  useSignalEffect(() => {
    const now = viewWithData();
    const hashed = isHashed.value;
    void (async () => {
      try {
        failed.value = "";
        view.value = own && hashed ? hashNames(now) : now;
        link.value = `${location.href.split("#")[0]}#${await encodeLink(view.value)}`;
      } catch (error) {
        link.value = "";
        failed.value = `Names in this text cannot be replaced: ${refusal(error).message}.`;
      }
    })();
  });
  const isLong = link.value.length > LONG_LINK;
  return (
    <Dialog title="A link to this view">
      <div class="stackup">
        <p>
          {own
            ? `It holds your data (${size(own.reduce((sum, { text }) => sum + text.length, 0))} of text), both configurations and what is selected.`
            : "It holds the name of the scenario, both configurations, faults, the instant and what is selected."}{" "}
          All of it is behind the #, which browsers send to no server.
        </p>
        {own ? (
          <label class="row">
            <input type="checkbox" checked={isHashed.value} onChange={(event) => (isHashed.value = event.currentTarget.checked)} />
            Replace names by hashes, leave out labels
          </label>
        ) : null}
        {isLong ? (
          <>
            <p><strong>{count(link.value.length)} characters are too many for a link:</strong> chats and mails cut it. A file opens here just as well.</p>
            <p><button class="primary" onClick={() => saveView(view.value)}>Save as a file</button></p>
          </>
        ) : failed.value ? <p class="problem">{failed.value}</p> : (
          <>
            <textarea readOnly aria-label="Link" value={link.value} onFocus={(event) => event.currentTarget.select()} />
            <p class="row">
              <button class="primary" disabled={!link.value} onClick={() => { const text = link.value; dialog.value = null; void copy(text, "The link was copied."); }}>Copy</button>
              <button disabled={!link.value} onClick={() => { const text = link.value; dialog.value = null; void copy(`[Retention: what this setting does](${text})`, "The link was copied as Markdown."); }}>Copy as Markdown</button>
              <span class="muted small push">{count(link.value.length)} characters</span>
            </p>
          </>
        )}
      </div>
    </Dialog>
  );
}

function Help() {
  return (
    <Dialog title="Keys and help">
      <div class="stackup">
        <p>
          A history of reports is replayed twice, under configuration A and B, by the engine that also runs in production.
          A removal is wrong if the item was reported again later: it was running all along. Nothing leaves this tab.
        </p>
        <dl class="keys">
          {KEYS.map(({ keys, does }) => (
            <><dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt><dd>{does}</dd></>
          ))}
        </dl>
        <label class="row">
          <input type="checkbox" checked={areKeysOn.value} onChange={(event) => setKeysOn(event.currentTarget.checked)} />
          Keys that are pressed alone act. Switched off, they stay off in this browser.
        </label>
        <p class="muted small">On the instant's slider: arrows an hour, Page keys a tenth of the history, Home and End.</p>
      </div>
    </Dialog>
  );
}

const reportText = signal<ReportAnswer | null>(null);

function Report() {
  const n = shownReport.value ?? 0;
  useEffect(() => {
    reportText.value = null;
    void call((engine) => engine.report(n)).then((report) => (reportText.value = report)).catch(() => {});
  }, [n]);
  const report = reportText.value;
  const received = stream.value?.reports.at[n];
  return (
    <Dialog title={`Report ${n + 1}`}>
      <div class="stackup">
        <p class="muted small">
          {received === undefined ? "" : `Received on day ${day(received, bounds.value.from, 2)}, ${utc(received)}. `}
          {report?.file ? `From ${report.file}. ` : ""}Save it and run <code>keepset evaluate --report FILE</code> to see the same decision on the command line.
        </p>
        <pre tabIndex={0}>{report ? pretty(report.json) : "…"}</pre>
        <p><button disabled={!report} onClick={() => { if (report) { dialog.value = null; void copy(report.json, "The report was copied."); } }}>Copy</button></p>
      </div>
    </Dialog>
  );
}

/** Indented, up to what a person would read. */
function pretty(json: string): string {
  try {
    const text = JSON.stringify(JSON.parse(json), null, 2);
    return text.length > 200_000 ? `${text.slice(0, 200_000)}\n…` : text;
  } catch {
    return json.slice(0, 200_000);
  }
}

/** Asks before something that takes long. */
function Ask() {
  const now = asked.value;
  // However it is closed, there is an answer; a second one changes nothing.
  useEffect(() => () => now?.answer(false), [now]);
  if (!now) return null;
  const { much, answer } = now;
  const [title, text, yes] = wordsOf(much);
  return (
    <Dialog title={title}>
      <div class="stackup">
        <p>{text}</p>
        <p class="row">
          <button class="primary" onClick={() => { answer(true); dialog.value = null; }}>{yes}</button>
          <button onClick={() => (dialog.value = null)}>Leave it</button>
        </p>
      </div>
    </Dialog>
  );
}

function wordsOf(much: Much): [title: string, text: string, yes: string] {
  if ("bytes" in much) {
    const { bytes } = much;
    return ["This is much to read", `${size(bytes)} take about ${Math.max(2, Math.round(bytes / 25_000_000))} seconds and some ${size(bytes * 6)} of memory in this tab.`, "Read it"];
  }
  const { sightings, items, milliseconds } = much;
  const long = milliseconds < 1000 ? "less than a second" : `about ${counted(Math.round(milliseconds / 1000), "second")}`;
  return [
    "This is much to replay",
    `${counted(sightings, "sighting")} of ${counted(items, "item")}: by what was replayed here so far, that takes ${long} for both configurations, and half of it whenever one of them changes.`,
    "Replay it",
  ];
}
