// The panel without its looks: what is on screen as signals, and what a person can do as functions.
import { computed, effect, signal } from "@preact/signals";
import type { Server } from "../api";
import { pageAddress } from "../core/address";
import { underWay, type Question } from "../core/fold";
import { isCode, Refused, Trouble, Unproven, Unreachable } from "../core/trouble";
import type { Ask, Case, Check, Hypothesis, OpenedSession, PatchCase, Rating } from "../core/wire";
import type { CapturedPage } from "../host/capture";
import { NotGranted, type Access, type Host } from "../host/host";
import { Conversation } from "./conversation";
import { Draft, type Attachment } from "./draft";
import { Link, NotConnected } from "./link";
import { sendAttachment } from "./sending";

/** Something went wrong with what the person just did; it stands by the question box until they go on. */
export interface Notice {
  text: string;
  correlationId?: string;
  again?: { label: string; act: () => void };
}

export type Sheet =
  | { kind: "cases" }
  | { kind: "settings" }
  | { kind: "evidence"; evidenceId: string; name: string; at: Cited | null }
  | { kind: "page"; captured: CapturedPage };

export interface Cited {
  first: number;
  last: number;
  column?: number;
  columnEnd?: number;
}

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

export class Panel {
  readonly draft: Draft;
  readonly conversation = new Conversation();
  readonly link: Link;
  readonly sending = signal<Sending | null>(null);
  readonly notice = signal<Notice | null>(null);
  readonly sheet = signal<Sheet | null>(null);
  readonly pairing = signal(false);
  readonly offer = signal<Access | null>(null);
  readonly deleted = signal<{ caseId: string; title: string } | null>(null);
  /** Grows whenever the list of cases may look different. */
  readonly casesChanged = signal(0);
  readonly focusQuestion = signal(0);
  readonly answering = computed(() => (this.conversation.view.value ? underWay(this.conversation.view.value) : null));
  #pending: Pending | null = null;
  /** The person wanted a page that may not be seen yet: their click on the icon is the answer. */
  #wantsPage = false;

  constructor(readonly host: Host) {
    this.draft = new Draft(host);
    this.link = new Link(host, {
      opened: (session) => this.#opened(session),
      event: (event) => {
        if (event.type.startsWith("case.") || event.type === "question.asked") this.casesChanged.value += 1;
        const { server, session } = this.link;
        if (!server || !session) return;
        if (event.type === "session.updated" && event.session_id === session.session_id) {
          void this.conversation.show(server, event.open_case_id).catch(() => {});
        }
        this.conversation.receive(server, event);
      },
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

  /** The person says what it was. */
  resolve(caseId: string, hypothesis: Hypothesis): Promise<void> {
    const resolution = { hypothesis_id: hypothesis.id, cause: hypothesis.title, fix: "" };
    return this.changeCase(caseId, { status: "resolved", resolution });
  }

  reopen = (caseId: string): Promise<void> => this.changeCase(caseId, { status: "open", resolution: null });

  async changeCase(caseId: string, patch: PatchCase): Promise<void> {
    await this.#do((server) => server.patchCase(caseId, patch));
    this.casesChanged.value += 1;
  }

  async deleteCase(one: Case): Promise<void> {
    await this.#do(async (server) => {
      await server.deleteCase(one.case_id);
      this.deleted.value = { caseId: one.case_id, title: one.title };
      if (this.conversation.view.value?.caseId === one.case_id) await this.conversation.show(server, null);
    });
    this.casesChanged.value += 1;
  }

  async undoDelete(): Promise<void> {
    const { deleted } = this;
    await this.#do(async (server) => {
      if (deleted.value) await server.restoreCase(deleted.value.caseId);
      deleted.value = null;
    });
    this.casesChanged.value += 1;
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

  async #opened(session: OpenedSession): Promise<void> {
    const { server } = this.link;
    if (server) await this.conversation.show(server, session.case_id);
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

  /** A small act of the person; what goes wrong is told by the question box. */
  async #do(act: (server: Server, session: OpenedSession) => Promise<unknown>): Promise<void> {
    try {
      await this.#twice(new AbortController().signal, async () => {
        const { server, session } = await this.link.forAction();
        await act(server, session);
      });
    } catch (error) {
      this.#tell(error, null);
    }
  }

  #tell(error: unknown, again: (() => void) | null): void {
    if (error instanceof NotConnected || error instanceof Unproven) {
      // The connection card says what is in the way; the words stay in the box.
      if (this.link.state.value.at === "unpaired") this.pairing.value = true;
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
      this.notice.value = { text: error.message, correlationId: error.correlationId, ...(retriable ? way : {}) };
    } else {
      this.notice.value = { text: error instanceof Error ? error.message : String(error) };
    }
  }
}
