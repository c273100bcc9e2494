/** Files that are picked or dropped: reports, fixtures, inventories, or a view that was saved here. */
import { ask } from "../state/ask.ts";
import { LinkError, checked, type TextFile } from "../state/link.ts";
import { findScenario, firstScenario } from "./scenarios.ts";
import { jsonOf } from "./yaml.ts";
import { openFiles, openScenario, refusal } from "../state/session.ts";
import { notice } from "../state/store.ts";
import { size } from "../format.ts";

/** Reading more than this takes seconds. */
const MUCH = 50_000_000;

export async function openPicked(picked: FileList | null): Promise<void> {
  const files = [...(picked ?? [])].sort((one, other) => (one.name < other.name ? -1 : 1));
  if (files.length === 0) return;
  const bytes = files.reduce((sum, file) => sum + file.size, 0);
  if (bytes <= MUCH || (await ask({ bytes }))) await read(files);
}

async function read(files: File[]): Promise<void> {
  let texts: TextFile[];
  try {
    texts = await Promise.all(files.map(textOf));
  } catch (error) {
    notice.value = { is: "error", text: refusal(error).message };
    return;
  }
  const [first] = texts;
  if (texts.length === 1 && first && first.text.length < 50_000_000 && first.text.includes('"keepset_view"')) {
    if (openView(first)) return;
  }
  await openFiles(texts);
}

/** The text of a file, of YAML as JSON. */
async function textOf(file: File): Promise<TextFile> {
  const [first, second] = new Uint8Array(await file.slice(0, 2).arrayBuffer());
  if ((first === 0x50 && second === 0x4b) || (first === 0x1f && second === 0x8b)) {
    throw new Error(`${file.name} is packed. Unpack it, and open the files in it, all of them at once.`);
  }
  const text = await file.text();
  return /\.ya?ml$/i.test(file.name) ? jsonOf(file.name, text) : { name: file.name, text };
}

/** Opens a view that was saved as a file. False if it is something else. */
function openView(file: TextFile): boolean {
  try {
    const { keepset_view: view } = JSON.parse(file.text) as { keepset_view?: unknown };
    if (view === undefined) return false;
    const read = checked(view);
    if (read.files) void openFiles(read.files, read);
    else void openScenario(findScenario(read.scenario ?? "") ?? firstScenario(), read);
    return true;
  } catch (error) {
    if (!(error instanceof LinkError)) return false;
    notice.value = { is: "error", text: `${file.name} does not open (${size(file.text.length)}): ${error.message}.` };
    return true;
  }
}
