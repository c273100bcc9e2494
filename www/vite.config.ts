import { fileURLToPath } from "node:url";
import { defineConfig, type UserConfig } from "vite";
import { budget } from "./build/budget.ts";
import { policy } from "./build/policy.ts";
import { scenarios } from "./build/scenarios.ts";
import { singleFile } from "./build/single-file.ts";

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** The engine as wasm-bindgen leaves it; `cargo xtask web` builds it. */
const ENGINE = "../target/web/";

const SINGLE = "keepset-playground.html";

/** Two builds of one page: a folder to be served, and with `--mode single` one file that also opens from a disk. */
export default defineConfig(({ mode }): UserConfig => {
  const single = mode === "single";
  return {
    base: "./",
    oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
    resolve: {
      alias: [
        { find: "#engine-bytes", replacement: at(single ? "src/engine/bytes.single.ts" : "src/engine/bytes.hosted.ts") },
        { find: "keepset-web", replacement: at(`${ENGINE}keepset_web.js`) },
        { find: /^engine\.wasm/, replacement: at(`${ENGINE}keepset_web_bg.wasm`) },
      ],
    },
    server: { fs: { allow: [at("..")] } },
    // A worker of modules may not come from a blob of a page on a disk.
    worker: { format: "iife" },
    plugins: [
      scenarios(at("../tests/fixtures/scenarios")),
      ...(single ? [singleFile(at(`${ENGINE}keepset_web_bg.wasm`), SINGLE)] : [policy(), budget()]),
    ],
    build: {
      target: ["chrome123", "firefox128", "safari17.5"],
      outDir: at("../target/playground"),
      // The single file goes beside the folder's page, which is built first.
      emptyOutDir: !single,
      modulePreload: false,
      assetsInlineLimit: 0,
      reportCompressedSize: false,
      rolldownOptions: single ? { output: { codeSplitting: false } } : {},
    },
    // Shared machines stall.
    test: { include: ["src/**/*.test.ts"], testTimeout: 60_000 },
  } as UserConfig;
});
