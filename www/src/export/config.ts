import type { Config } from "../engine/api.ts";

/** The settings as `--config` of the command takes them, and as Anchore Enterprise names them. */
export function yamlOf(config: Config): string {
  const guard = config.ecs_truncation_guard === undefined ? "" : `      ecs_truncation_guard: ${config.ecs_truncation_guard}\n`;
  return (
    "services:\n  catalog:\n    runtime_inventory:\n" +
    `      image_ttl_days: ${config.image_ttl_days}\n      image_ingest_overwrite: ${config.image_ingest_overwrite}\n${guard}`
  );
}
