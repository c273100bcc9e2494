import url from "engine.wasm?url";

/** The engine's bytes, from beside the page. */
export async function engineBytes(): Promise<ArrayBuffer> {
  const answer = await fetch(url);
  if (!answer.ok) throw new Error(`${url} was answered ${answer.status} ${answer.statusText}`);
  return answer.arrayBuffer();
}
