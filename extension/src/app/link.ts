// The live connection: prove the server, resume the session, follow the user's log, and again when it is cut.
import { signal } from "@preact/signals";
import { Server } from "../api";
import { next, retryAfter, STARTING, type Connection, type Happened } from "../core/connection";
import { Refused, Trouble, Unproven, Unreachable } from "../core/trouble";
import type { AnyEvent, OpenedSession } from "../core/wire";
import type { Access, Host } from "../host/host";
import { SharedStream } from "./shared";

export interface Follower {
  /** The session is open (again); whatever was missed is to be fetched. `anew`: what was read before is of another log. */
  opened(session: OpenedSession, anew: boolean): Promise<void>;
  event(event: AnyEvent): void;
}

/** A stream that the server closes at once, whatever its reason, is not asked for again at once. */
const SHORT_MS = 1000;

export class Link {
  readonly state = signal<Connection>(STARTING);
  readonly access = signal<Access | null>(null);
  session: OpenedSession | null = null;
  server: Server | null = null;
  #cursor = 0;
  #attempt = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #connecting: Promise<void> | null = null;

  constructor(
    private readonly host: Host,
    private readonly follower: Follower,
  ) {
    host.onChange(() => {
      // This panel's own writes come back too; only what it does not know yet is news.
      void this.#changedElsewhere();
    });
    addEventListener("online", () => this.retry());
  }

  /** Tries now, whatever was being waited for. */
  retry(): Promise<void> {
    clearTimeout(this.#timer);
    this.#attempt.abort();
    this.#attempt = new AbortController();
    const connecting = this.#connect(this.#attempt.signal).finally(() => {
      if (this.#connecting === connecting) this.#connecting = null;
    });
    this.#connecting = connecting;
    return connecting;
  }

  /** Checks an access, keeps it if its server proves itself, and connects. Throws Trouble if it does not. */
  async pair(access: Access): Promise<void> {
    const standing = await new Server(access.server, access.token).prove();
    if (standing !== "proven" && standing !== "no_token_needed") throw new Unproven(standing);
    await this.host.keepAccess(standing === "proven" ? access : { ...access, token: null });
    await this.host.dropOffer();
    await this.retry();
  }

  async disconnect(): Promise<void> {
    this.#attempt.abort();
    clearTimeout(this.#timer);
    await this.host.disconnect();
    await this.retry();
  }

  /** For something the person does: connects if need be, and replaces a session that was ended or has expired. */
  async forAction(): Promise<{ server: Server; session: OpenedSession }> {
    if (this.#connecting) await this.#connecting;
    if (this.state.value.at === "ended") await this.renew();
    else if (this.state.value.at !== "connected") await this.retry();
    if (!this.server || !this.session || this.state.value.at !== "connected") throw new NotConnected(this.state.value);
    return { server: this.server, session: this.session };
  }

  /** A new session in place of one that is over. */
  async renew(): Promise<void> {
    try {
      await this.host.renewSession();
    } catch (error) {
      this.#failed(error);
      return;
    }
    await this.retry();
  }

  /** The server takes this token no more: asking again would change nothing. */
  signedOut(detail: string, correlationId: string): void {
    this.#attempt.abort();
    this.#happened({ what: "signed_out", detail, correlationId });
  }

  async #connect(signal: AbortSignal): Promise<void> {
    try {
      const access = await this.host.access();
      if (signal.aborted) return;
      this.#use(access);
      this.#happened({ what: "trying" });
      const { server } = this;
      if (!server) return;
      const standing = await server.prove();
      if (signal.aborted) return;
      if (standing !== "proven" && standing !== "no_token_needed") throw new Unproven(standing);
      const session = await this.host.resumeSession();
      if (signal.aborted) return;
      const anew = this.#begin(session);
      this.#follow(server, session, signal);
      await this.follower.opened(session, anew);
      if (signal.aborted) return;
      this.#happened({ what: "opened", open: server.open });
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  /** Another address or token is another server: nothing that was learnt of the one before holds. */
  #use(access: Access): void {
    const moved = this.server && (this.server.address !== access.server || this.server.token !== access.token);
    if (moved) this.state.value = STARTING;
    if (moved || !this.server) {
      this.server = new Server(access.server, access.token);
      this.session = null;
    }
    this.access.value = access;
  }

  /** Where to read on in the user's log; whether that is another place than where this panel stopped. */
  #begin(session: OpenedSession): boolean {
    // Numbers that are smaller than those already seen: the server was set back to an earlier copy of its data.
    const anew = this.session?.user_id !== session.user_id || session.cursor < this.#cursor;
    if (anew) this.#cursor = session.cursor;
    this.session = session;
    return anew;
  }

  #follow(server: Server, session: OpenedSession, signal: AbortSignal): void {
    const since = Date.now();
    const listener = {
      event: (event: AnyEvent) => this.#event(event, session),
      over: (code: string | null) => {
        if (code === "unauthenticated") this.signedOut("", "");
        else void this.#again(signal, Date.now() - since > SHORT_MS ? 0 : SHORT_MS);
      },
      lost: (error: unknown) => this.#lost(server, error),
    };
    new SharedStream(server, session.session_id, this.#cursor, listener, signal);
  }

  #event(event: AnyEvent, session: OpenedSession): void {
    this.#cursor = event.cursor;
    this.follower.event(event);
    // For whoever watches a panel from outside: how far it has come.
    dispatchEvent(new CustomEvent("faultmaven:event", { detail: { cursor: event.cursor, seq: event.seq } }));
    const mine = "session_id" in event && event.session_id === session.session_id;
    if (mine && (event.type === "session.ended" || event.type === "session.expired")) void this.retry();
  }

  /** The stream is over without a fault: the session has expired or was ended, which asking again will tell. */
  async #again(signal: AbortSignal, wait: number): Promise<void> {
    if (wait) await new Promise((resolve) => setTimeout(resolve, wait));
    if (!signal.aborted) await this.retry();
  }

  #lost(server: Server, error: unknown): void {
    server.doubt();
    this.#attempt.abort();
    const correlationId = error instanceof Trouble ? error.correlationId : "";
    this.#happened({ what: "unreachable", online: navigator.onLine, correlationId });
  }

  #failed(error: unknown): void {
    this.#happened(happenedBy(error));
  }

  #happened(happened: Happened): void {
    this.state.value = next(this.state.value, happened);
    clearTimeout(this.#timer);
    const wait = happened.what === "trying" ? null : retryAfter(this.state.value);
    if (wait !== null) this.#timer = setTimeout(() => void this.retry(), wait);
  }

  async #changedElsewhere(): Promise<void> {
    const access = await this.host.access();
    const known = this.access.value;
    const moved = known && (known.server !== access.server || known.token !== access.token);
    if (moved || (!this.#connecting && this.state.value.at !== "connected")) await this.retry();
  }
}

/** The person wanted something that needs a connection, and there is none; `why` says what is in the way. */
export class NotConnected extends Error {
  constructor(readonly why: Connection) {
    super("Not connected.");
  }
}

function happenedBy(error: unknown): Happened {
  if (error instanceof Unproven) return { what: "standing", standing: error.standing };
  if (error instanceof Unreachable) {
    return { what: "unreachable", online: navigator.onLine, correlationId: error.correlationId };
  }
  if (error instanceof Refused) {
    const { code, message: detail, correlationId } = error;
    if (code === "session_ended") return { what: "ended", detail, correlationId };
    if (code === "unauthenticated") return { what: "signed_out", detail, correlationId };
    return { what: "problem", code, detail, correlationId };
  }
  return { what: "problem", code: "panel", detail: error instanceof Error ? error.message : String(error), correlationId: "" };
}
