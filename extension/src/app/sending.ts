// One attachment to one case, once. An upload has no key that would make repeating it safe, so after a cut connection
// the case is asked whether it arrived.
import type { Server } from "../api";
import { Unreachable } from "../core/trouble";
import type { Evidence } from "../core/wire";
import type { Attachment, Draft } from "./draft";

/** Above this, size and name have to do: a digest takes the whole file into memory. */
const DIGEST_LIMIT = 64_000_000;

/** Sends it unless the server has it already. */
export async function sendAttachment(
  server: Server,
  draft: Draft,
  caseId: string,
  one: Attachment,
  signal: AbortSignal,
): Promise<void> {
  const there = one.doubtful ? await arrived(server, caseId, one) : null;
  try {
    const { name, content, answersCheck } = one;
    const evidence = there ?? (await server.addEvidence(caseId, { name, content, answersCheck }, signal));
    draft.mark(one.id, { evidenceId: evidence.evidence_id });
  } catch (error) {
    if (error instanceof Unreachable) draft.mark(one.id, { doubtful: true });
    throw error;
  }
}

async function arrived(server: Server, caseId: string, one: Attachment): Promise<Evidence | null> {
  const { evidence } = await server.evidence(caseId);
  const sameSize = evidence.filter(({ size }) => size === one.content.size);
  if (sameSize.length === 0) return null;
  if (one.content.size > DIGEST_LIMIT) return sameSize.find(({ name }) => name === one.name) ?? null;
  const digest = await sha256(one.content);
  return sameSize.find((there) => there.sha256 === digest) ?? null;
}

async function sha256(content: Blob): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest("SHA-256", await content.arrayBuffer()));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
