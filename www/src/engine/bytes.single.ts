/** The engine's bytes, from within the page. */
export async function engineBytes(): Promise<ArrayBuffer> {
  const text = document.getElementById("engine")?.textContent;
  if (!text) throw new Error("this file holds no engine");
  const deflated = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const inflated = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(inflated).arrayBuffer();
}
