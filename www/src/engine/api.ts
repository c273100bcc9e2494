/**
 * What the engine answers, by the names that the page has for it. The declarations are the engine's own
 * (`engine/web/keepset-web.d.ts`): nothing here is decided in TypeScript.
 */
import type { EngineError as Thrown, History, Replay } from "keepset-web";

export type { Config, Fault, Scenario, Series } from "keepset-web";

/** Why an input was refused, and where in it: the fields of what the engine throws. */
export type EngineError = Pick<Thrown, "code" | "message" | "file" | "pointer" | "line" | "column">;

export type About = ReturnType<typeof import("keepset-web").about>;
export type Summary = ReturnType<History["summary"]>;
export type ItemColumns = ReturnType<History["items"]>;
export type ReportColumns = ReturnType<History["reports"]>;
export type Report = ReturnType<History["report"]>;
export type SafeTtl = ReturnType<History["safe_ttl"]>;
export type Curve = ReturnType<History["curve"]>;
export type InputFile = Parameters<typeof History.read>[0][number];
export type Verdict = ReturnType<Replay["verdict"]>;
export type SpanColumns = ReturnType<Replay["spans"]>;
export type Outcomes = ReturnType<Replay["outcomes"]>;
export type Why = ReturnType<Replay["why"]>;
