// Where things are in this checkout.
import { fileURLToPath } from "node:url";

const at = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

export const places = {
  playground: at("target/playground"),
  single: at("target/playground/keepset-playground.html"),
  web: at("target/web"),
  component: at("target/keepset.wasm"),
  command: process.env.KEEPSET_BIN ?? at("target/release/keepset"),
  fixtures: at("tests/fixtures"),
  reports: at("tests/reports"),
  screenshots: at("target/screenshots"),
  benchmarks: at("docs/benchmarks"),
};
