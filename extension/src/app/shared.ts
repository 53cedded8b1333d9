// One stream for all panels of a session. A browser allows few connections to one host, so whoever holds the lock
// reads, and tells the others; when it goes, the next in line reads on from where it stands itself.
//
// Every panel takes every event of the user's log once and in order, whoever leads: what it knows already it passes
// over, and where a number is missing it says how far it has come, and is told again from there.
import type { Server } from "../api";
import { Refused } from "../core/trouble";
import type { AnyEvent } from "../core/wire";

export interface Listener {
  /** The next one: its number is one more than that of the last. */
  event(event: AnyEvent): void;
  /** The server closed or refused the stream; the code says why, null that it gave no reason. */
  over(code: string | null): void;
  /** The stream was cut. */
  lost(error: unknown): void;
}

type Said =
  | { say: "event"; event: AnyEvent }
  | { say: "leading" }
  | { say: "behind"; cursor: number }
  | { say: "over"; code: string | null }
  | { say: "lost" };

/** Events that are kept for a panel that missed some. Who is further behind makes the leader read from there again. */
const KEPT = 500;

export class SharedStream {
  readonly #name: string;
  readonly #others: BroadcastChannel;
  readonly #kept: AnyEvent[] = [];
  /** The number of the last event that was taken. */
  #cursor: number;
  /** While this panel leads: what stops the reading, and the number of the last event that was read. */
  #reading: AbortController | null = null;
  #read = 0;

  constructor(
    private readonly server: Server,
    private readonly sessionId: string,
    after: number,
    private readonly listener: Listener,
    private readonly signal: AbortSignal,
  ) {
    this.#cursor = after;
    this.#name = `faultmaven.stream:${sessionId}`;
    this.#others = new BroadcastChannel(this.#name);
    this.#others.onmessage = ({ data }: MessageEvent<Said>) => !signal.aborted && this.#hear(data);
    signal.addEventListener("abort", () => this.#others.close());
    this.#tell({ say: "behind", cursor: after });
    void this.#takePart();
  }

  async #takePart(): Promise<void> {
    try {
      const code = await navigator.locks.request(this.#name, { signal: this.signal }, () => this.#lead());
      if (this.signal.aborted) return;
      this.#tell({ say: "over", code });
      this.listener.over(code);
    } catch (error) {
      if (this.signal.aborted) return;
      const code = error instanceof Refused ? error.code : null;
      this.#tell(code ? { say: "over", code } : { say: "lost" });
      if (code) this.listener.over(code);
      else this.listener.lost(error);
    }
  }

  async #lead(): Promise<string | null> {
    this.#read = this.#cursor;
    this.#tell({ say: "leading" });
    for (;;) {
      const reading = (this.#reading = new AbortController());
      try {
        return await this.#follow(AbortSignal.any([this.signal, reading.signal]));
      } catch (error) {
        if (this.signal.aborted || !reading.signal.aborted) throw error;
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<string | null> {
    for await (const event of this.server.follow(this.sessionId, this.#read, signal)) {
      if (signal.aborted) break;
      if (event.type === "stream.closed") return event.code;
      this.#read = event.cursor;
      this.#tell({ say: "event", event });
      this.#take(event, true);
    }
    signal.throwIfAborted();
    return null;
  }

  #hear(said: Said): void {
    switch (said.say) {
      case "event":
        this.#take(said.event, false);
        break;
      case "leading":
        this.#tell({ say: "behind", cursor: this.#cursor });
        break;
      case "behind":
        if (this.#reading) this.#catchUp(said.cursor);
        break;
      case "over":
        this.listener.over(said.code);
        break;
      case "lost":
        this.listener.lost(null);
    }
  }

  #take(event: AnyEvent, fromServer: boolean): void {
    if (event.cursor <= this.#cursor) return;
    if (event.cursor > this.#cursor + 1 && !fromServer) {
      this.#tell({ say: "behind", cursor: this.#cursor });
      return;
    }
    this.#cursor = event.cursor;
    this.#kept.push(event);
    if (this.#kept.length > KEPT) this.#kept.shift();
    this.listener.event(event);
  }

  /** Tells again what another panel has missed. */
  #catchUp(cursor: number): void {
    // What is being read may have been asked for by this very panel a moment ago.
    if (cursor >= this.#cursor || cursor >= this.#read) return;
    const kept = this.#kept.filter((event) => event.cursor > cursor);
    if (kept[0]?.cursor === cursor + 1) {
      for (const event of kept) this.#tell({ say: "event", event });
    } else {
      this.#read = cursor;
      this.#reading?.abort();
    }
  }

  #tell(said: Said): void {
    if (!this.signal.aborted) this.#others.postMessage(said);
  }
}
