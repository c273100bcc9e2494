import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { deflateRawSync, gzipSync } from "node:zlib";
import type { Plugin, Rolldown } from "vite";
import { contentPolicy, policyElement } from "./policy.ts";

/** Kilobytes by gzip -9, the editor among them, which the page in a folder loads only when it is used. */
const LARGEST = 440;

/** Puts the whole page into one file: scripts and styles by their hashes in its policy, the engine as deflated text. */
export function singleFile(wasm: string, fileName: string): Plugin {
  return {
    name: "single-file",
    apply: "build",
    enforce: "post",
    generateBundle: {
      // After whatever Vite itself still writes into the chunks.
      order: "post",
      handler(_options, bundle) {
        const outputs = Object.values(bundle);
        const page = outputs.find((output) => output.fileName.endsWith(".html"));
        if (page?.type !== "asset") throw new Error("single-file: the build made no page");
        const script = outputs
          .filter((output): output is Rolldown.OutputChunk => output.type === "chunk")
          .map((chunk) => chunk.code)
          .join("\n")
          // What would end the element has to be written otherwise inside it.
          .replaceAll("</script", "<\\/script")
          .replaceAll("<!--", "\\x3C!--");
        const style = outputs
          .filter((output): output is Rolldown.OutputAsset => output.type === "asset" && output.fileName.endsWith(".css"))
          .map((asset) => text(asset.source))
          .join("\n");
        const engine = deflateRawSync(readFileSync(wasm), { level: 9 }).toString("base64");
        const policy = policyElement(contentPolicy(hash(script), hash(style), "'none'"));
        const source = text(page.source)
          .replace(/\s*<script type="module"[^>]*><\/script>/, "")
          .replace(/\s*<link rel="stylesheet"[^>]*>/, "")
          .replace('<meta charset="utf-8" />', (charset) => `${charset}\n    ${policy}`)
          .replace("</head>", () => `<style>${style}</style>\n  </head>`)
          .replace(
            "</body>",
            () =>
              `  <script type="application/octet-stream" id="engine">${engine}</script>\n` +
              `    <script type="module">${script}</script>\n  </body>`,
          );
        const kilobytes = gzipSync(source, { level: 9 }).length / 1000;
        if (kilobytes > LARGEST) throw new Error(`single-file: it has ${kilobytes.toFixed(1)} kB, and may have ${LARGEST}`);
        console.log(`budget: single file ${kilobytes.toFixed(1)} kB of ${LARGEST}`);
        for (const name of Object.keys(bundle)) delete bundle[name];
        this.emitFile({ type: "asset", fileName, source });
      },
    },
  };
}

function text(source: string | Uint8Array): string {
  return typeof source === "string" ? source : new TextDecoder().decode(source);
}

function hash(source: string): string {
  return `'sha256-${createHash("sha256").update(source).digest("base64")}'`;
}
