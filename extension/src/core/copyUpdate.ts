// Five lines for an incident channel: what, since, impact, doing, next check.
import { certainty, exact, extent } from "./format";
import { forClipboard, oneLine } from "./visible";
import type { Report } from "./wire";

export function copyUpdate(answer: Report, resolvedCause: string | null = null): string {
  const lines = [
    `What: ${what(answer, resolvedCause)}`,
    `Since: ${since(answer)}`,
    `Impact: ${impact(answer)}`,
    `Doing: ${doing(answer, resolvedCause)}`,
    `Next check: ${nextCheck(answer)}`,
  ];
  return forClipboard(lines.map(oneLine).join("\n"));
}

function what(answer: Report, resolvedCause: string | null): string {
  if (resolvedCause) return `${unended(resolvedCause)}. Confirmed.`;
  return `${unended(answer.headline)}. ${certainty[answer.verdict]}.`;
}

function since(answer: Report): string {
  const { onset } = answer;
  return onset?.at ? exact(onset.at, onset.zone_assumed) : "not known yet";
}

function impact(answer: Report): string {
  const told = answer.onset ? extent(answer.onset) : "";
  return told ? `seen in ${told}` : "not known yet";
}

function doing(answer: Report, resolvedCause: string | null): string {
  const first = answer.actions.find((action) => action.kind === "mitigate") ?? answer.actions[0];
  if (first) return withCommand(first.text, first.command);
  return resolvedCause ? "the cause is known" : "looking for the cause";
}

function nextCheck(answer: Report): string {
  const [check] = answer.next_checks;
  if (check) return withCommand(check.text, check.command);
  return answer.missing[0] ?? "none open";
}

const withCommand = (text: string, command?: string): string => (command ? `${unended(text)} (${command})` : text);

/** Without the full stop, where the sentence goes on. */
const unended = (text: string): string => text.replace(/\.$/, "");
