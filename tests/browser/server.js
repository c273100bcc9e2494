// Serves the built page on the loopback, faultless or with a fault.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
import { places } from "./places.js";

const TYPES = { ".html": "text/html; charset=utf-8", ".js": "text/javascript", ".css": "text/css", ".wasm": "application/wasm" };

/**
 * Serves `folder`. `change(path, answer)` may alter what is answered: `{ status, headers, body }`.
 */
export async function serve(folder, change = (_path, answer) => answer) {
  const server = createServer(async (request, response) => {
    const path = normalize(new URL(request.url, "http://localhost").pathname);
    const file = path === "/" ? "/index.html" : path;
    let answer;
    try {
      answer = { status: 200, headers: { "content-type": TYPES[extname(file)] ?? "application/octet-stream" }, body: await readFile(join(folder, file)) };
    } catch {
      answer = { status: 404, headers: {}, body: "not found" };
    }
    answer = change(file, answer);
    response.writeHead(answer.status, answer.headers);
    response.end(answer.body);
  });
  await new Promise((done) => server.listen(0, "127.0.0.1", done));
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    close: () => new Promise((done) => { server.close(done); server.closeAllConnections(); }),
  };
}

/** Serves the engine by itself, with an empty page, and modules of the tests by their paths. */
export function serveEngine(modules = {}) {
  const found = (type, body) => ({ status: 200, headers: { "content-type": type }, body });
  return serve(places.web, (path, answer) => {
    if (path === "/index.html") return found(TYPES[".html"], "<!doctype html><link rel=icon href=data:,>");
    return path in modules ? found(TYPES[".js"], modules[path]) : answer;
  });
}
