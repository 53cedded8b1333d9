// The user's live sessions, on this device and on others.
import { signal } from "@preact/signals";
import type { Server } from "../api";
import { devices, type Device } from "../core/sessions";
import { isCode } from "../core/trouble";
import type { SessionDiagnosis } from "../core/wire";
import type { Do } from "./panel";

/** What happened to a session; `by` is the live session that ended it, as far as that is known. */
export interface Explained {
  diagnosis: SessionDiagnosis;
  by: Device | null;
}

export async function explain(server: Server, sessionId: string): Promise<Explained> {
  const diagnosis = await server.diagnosis(sessionId);
  const ender = diagnosis.closed_by_session_id;
  if (!ender) return { diagnosis, by: null };
  const { sessions } = await server.sessions();
  return { diagnosis, by: devices(sessions, null).find((one) => one.sessionId === ender) ?? null };
}

export class Devices {
  /** Grows whenever the list of live sessions may look different. */
  readonly changed = signal(0);

  constructor(private readonly act: Do) {}

  /** Ends the session of another device; whether it is over, by whomever. */
  end(sessionId: string): Promise<boolean> {
    return this.act(async (server) => {
      await server.endSession(sessionId).catch((error: unknown) => {
        if (!isCode(error, "session_ended", "session_expired", "session_not_found")) throw error;
      });
      this.changed.value += 1;
    });
  }

  endOthers(): Promise<boolean> {
    return this.act(async (server, session) => {
      await server.endOthers(session.session_id);
      this.changed.value += 1;
    });
  }
}
