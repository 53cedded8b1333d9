// Who is on the port? Only a holder of the token, bound to the very address that was dialled, can answer a challenge.
import type { Capabilities } from "./wire";

export type Standing =
  | "proven" // it holds the token
  | "wrong_proof" // it answered, but not as a holder of this token at this address
  | "no_token_needed" // it lets every local program in
  | "token_needed" // it asks for a token and there is none
  | "stopped_asking" // it proved itself with a token before, and now claims to need none
  | "not_faultmaven"; // whatever it is, it does not speak this protocol

/** 128 random bits in the alphabet that the server takes. */
export function newChallenge(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

/** Hex HMAC-SHA256 of `faultmaven|<host:port>|<challenge>`, keyed with the token. */
export async function proofOf(token: string, address: string, challenge: string): Promise<string> {
  const bytes = (text: string) => new TextEncoder().encode(text);
  const hash = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes(token), hash, false, ["sign"]);
  const signed = await crypto.subtle.sign("HMAC", key, bytes(`faultmaven|${address}|${challenge}`));
  return hex(new Uint8Array(signed));
}

/** What an answer to a challenge is worth. `said` is whatever came back, believed in nothing. */
export async function judge(
  said: unknown,
  token: string | null,
  address: string,
  challenge: string,
): Promise<Standing> {
  if (!isCapabilities(said)) return "not_faultmaven";
  if (said.auth === "none") return token ? "stopped_asking" : "no_token_needed";
  if (!token) return "token_needed";
  return said.proof === (await proofOf(token, address, challenge)) ? "proven" : "wrong_proof";
}

function isCapabilities(said: unknown): said is Capabilities {
  if (typeof said !== "object" || said === null) return false;
  const { version, auth, bound } = said as Partial<Record<string, unknown>>;
  return typeof version === "string" && typeof bound === "string" && (auth === "bearer" || auth === "none");
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
