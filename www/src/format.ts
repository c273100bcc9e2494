/** Times, lengths of time and counts, as the page writes them. */

import type { Config } from "./engine/api.ts";

export const DAY = 86_400;

const counts = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

export function count(value: number): string {
  return counts.format(value);
}

/** `1 item`, `2 items`. */
export function counted(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `2026-01-31 04:05 UTC`; with seconds where there are any. */
export function utc(at: number): string {
  const text = new Date(at * 1000).toISOString();
  return `${text.slice(0, 10)} ${text.slice(11, at % 60 === 0 ? 16 : 19)} UTC`;
}

/** Days since the history began: `33.0`. */
export function day(at: number, from: number, digits = 1): string {
  return ((at - from) / DAY).toFixed(digits);
}

/** The two largest units that are not zero: `5 d 3 h`, `7 d 1 s`, `12 min`. */
export function duration(seconds: number): string {
  const units: [string, number][] = [["d", DAY], ["h", 3600], ["min", 60], ["s", 1]];
  let rest = Math.round(Math.abs(seconds));
  const parts: string[] = [];
  for (const [name, size] of units) {
    const whole = Math.floor(rest / size);
    rest -= whole * size;
    if (whole > 0) parts.push(`${whole} ${name}`);
    if (parts.length === 2) break;
  }
  return (seconds < 0 ? "−" : "") + (parts.join(" ") || "0 s");
}

/** `1.2 MB`, decimal. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const [value, unit] = bytes < 1e6 ? [bytes / 1e3, "kB"] : [bytes / 1e6, "MB"];
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

/** A TTL in words: 0 is for ever. */
export function ttl(days: number): string {
  return days === 0 ? "for ever" : counted(days, "day");
}

/** Both settings in short: `TTL 3 days, overwrite off`. */
export function settings(config: Config): string {
  return `TTL ${ttl(config.image_ttl_days)}, overwrite ${onOff(config.image_ingest_overwrite)}`;
}

export function onOff(isOn: boolean): string {
  return isOn ? "on" : "off";
}

/** Short for an axis or a column: `1.2k`, `3.4M`. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size < 1000) return String(Math.round(value * 10) / 10);
  const [scaled, unit] = size < 1e6 ? [value / 1e3, "k"] : [value / 1e6, "M"];
  return `${Number(scaled.toFixed(Math.abs(scaled) < 10 ? 1 : 0))}${unit}`;
}
