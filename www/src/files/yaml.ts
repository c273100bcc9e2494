/** YAML as JSON, which is what the engine reads, and what the editor then shows. */
import type { EngineError } from "../engine/api.ts";
import type { TextFile } from "../state/link.ts";
import { stepsOf } from "./pointer.ts";

type Placing = (problem: EngineError) => string | null;

/** What finds places in the YAML that a text was made of; another text has none, so that what was typed has its own places. */
const placings = new WeakMap<TextFile, Placing>();

export async function jsonOf(name: string, text: string): Promise<TextFile> {
  const { LineCounter, parseAllDocuments } = await import("yaml");
  const read = (lineCounter?: InstanceType<typeof LineCounter>) => [parseAllDocuments(text, { lineCounter })].flat().filter((document) => "toJS" in document);
  const documents = read();
  const fault = documents.flatMap(({ errors }) => errors)[0];
  if (fault) throw new Error(`${name} is no YAML: ${fault.message.split("\n")[0]}`);
  const isOne = documents.length === 1;
  const file = { name: `${name}, as JSON`, text: documents.map((document) => JSON.stringify(document.toJS(), null, isOne ? 2 : 0)).join("\n") };
  // Read once more if it is asked for: what was read takes far more room than the text.
  placings.set(file, ({ pointer, line = 1 }) => {
    if (pointer === undefined) return null;
    const lines = new LineCounter();
    const document = read(lines)[isOne ? 0 : line - 1];
    const steps = stepsOf(pointer);
    const rangeAt = () => (document?.getIn(steps, true) as { range?: number[] } | null | undefined)?.range;
    while (steps.length > 0 && !rangeAt()) steps.pop();
    const { line: at, col } = lines.linePos(rangeAt()?.[0] ?? 0);
    return `${name}, line ${at}, column ${col}`;
  });
  return file;
}

/** Where the YAML is refused that a text was made of: at the value, or at what is nearest around it. */
export function placeInYaml(file: TextFile, problem: EngineError): string | null {
  return placings.get(file)?.(problem) ?? null;
}
