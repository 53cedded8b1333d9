// The panel without its looks: what is on screen as signals, and what a person can do as functions.
import { computed, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Server } from "../api";
import { pageAddress } from "../core/address";
import { evidenceNames, underWay, type Question } from "../core/fold";
import { isCode, Refused, Trouble, Unproven, Unreachable } from "../core/trouble";
import type { AnyEvent, Ask, Check, OpenedSession, Rating } from "../core/wire";
import type { CapturedPage } from "../host/capture";
import { NotGranted, type Access, type Host } from "../host/host";
import { Cases } from "./cases";
import { Conversation } from "./conversation";
import { Devices } from "./devices";
import { Draft, type Attachment } from "./draft";
import { Link, NotConnected } from "./link";
import { sendAttachment } from "./sending";

/** Something went wrong with what the person just did; it stands by the question box until they go on. */
export interface Notice {
  text: string;
  correlationId?: string;
  again?: { label: string; act: () => void };
  /** What to call going on without it; "Dismiss" if nothing. */
  leave?: string;
  /** It is about this panel's session, which can be explained. */
  ofSession?: boolean;
}

export type Sheet =
  | { kind: "cases" }
  | { kind: "settings" }
  | { kind: "devices" }
  | { kind: "evidence"; evidenceId: string; name: string; at: Cited | null }
  | { kind: "page"; captured: CapturedPage };

export interface Cited {
  first: number;
  last: number;
  column?: number;
  columnEnd?: number;
}

export type Act = (server: Server, session: OpenedSession) => Promise<unknown>;
/** Does something with a connection and a live session; whether it was done. What goes wrong is told by the panel. */
export type Do = (act: Act) => Promise<boolean>;

/** A question on its way to the server. */
interface Sending {
  step: string;
  stop: AbortController;
}

/** A question that may have arrived or not: asked again with its key and its case, it is asked only once. */
interface Pending {
  text: string;
  key: string;
  caseId: string | null;
}

/** A computed signal that changes only when what is in the map does. */
function unlessSame(compute: () => ReadonlyMap<string, string>): ReadonlySignal<ReadonlyMap<string, string>> {
  let last: ReadonlyMap<string, string> = new Map();
  return computed(() => {
    const now = compute();
    const same = now.size === last.size && [...now].every(([name, value]) => last.get(name) === value);
    return same ? last : (last = now);
  });
}

export class Panel {
  readonly draft: Draft;
  readonly conversation = new Conversation();
  readonly link: Link;
  readonly cases: Cases;
  readonly devices: Devices;
  readonly sending = signal<Sending | null>(null);
  readonly notice = signal<Notice | null>(null);
  readonly sheet = signal<Sheet | null>(null);
  readonly pairing = signal(false);
  readonly offer = signal<Access | null>(null);
  readonly focusQuestion = signal(0);
  readonly answering = computed(() => (this.conversation.view.value ? underWay(this.conversation.view.value) : null));
  readonly isDeleted = computed(() => (this.conversation.view.value?.deleted ?? "no") !== "no");
  // Of what is on screen, as far as answers depend on it: they are drawn anew when it changes, not at every event.
  readonly resolution = computed(() => this.conversation.view.value?.resolution ?? null);
  readonly resolved = computed(() => this.conversation.view.value?.status === "resolved");
  readonly evidenceNames = unlessSame(() => evidenceNames(this.conversation.view.value));
  #pending: Pending | null = null;
  /** The person wanted a page that may not be seen yet: their click on the icon is the answer. */
  #wantsPage = false;

  constructor(readonly host: Host) {
    this.draft = new Draft(host);
    const act: Do = (what) => this.#do(what);
    this.cases = new Cases(act, this.conversation, this.notice);
    this.devices = new Devices(act);
    this.link = new Link(host, {
      opened: (session, anew) => this.#opened(session, anew),
      event: (event) => this.#event(event),
    });
    effect(() => {
      const { at } = this.link.state.value;
      if (at === "connected") this.pairing.value = false;
    });
  }

  start(): void {
    const connected = this.link.retry();
    void this.draft.restore();
    void connected.then(() => {
      if (this.link.state.value.at === "connected") performance.mark("fm:restored");
    });
    void this.#lookForOffer();
    this.host.onOffer(() => void this.#lookForOffer());
    const { capture } = this.host;
    if (capture) {
      const whenRequested = async () => {
        if (await capture.requested()) await this.capturePage();
      };
      void whenRequested();
      capture.onRequest(() => void whenRequested());
      capture.onGranted(() => {
        if (!this.#wantsPage) return;
        const again = { label: "Add it now", act: () => void this.capturePage() };
        this.notice.value = { text: "I can see this page now.", again };
      });
    }
  }

  /** Sends what is attached, then the question. Nothing typed is lost before the server has it. */
  async ask(): Promise<void> {
    const typed = this.draft.text.value;
    const attached = this.draft.attachments.value.map(({ id }) => id);
    const text = typed.trim() || (attached.length > 0 ? "What is wrong here?" : "");
    if (!text || this.sending.value) return;
    if (this.isDeleted.value) {
      const again = { label: "Ask in a new case", act: () => void this.newCase().then(() => this.ask()) };
      this.notice.value = { text: "This case was deleted.", again };
      return;
    }
    this.notice.value = null;
    const stop = new AbortController();
    this.#step("Sending the question", stop);
    try {
      await this.#twice(stop.signal, async () => {
        const { server, session } = await this.link.forAction();
        const pending = await this.#prepare(server, text, stop);
        this.#step("Sending the question", stop);
        const asked: Ask = { session_id: session.session_id, query: text };
        if (pending.caseId) asked.case_id = pending.caseId;
        const answer = await server.ask(asked, pending.key);
        this.#pending = null;
        this.draft.accepted(typed, attached);
        this.focusQuestion.value += 1;
        await this.conversation.show(server, answer.case_id);
      });
    } catch (error) {
      if (!stop.signal.aborted) this.#tell(error, () => void this.ask());
    } finally {
      this.sending.value = null;
    }
  }

  /** Stops sending, or the answer that is being written. */
  async stop(): Promise<void> {
    this.sending.value?.stop.abort();
    const question = this.answering.value;
    if (!question) return;
    await this.#do(async (server) => {
      await server.cancel(question.queryId).catch((error: unknown) => {
        if (!isCode(error, "query_finished")) throw error;
      });
    });
  }

  newCase = (): Promise<void> => this.openCase(null);

  async openCase(caseId: string | null): Promise<void> {
    this.sheet.value = null;
    this.notice.value = null;
    this.#pending = null;
    await this.#do(async (server, session) => {
      await server.setOpenCase(session.session_id, caseId);
      await this.conversation.show(server, caseId);
    });
    this.focusQuestion.value += 1;
  }

  /** Attaches the result of a check and asks again. */
  async answerCheck(check: Check, result: string): Promise<void> {
    const about = check.text.length > 80 ? `${check.text.slice(0, 79)}…` : check.text;
    const content = new Blob([result], { type: "text/plain" });
    this.draft.attach(`Result: ${about}`, "result", content, check.id);
    if (!this.draft.text.value.trim()) this.draft.write(`Here is the result of: ${check.text}`);
    await this.ask();
  }

  async rate(question: Question, rating: Rating): Promise<void> {
    await this.#do((server) => server.rate(question.queryId, rating));
  }

  /** What was sent already is taken back from the server, too. */
  async removeAttachment(one: Attachment): Promise<void> {
    this.draft.remove(one.id);
    const { evidenceId } = one;
    if (evidenceId) await this.#do((server) => server.deleteEvidence(evidenceId));
  }

  async capturePage(): Promise<void> {
    if (!this.host.capture) return;
    this.#wantsPage = false;
    try {
      const captured = await this.host.capture.page();
      this.notice.value = null;
      this.sheet.value = { kind: "page", captured };
    } catch (error) {
      this.#wantsPage = error instanceof NotGranted;
      this.notice.value = {
        text: this.#wantsPage
          ? "Click the FaultMaven icon in the toolbar to let me see this page."
          : "The browser lets no extension see this page. Copy what matters and paste it here.",
      };
    }
  }

  addPage(captured: CapturedPage, fullAddress: boolean): void {
    this.sheet.value = null;
    const address = pageAddress(captured.href, fullAddress);
    const content = `Page: ${captured.title.trim()}\nAddress: ${address}\n\n${captured.text}\n`;
    const name = captured.title.trim() || address || "Page";
    this.draft.attach(name, "page", new Blob([content], { type: "text/plain" }));
    this.focusQuestion.value += 1;
  }

  /** Accepts the server whose page the person clicked on. */
  async acceptOffer(): Promise<void> {
    const offer = this.offer.value;
    if (offer) await this.link.pair(offer);
    this.offer.value = null;
  }

  async refuseOffer(): Promise<void> {
    this.offer.value = null;
    await this.host.dropOffer();
  }

  async #lookForOffer(): Promise<void> {
    this.offer.value = await this.host.offer();
  }

  async #opened(session: OpenedSession, anew: boolean): Promise<void> {
    const { server } = this.link;
    if (anew) this.conversation.forget();
    this.cases.changed.value += 1;
    this.devices.changed.value += 1;
    if (server) await this.conversation.show(server, session.case_id);
  }

  #event(event: AnyEvent): void {
    if (event.type.startsWith("case.") || event.type === "question.asked") this.cases.changed.value += 1;
    if (event.type.startsWith("session.") || event.type === "question.asked") this.devices.changed.value += 1;
    const { server, session } = this.link;
    if (!server || !session) return;
    if (event.type === "session.updated" && event.session_id === session.session_id) {
      void this.conversation.show(server, event.open_case_id).catch(() => {});
    }
    this.conversation.receive(server, event);
  }

  /** Decides on key and case, and sends the attachments that have not been sent. */
  async #prepare(server: Server, text: string, stop: AbortController): Promise<Pending> {
    if (this.#pending?.text !== text) {
      this.#pending = { text, key: crypto.randomUUID(), caseId: this.conversation.view.value?.caseId ?? null };
    }
    const pending = this.#pending;
    for (const one of this.draft.attachments.value) {
      if (one.evidenceId) continue;
      pending.caseId ??= (await server.openCase()).case_id;
      this.#step(`Sending ${one.name}`, stop);
      await sendAttachment(server, this.draft, pending.caseId, one, stop.signal);
    }
    return pending;
  }

  #step(step: string, stop: AbortController): void {
    this.sending.value = { step, stop };
  }

  /** Once more where it is safe: after a cut connection, and after a session that is over, which is opened anew. */
  async #twice(signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (signal.aborted) throw error;
      if (isCode(error, "session_expired", "session_not_found", "session_ended")) await this.link.renew();
      else if (error instanceof Unreachable) await this.link.retry();
      else throw error;
      await act();
    }
  }

  /** A small act of the person; whether it was done. What goes wrong is told by the question box. */
  async #do(act: Act): Promise<boolean> {
    try {
      await this.#twice(new AbortController().signal, async () => {
        const { server, session } = await this.link.forAction();
        await act(server, session);
      });
      return true;
    } catch (error) {
      this.#tell(error, null);
      return false;
    }
  }

  #tell(error: unknown, again: (() => void) | null): void {
    if (error instanceof NotConnected || error instanceof Unproven) {
      // The connection card says what is in the way; the words stay in the box.
      if (this.link.state.value.at === "unpaired") this.pairing.value = true;
      return;
    }
    if (error instanceof Refused && error.code === "unauthenticated") {
      this.link.signedOut(error.message, error.correlationId);
      return;
    }
    const way = again ? { again: { label: "Try again", act: again } } : {};
    if (error instanceof Unreachable) {
      this.notice.value = {
        text: "The connection was cut while this was sent. Nothing is lost: it is still in the box below.",
        correlationId: error.correlationId,
        ...way,
      };
    } else if (error instanceof Trouble) {
      const retriable = error instanceof Refused && error.problem.recovery !== "none";
      const ofSession = error instanceof Refused && error.code.startsWith("session_");
      this.notice.value = { text: error.message, correlationId: error.correlationId, ofSession, ...(retriable ? way : {}) };
    } else {
      this.notice.value = { text: error instanceof Error ? error.message : String(error) };
    }
  }
}
