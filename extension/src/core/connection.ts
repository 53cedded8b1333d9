// Where the panel stands with its server, as a pure machine: what happened in, the next state out.
import type { Standing } from "./proof";

/** `again`: this panel has been connected to this server before. */
export type Connection = { again: boolean } & Stands;

type Stands =
  | { at: "starting" }
  | { at: "connecting" }
  | { at: "connected"; open: boolean } // open: the server asks nobody for a token
  | { at: "unpaired" } // it needs a token and none is known
  | { at: "signed_out"; detail: string; correlationId: string } // it does not take this token (any more)
  | { at: "waiting"; why: "down" | "offline"; attempt: number; correlationId: string } // tried again by itself
  | { at: "stranger" } // something answered that cannot prove to be the server
  | { at: "stopped_asking" } // it used to prove itself and now claims to need no token
  | { at: "ended"; detail: string; correlationId: string } // this session was ended by somebody
  | { at: "refused"; code: string; detail: string; correlationId: string; attempt: number }; // it answered with a problem

export type Happened =
  | { what: "trying" }
  | { what: "standing"; standing: Standing }
  | { what: "opened"; open: boolean }
  | { what: "unreachable"; online: boolean; correlationId: string }
  | { what: "signed_out"; detail: string; correlationId: string }
  | { what: "ended"; detail: string; correlationId: string }
  | { what: "problem"; code: string; detail: string; correlationId: string };

export const STARTING: Connection = { at: "starting", again: false };

export function next(now: Connection, happened: Happened): Connection {
  const stands = after(now, happened);
  return { ...stands, again: now.again || stands.at === "connected" };
}

function after(now: Connection, happened: Happened): Stands {
  switch (happened.what) {
    case "trying":
      // While it is tried again and again, the person keeps seeing why it has to be.
      return now.at === "waiting" || now.at === "refused" ? now : { at: "connecting" };
    case "standing":
      return afterProof(now, happened.standing);
    case "opened":
      return { at: "connected", open: happened.open };
    case "unreachable":
      return {
        at: "waiting",
        why: happened.online ? "down" : "offline",
        attempt: tried(now) + 1,
        correlationId: happened.correlationId,
      };
    case "signed_out":
      return { at: "signed_out", detail: happened.detail, correlationId: happened.correlationId };
    case "ended":
      return { at: "ended", detail: happened.detail, correlationId: happened.correlationId };
    case "problem":
      return {
        at: "refused",
        code: happened.code,
        detail: happened.detail,
        correlationId: happened.correlationId,
        attempt: tried(now) + 1,
      };
  }
}

function afterProof(now: Connection, standing: Standing): Stands {
  switch (standing) {
    case "proven":
    case "no_token_needed":
      return now;
    case "token_needed":
      return { at: "unpaired" };
    case "token_unknown":
      return { at: "signed_out", detail: "", correlationId: "" };
    case "stopped_asking":
      return { at: "stopped_asking" };
    case "wrong_proof":
    case "not_faultmaven":
      return { at: "stranger" };
  }
}

const tried = (now: Connection): number => ("attempt" in now ? now.attempt : 0);

/** States that the panel leaves by itself, and after how long. Who was signed out has to come with another token. */
export function retryAfter(now: Connection): number | null {
  if (now.at === "waiting" || now.at === "refused") return backoff(now.attempt);
  // Whoever has taken the port may leave it again; asking costs nothing and tells nothing.
  return now.at === "stranger" ? 5000 : null;
}

/** 250 ms, doubled each time, at most 8 s. */
export const backoff = (attempt: number): number => Math.min(250 * 2 ** Math.max(0, attempt - 1), 8000);
