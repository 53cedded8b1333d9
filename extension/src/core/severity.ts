// How bad a line says it is, for a mark in the gutter. A glance, not a diagnosis.

export type Severity = "error" | "warning";

const ERROR = /\b(?:fatal|panic|emerg|alert|crit(?:ical)?|error|err|severe|exception|traceback)\b|\boom[-_ ]?kill|\bout of memory\b|\bkilled process\b|\bno space left\b|\blevel=(?:error|fatal)|\bE\d{4}\b/i;
const WARNING = /\bwarn(?:ing)?\b/i;
/** What a line says of itself stands near its beginning. */
const LOOK_AT = 200;

export function severity(line: string): Severity | null {
  const start = line.slice(0, LOOK_AT);
  if (ERROR.test(start)) return "error";
  return WARNING.test(start) ? "warning" : null;
}
