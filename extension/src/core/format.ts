// Sizes, counts, times and the words for certainty and risk.
import type { Onset, Report, Risk, Verdict } from "./wire";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = -1;
  do {
    value /= 1000;
    unit += 1;
  } while (value >= 999.5 && unit < units.length - 1);
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

export const number = (value: number): string => value.toLocaleString("en");

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

const RELATIVE = 14 * DAY;

/** Whether `relative` tells how long ago it was rather than when. */
export const isRecent = (at: string, now: number): boolean => Math.abs(now - Date.parse(at)) < RELATIVE;

/** `12 minutes ago`; beyond two weeks the time itself says more. */
export function relative(at: string, now: number): string {
  const time = Date.parse(at);
  if (Number.isNaN(time)) return at;
  const past = now - time;
  const span = Math.abs(past);
  const said = (count: number, unit: string) =>
    past >= 0 ? `${counted(count, unit)} ago` : `in ${counted(count, unit)}`;
  // Clocks differ a little: what seems to lie a moment ahead has just happened.
  if (span < 45_000) return "just now";
  if (span < 59.5 * MINUTE) return said(Math.round(span / MINUTE), "minute");
  if (span < 23.5 * HOUR) return said(Math.round(span / HOUR), "hour");
  if (isRecent(at, now)) return said(Math.round(span / DAY), "day");
  return `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** `2026-03-17 09:02:12 UTC`, with milliseconds only where there are some. */
export function exact(at: string, zoneAssumed = false): string {
  const time = new Date(at);
  if (Number.isNaN(time.getTime())) return at;
  const text = time.toISOString().replace("T", " ").replace("Z", "").replace(/\.000$/, "");
  return zoneAssumed ? `${text} (time zone not stated)` : `${text} UTC`;
}

export const toTheSecond = (at: string): string => exact(at).replace(/\.\d+/, "");

/** Whether a headline says already when it began, to the minute. */
export const tellsWhen = (headline: string, onset: Onset): boolean =>
  onset.at !== undefined && headline.includes(exact(onset.at).slice(0, "2026-03-17 09:02".length));

/** `1 h 20 min`, `45 s`. */
export function lasting(from: string, to: string): string {
  const seconds = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  if (!(seconds > 0)) return "";
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.round(hours / 24)} days`;
}

export const certainty: Record<Verdict, string> = {
  cause_found: "Cause found",
  likely_cause: "Likely cause",
  symptom_only: "Only symptoms in sight",
  no_fault_found: "No fault found",
  not_enough_evidence: "Not enough evidence",
  answered: "Answered",
};

export const riskWord: Record<Risk, string> = {
  read_only: "Read only",
  changes_state: "Changes state",
  destructive: "Destructive",
  unknown: "Risk unknown",
};

/** How often and how long, in one line, as far as it is known. */
export function extent(onset: Onset): string {
  const parts: string[] = [];
  if (onset.count > 0) parts.push(counted(onset.count, "line"));
  const span = onset.at && onset.last_at ? lasting(onset.at, onset.last_at) : "";
  if (span) parts.push(`over ${span}`);
  if (onset.ongoing === "yes") parts.push("still going on when the evidence ends");
  if (onset.ongoing === "no") parts.push("over by the end of the evidence");
  return parts.join(", ");
}

const kindWords: Record<string, string> = { access_log: "access log", log: "log" };

/** What was looked at, in words. */
export function lookedAt(coverage: Report["coverage"]): string {
  const kinds = coverage.kinds.map((kind) => kindWords[kind] ?? kind.replaceAll("_", " ")).join(", ");
  const parts = [`${counted(coverage.lines, "line")} (${size(coverage.bytes)})${kinds ? `: ${kinds}` : ""}`];
  if (coverage.first_at && coverage.last_at) {
    parts.push(`from ${exact(coverage.first_at)} to ${exact(coverage.last_at)}`);
  }
  if (coverage.unparsed_lines > 0) parts.push(`${counted(coverage.unparsed_lines, "line")} not understood`);
  if (coverage.truncated) parts.push("not read to the end");
  return parts.join("; ");
}
