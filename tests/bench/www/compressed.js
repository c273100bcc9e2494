// The page as a server for readers sends it: compressed.
import { gzipSync } from "node:zlib";
import { places } from "../../browser/places.js";
import { serve } from "../../browser/server.js";

/** Serves the page with gzip -9; each file is compressed once. */
export function serveCompressed() {
  const bodies = new Map();
  return serve(places.playground, (path, answer) => {
    if (answer.status !== 200) return answer;
    if (!bodies.has(path)) bodies.set(path, gzipSync(answer.body, { level: 9 }));
    return { ...answer, headers: { ...answer.headers, "content-encoding": "gzip" }, body: bodies.get(path) };
  });
}
