// The live connection: prove the server, resume the session, follow the user's log, and again when it is cut.
//
// The panels of one profile share one stream, because a browser allows few connections to one host: who holds the lock
// reads, and tells the others. A panel that missed something notices by the numbers and fetches.
import { signal } from "@preact/signals";
import { Server } from "../api";
import { next, retryAfter, type Connection, type Happened } from "../core/connection";
import { Refused, Unproven, Unreachable } from "../core/trouble";
import type { AnyEvent, OpenedSession } from "../core/wire";
import type { Access, Host } from "../host/host";

export interface Follower {
  /** The session is open (again); whatever was missed is to be fetched. */
  opened(session: OpenedSession): Promise<void>;
  event(event: AnyEvent): void;
}

type Whispered = { event: AnyEvent } | { lost: true };

const LOCK = "faultmaven.stream";

export class Link {
  readonly state = signal<Connection>({ at: "starting" });
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
    this.#connecting = this.#connect(this.#attempt.signal).finally(() => (this.#connecting = null));
    return this.#connecting;
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

  async #connect(signal: AbortSignal): Promise<void> {
    this.#happened({ what: "trying" });
    try {
      const access = await this.host.access();
      this.access.value = access;
      if (this.server?.address !== access.server || this.server.token !== access.token) {
        this.server = new Server(access.server, access.token);
        this.session = null;
      }
      const { server } = this;
      const standing = await server.prove();
      if (signal.aborted) return;
      if (standing !== "proven" && standing !== "no_token_needed") throw new Unproven(standing);
      const session = await this.host.resumeSession();
      if (signal.aborted) return;
      // The numbers go on where this panel stopped reading, unless it never read or the session is another one.
      if (this.session?.session_id !== session.session_id) this.#cursor = session.cursor;
      this.session = session;
      const following = this.#follow(server, session, signal);
      await this.follower.opened(session);
      if (signal.aborted) return;
      this.#happened({ what: "opened", open: server.open });
      void following;
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  async #follow(server: Server, session: OpenedSession, signal: AbortSignal): Promise<void> {
    const others = new BroadcastChannel(`${LOCK}:${server.address}`);
    const tell = (whispered: Whispered) => others.postMessage(whispered);
    signal.addEventListener("abort", () => others.close());
    others.onmessage = ({ data }: MessageEvent<Whispered>) => {
      if (signal.aborted) return;
      if ("event" in data) this.#event(data.event, session);
      else if (!leading) this.#lost(server);
    };
    let leading = false;
    const lead = async () => {
      leading = true;
      for await (const event of server.follow(session.session_id, this.#cursor, signal)) {
        if (signal.aborted) return;
        if (event.type === "stream.closed") return;
        tell({ event });
        this.#event(event, session);
      }
    };
    try {
      await navigator.locks.request(`${LOCK}:${server.address}`, { signal }, lead);
      if (!signal.aborted) await this.#again(signal);
    } catch (error) {
      if (signal.aborted) return;
      tell({ lost: true });
      if (error instanceof Refused) await this.#again(signal);
      else this.#lost(server);
    }
  }

  #event(event: AnyEvent, session: OpenedSession): void {
    if (event.cursor <= this.#cursor) return;
    this.#cursor = event.cursor;
    const mine = "session_id" in event && event.session_id === session.session_id;
    if (mine && event.type === "session.ended") void this.retry();
    if (mine && event.type === "session.expired") void this.retry();
    this.follower.event(event);
  }

  /** The stream is over without a fault: the session has expired or was ended, which asking again will tell. */
  async #again(signal: AbortSignal): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, 50));
    if (!signal.aborted) await this.retry();
  }

  #lost(server: Server): void {
    server.doubt();
    this.#attempt.abort();
    this.#happened({ what: "unreachable", online: navigator.onLine });
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
  if (error instanceof Unreachable) return { what: "unreachable", online: navigator.onLine };
  if (error instanceof Refused) {
    const { code, message: detail, correlationId } = error;
    return code === "session_ended"
      ? { what: "ended", detail, correlationId }
      : { what: "problem", code, detail, correlationId };
  }
  return { what: "problem", code: "panel", detail: error instanceof Error ? error.message : String(error), correlationId: "" };
}
