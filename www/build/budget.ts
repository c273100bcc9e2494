import { gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";

/** What a reader has to fetch, in kilobytes as gzip -9 makes them. The build fails above. */
const BUDGET = { page: 75, engine: 203, editor: 125 };

/** Measures the folder's page: what comes at once, the engine, and the editor, which comes when it is used. */
export function budget(): Plugin {
  return {
    name: "budget",
    apply: "build",
    enforce: "post",
    generateBundle: {
      order: "post",
      handler(_options, bundle) {
        const outputs = Object.values(bundle);
        const chunks = outputs.filter((output): output is Rolldown.OutputChunk => output.type === "chunk");
        const atOnce = new Set<string>();
        const follow = (name: string) => {
          if (atOnce.has(name)) return;
          atOnce.add(name);
          chunks.find((chunk) => chunk.fileName === name)?.imports.forEach(follow);
        };
        chunks.filter((chunk) => chunk.isEntry).forEach((chunk) => follow(chunk.fileName));
        const named = (end: string) => outputs.filter((output) => output.fileName.endsWith(end));
        const editor = chunks.filter((chunk) => chunk.fileName.includes("code-"));
        limit("page", [...named(".html"), ...named(".css"), ...chunks.filter((chunk) => atOnce.has(chunk.fileName))]);
        limit("engine", named(".wasm"));
        limit("editor", editor);
      },
    },
  };
}

function limit(name: keyof typeof BUDGET, outputs: (Rolldown.OutputAsset | Rolldown.OutputChunk)[]) {
  const bytes = outputs.reduce((sum, output) => {
    const content = output.type === "chunk" ? output.code : output.source;
    return sum + gzipSync(content, { level: 9 }).length;
  }, 0);
  const kilobytes = (bytes / 1000).toFixed(1);
  if (bytes === 0) throw new Error(`budget: there is no ${name} to be measured`);
  if (bytes > BUDGET[name] * 1000) throw new Error(`budget: ${name} has ${kilobytes} kB, and may have ${BUDGET[name]}`);
  console.log(`budget: ${name} ${kilobytes} kB of ${BUDGET[name]}`);
}
