// Keeps the session of this profile: in the extension inside the background worker, in the page inside the page.
// The server alone makes session ids; what is kept here is only remembered, and validated before it is used.
import { Server } from "../api";
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
  ) {}

  /** The live session of this profile, or a new one where it expired. Throws Refused `session_ended` if it was ended. */
  resume(): Promise<OpenedSession> {
    return this.lock("faultmaven.session", async () => {
      const server = await this.#server();
      const known = await this.#known(server);
      if (known) {
        try {
          await server.session(known);
        } catch (error) {
          if (!isCode(error, "session_expired", "session_not_found")) throw error;
        }
      }
      return this.#open(server);
    });
  }

  /** A new session in place of one that was ended. Another panel may have been quicker: then its session is shared. */
  renew(): Promise<OpenedSession> {
    return this.lock("faultmaven.session", async () => this.#open(await this.#server()));
  }

  async #open(server: Server): Promise<OpenedSession> {
    const opened = await server.openSession(await this.#clientId());
    await this.shelf.set({
      sessionId: opened.session_id,
      sessionCreatedAt: opened.created_at,
      sessionServer: server.address,
    });
    return opened;
  }

  #clientId(): Promise<string> {
    return clientId(
      { get: () => this.shelf.get("client_id"), set: (value) => this.shelf.set({ client_id: value }) },
      this.lock,
    );
  }

  async #known(server: Server): Promise<string | null> {
    return (await this.shelf.get("sessionServer")) === server.address ? this.shelf.get("sessionId") : null;
  }

  async #server(): Promise<Server> {
    const { server, token } = await this.access();
    return new Server(server, token);
  }
}

export const locked: Lock = <T>(name: string, work: () => Promise<T>): Promise<T> =>
  navigator.locks.request(name, work) as Promise<T>;
