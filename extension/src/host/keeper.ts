// Keeps the session of this profile: in the extension inside the background worker, in the page inside the page.
// The server alone makes session ids; what is kept here is only remembered, and validated before it is used.
import { Server } from "../api";
import { tells, type About } from "../core/about";
import { clientId, type Lock } from "../core/clientId";
import { isCode } from "../core/trouble";
import type { OpenedSession } from "../core/wire";
import type { Access } from "./host";

/** What outlives the browser's restart. */
export interface Shelf {
  get(name: Name): Promise<string | null>;
  set(values: Partial<Record<Name, string>>): Promise<void>;
  remove(...names: Name[]): Promise<void>;
}

export type Name = "server" | "token" | "client_id" | "sessionId" | "sessionCreatedAt" | "sessionServer";

export class SessionKeeper {
  constructor(
    private readonly shelf: Shelf,
    private readonly lock: Lock,
    private readonly access: () => Promise<Access>,
    private readonly about: About,
  ) {}

  /** The live session of this profile, or a new one where it expired. Throws Refused `session_ended` if it was ended. */
  resume(): Promise<OpenedSession> {
    return this.lock("faultmaven.session", async () => {
      const server = await this.#server();
      const known = await remembered(this.shelf, server.address);
      return this.#open(server, known !== null && (await hasExpired(server, known)));
    });
  }

  /** A new session in place of one that was ended. Another panel may have been quicker: then its session is shared. */
  renew(): Promise<OpenedSession> {
    return this.lock("faultmaven.session", async () => this.#open(await this.#server(), false));
  }

  async #open(server: Server, mustBeNew: boolean): Promise<OpenedSession> {
    const { about } = this;
    const before = await this.shelf.get("client_id");
    // Told while opening only where nothing is there yet: it would wipe what else the metadata of a live session say.
    const told = mustBeNew || before === null ? about : undefined;
    const opened = await server.openSession(await this.#clientId(), told);
    await this.shelf.set({
      sessionId: opened.session_id,
      sessionCreatedAt: opened.created_at,
      sessionServer: server.address,
    });
    if (tells(opened.metadata, about)) return opened;
    return { ...opened, ...(await server.tellAbout(opened.session_id, about)) };
  }

  #clientId(): Promise<string> {
    return clientId(
      { get: () => this.shelf.get("client_id"), set: (value) => this.shelf.set({ client_id: value }) },
      this.lock,
    );
  }

  async #server(): Promise<Server> {
    const { server, token } = await this.access();
    return new Server(server, token);
  }
}

/** The id that is kept for a server, of a live session or not. An id of one server means nothing to another. */
export const remembered = async (shelf: Shelf, server: string): Promise<string | null> =>
  (await shelf.get("sessionServer")) === server ? shelf.get("sessionId") : null;

/** Throws Refused `session_ended`: what somebody ended does not come back by itself. */
async function hasExpired(server: Server, sessionId: string): Promise<boolean> {
  try {
    await server.session(sessionId);
  } catch (error) {
    if (!isCode(error, "session_expired", "session_not_found")) throw error;
    return isCode(error, "session_expired");
  }
  return false;
}

export const locked: Lock = <T>(name: string, work: () => Promise<T>): Promise<T> =>
  navigator.locks.request(name, work) as Promise<T>;
