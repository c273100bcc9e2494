/** What takes long is asked about first. */
import { signal } from "@preact/signals";
import { dialog } from "./store.ts";

/** So many bytes to read, or so many sightings to replay, in about so long. */
export type Much = { bytes: number } | { sightings: number; items: number; milliseconds: number };

export const asked = signal<{ much: Much; answer: (isWanted: boolean) => void } | null>(null);

/** Whether the reader wants it. */
export function ask(much: Much): Promise<boolean> {
  return new Promise((answer) => {
    asked.value = { much, answer };
    dialog.value = "much";
  });
}
