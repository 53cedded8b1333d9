// A session in words: what it runs in, and what became of it.
import { counted } from "./format";
import { oneLine } from "./visible";
import type { Session, SessionDiagnosis } from "./wire";

export interface Device {
  sessionId: string;
  /** "FaultMaven panel"; the client's own id where it says nothing of itself. */
  name: string;
  /** "Chromium 142 on Linux", or as much of it as is known. */
  runsIn: string;
  mine: boolean;
  openedAt: string;
  seenAt: string;
  previous: string | null;
}

/** This one first, then those used last. */
export function devices(sessions: readonly Session[], mine: string | null): Device[] {
  const all = sessions.map((session) => device(session, mine));
  return [...all.filter((one) => one.mine), ...all.filter((one) => !one.mine)];
}

function device({ session_id, client_id, metadata, created_at, last_activity_at, previous_session_id }: Session, mine: string | null): Device {
  const browser = text(metadata.browser);
  const platform = text(metadata.platform);
  return {
    sessionId: session_id,
    name: text(metadata.client_name) || oneLine(client_id),
    runsIn: browser && platform ? `${browser} on ${platform}` : browser || platform,
    mine: session_id === mine,
    openedAt: created_at,
    seenAt: last_activity_at,
    previous: previous_session_id,
  };
}

/** Whoever opened the session wrote it: anything may stand there. */
const text = (value: unknown): string => (typeof value === "string" ? oneLine(value).slice(0, 100) : "");

/** "FaultMaven CLI, Linux" */
export const named = ({ name, runsIn }: Device): string => (runsIn ? `${name}, ${runsIn}` : name);

/** By what a session was closed, to go behind "ended" or "expired". `by` is the device that ended it, if it is known. */
export function closedBy({ close_reason, timeout_minutes }: SessionDiagnosis, by: Device | null): string {
  switch (close_reason) {
    case "idle":
      return `unused for ${counted(timeout_minutes, "minute")}`;
    case "absolute":
      return "at the end of its longest lifetime";
    case "cap":
      return "to make room for a newer session";
    case "ended":
    case "ended_by_other":
      return by ? `from ${named(by)}` : "from elsewhere";
    default:
      return "";
  }
}
