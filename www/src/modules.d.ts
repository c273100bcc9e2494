declare module "engine.wasm?url" {
  const url: string;
  export default url;
}

declare module "virtual:scenarios" {
  /** Each scenario of tests/fixtures/scenarios, in the order of the files' names. */
  export const scenarios: { file: string; title: string; load: () => Promise<string> }[];
}

declare module "*?worker&inline" {
  const Engine: new (options?: WorkerOptions) => Worker;
  export default Engine;
}
