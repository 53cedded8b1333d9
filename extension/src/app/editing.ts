// Changes to a case that others may be changing too: made only where they replace what the person saw.
import type { Server } from "../api";
import { isCode } from "../core/trouble";
import type { Case, CaseStatus, PatchCase, Resolution } from "../core/wire";

/** What the person saw of the fields that their change replaces. */
export interface Seen {
  title?: string | undefined;
  status?: CaseStatus | undefined;
  resolution?: Resolution | null | undefined;
}

const TRIES = 5;

/** The case as somebody else has left it meanwhile, and nothing is changed; or null, and it is. */
export async function changeCase(server: Server, caseId: string, seen: Seen, patch: PatchCase): Promise<Case | null> {
  for (let left = TRIES; ; left -= 1) {
    const { tag, ...now } = await server.case(caseId);
    if (!isAsSeen(now, seen)) return now;
    try {
      await server.patchCase(caseId, patch, tag);
      return null;
    } catch (error) {
      // Between reading and changing it somebody was quicker, perhaps with something that has nothing to do with this.
      if (!isCode(error, "precondition_failed") || left === 1) throw error;
    }
  }
}

const isAsSeen = (now: Case, seen: Seen): boolean =>
  (seen.title === undefined || seen.title === now.title) &&
  (seen.status === undefined || (seen.status === now.status && told(seen.resolution) === told(now.resolution)));

const told = (resolution: Resolution | null | undefined): string =>
  resolution ? JSON.stringify([resolution.hypothesis_id ?? "", resolution.cause, resolution.fix]) : "";

/** What became of it, for who wanted to say what it was. */
export function saidOf(now: Case): string {
  if (now.status === "open") return "Meanwhile somebody reopened this case.";
  const cause = now.resolution?.cause;
  return `Meanwhile somebody marked this case as ${now.status}${cause ? `: “${cause}”` : ""}.`;
}
