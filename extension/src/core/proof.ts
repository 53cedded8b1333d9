// Who is on the port? Only a server that knows the token, bound to the very address that was dialled, can answer a
// challenge. Over https the certificate says who answers at the address, so there the server names its own.
import { dialled } from "./address";
import type { Capabilities } from "./wire";

export type Standing =
  | "proven" // it holds the token
  | "wrong_proof" // it answered, but not as a holder of this token at this address
  | "no_token_needed" // it lets every local program in
  | "token_needed" // it asks for a token and there is none
  | "token_unknown" // a server of many users that cannot prove to know this token: revoked, mistyped, or a stranger
  | "stopped_asking" // it proved itself with a token before, and now claims to need none
  | "not_faultmaven"; // whatever it is, it does not speak this protocol

/** 128 random bits in the alphabet that the server takes. */
export function newChallenge(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

/** The public part of a token of one user of many: `fm_<id>_<secret>`. A server of one user has a token without. */
export const tokenId = (token: string | null): string | null => token?.match(/^fm_([0-9a-f]{16})_[\w-]+$/)?.[1] ?? null;

/** Hex HMAC-SHA256 of `faultmaven|<host:port>|<challenge>`, keyed with what the server keeps of the token. */
export async function proofOf(token: string, address: string, challenge: string): Promise<string> {
  const kept = tokenId(token) ? hex(await crypto.subtle.digest("SHA-256", bytes(token))) : token;
  const hash = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(kept), hash, false, ["sign"]);
  return hex(await crypto.subtle.sign("HMAC", key, bytes(`faultmaven|${address}|${challenge}`)));
}

/** What an answer to a challenge is worth. `said` is whatever came back, believed in nothing. */
export async function judge(said: unknown, token: string | null, server: string, challenge: string): Promise<Standing> {
  if (!isCapabilities(said)) return "not_faultmaven";
  if (said.auth === "none") return token ? "stopped_asking" : "no_token_needed";
  if (!token) return "token_needed";
  if (!said.proof && said.mode === "token") return "token_unknown";
  const address = server.startsWith("https:") ? said.bound : dialled(server);
  return said.proof === (await proofOf(token, address, challenge)) ? "proven" : "wrong_proof";
}

function isCapabilities(said: unknown): said is Capabilities {
  if (typeof said !== "object" || said === null) return false;
  const { version, auth, bound } = said as Partial<Record<string, unknown>>;
  return typeof version === "string" && typeof bound === "string" && (auth === "bearer" || auth === "none");
}

const bytes = (text: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(text);

const hex = (buffer: ArrayBuffer | Uint8Array): string =>
  Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
