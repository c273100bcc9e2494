/** CodeMirror for JSON, loaded when the editor is first used. It lives in a shadow root, where its styles need no <style>. */
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { HighlightStyle, bracketMatching, ensureSyntaxTree, foldGutter, syntaxHighlighting } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { EngineError } from "../engine/api.ts";
import { rangeOf } from "../files/pointer.ts";

export interface Code {
  show(text: string): void;
  mark(problem: EngineError | null): void;
  focus(): void;
  destroy(): void;
}

const look = EditorView.theme({
  "&": { height: "100%", fontSize: "12px", color: "var(--ink)", backgroundColor: "var(--card)" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.5" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--muted)", border: "0" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused .cm-selectionBackground, .cm-selectionBackground": { backgroundColor: "color-mix(in srgb, var(--accent) 28%, transparent) !important" },
  ".cm-tooltip": { backgroundColor: "var(--card)", color: "var(--ink)", border: "1px solid var(--control)" },
  ".cm-foldPlaceholder": { backgroundColor: "var(--raised)", color: "var(--ink)", border: "0" },
});

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--a)" },
  { tag: tags.string, color: "var(--good)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--b)" },
  { tag: tags.invalid, color: "var(--wrong)" },
]);

export function openCode(host: HTMLElement, text: string, label: string, changed: (text: string) => void): Code {
  const root = host.shadowRoot ?? host.attachShadow({ mode: "open" });
  root.replaceChildren();
  const stateOf = (doc: string) =>
    EditorState.create({
      doc,
      extensions: [
        lineNumbers(), foldGutter(), history(), bracketMatching(), highlightActiveLine(), lintGutter(), json(), look,
        syntaxHighlighting(colours),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        // Tab leaves the editor, and Escape too: nobody is caught in it.
        keymap.of([{ key: "Escape", run: (editor) => { editor.contentDOM.blur(); host.closest<HTMLElement>("[role=tabpanel]")?.focus(); return true; } }, ...defaultKeymap, ...historyKeymap]),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString());
        }),
      ],
    });
  const view = new EditorView({ root, parent: root, state: stateOf(text) });
  return {
    // Another text: what was done to the one before cannot be undone in it.
    show(next) {
      if (next !== view.state.doc.toString()) view.setState(stateOf(next));
    },
    mark(problem) {
      const place = problem && placeOf(view.state, problem);
      view.dispatch(setDiagnostics(view.state, problem && place ? [{ ...place, severity: "error", message: problem.message }] : []));
      if (place) view.dispatch({ effects: EditorView.scrollIntoView(place.from, { y: "center" }) });
    },
    focus: () => view.focus(),
    destroy: () => view.destroy(),
  };
}

/** Where in the text: by its line, or else by its pointer. */
function placeOf(state: EditorState, problem: EngineError): { from: number; to: number } | null {
  if (problem.line !== undefined && problem.line >= 1 && problem.line <= state.doc.lines) {
    const line = state.doc.line(problem.line);
    const from = Math.min(line.to, line.from + Math.max(0, (problem.column ?? 1) - 1));
    return { from, to: Math.max(from, Math.min(line.to, from + 1)) };
  }
  const tree = ensureSyntaxTree(state, state.doc.length, 1000);
  return tree && problem.pointer !== undefined ? rangeOf(tree, state.doc.toString(), problem.pointer) : null;
}
