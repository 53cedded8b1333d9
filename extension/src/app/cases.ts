// What a person does to a case as a whole: names it, says what it was, deletes it and takes that back.
import { signal, type Signal } from "@preact/signals";
import type { CaseView } from "../core/fold";
import type { Case, Hypothesis, PatchCase } from "../core/wire";
import type { Conversation } from "./conversation";
import { changeCase, saidOf, type Seen } from "./editing";
import type { Do, Notice } from "./panel";

export class Cases {
  /** Grows whenever the list of cases may look different. */
  readonly changed = signal(0);
  readonly deleted = signal<{ caseId: string; title: string; wasOpen: boolean } | null>(null);

  constructor(
    private readonly act: Do,
    private readonly conversation: Conversation,
    private readonly notice: Signal<Notice | null>,
  ) {}

  /** The person says what it was. */
  resolve(view: CaseView, hypothesis: Hypothesis): Promise<void> {
    const resolution = { hypothesis_id: hypothesis.id, cause: hypothesis.title, fix: "" };
    return this.#settle(view.caseId, view, { status: "resolved", resolution }, "This was it all the same");
  }

  reopen(view: CaseView): Promise<void> {
    return this.#settle(view.caseId, view, { status: "open", resolution: null }, "Reopen it all the same");
  }

  /** Renames a case that was called `seen`. What it is called now, if somebody else has renamed it meanwhile. */
  async rename(caseId: string, seen: string, title: string): Promise<string | null> {
    let renamed: string | null = null;
    await this.act(async (server) => {
      renamed = (await changeCase(server, caseId, { title: seen }, { title }))?.title ?? null;
    });
    this.changed.value += 1;
    return renamed;
  }

  async delete(one: Case): Promise<void> {
    const wasOpen = this.conversation.view.value?.caseId === one.case_id;
    await this.act(async (server) => {
      await server.deleteCase(one.case_id);
      this.deleted.value = { caseId: one.case_id, title: one.title, wasOpen };
      if (wasOpen) await this.conversation.show(server, null);
    });
    this.changed.value += 1;
  }

  async undoDelete(): Promise<void> {
    const gone = this.deleted.value;
    if (!gone || !(await this.restore(gone.caseId))) return;
    this.deleted.value = null;
    if (gone.wasOpen && !this.conversation.view.value) {
      await this.act((server) => this.conversation.show(server, gone.caseId));
    }
  }

  async restore(caseId: string): Promise<boolean> {
    const restored = await this.act((server) => server.restoreCase(caseId));
    this.changed.value += 1;
    return restored;
  }

  /** Changes what has become of the case; where somebody else has changed that meanwhile, the person chooses. */
  async #settle(caseId: string, { status, resolution }: Seen, patch: PatchCase, anyway: string): Promise<void> {
    await this.act(async (server) => {
      const now = await changeCase(server, caseId, { status, resolution }, patch);
      if (!now) return;
      const act = () => {
        this.notice.value = null;
        void this.#settle(caseId, { status: now.status, resolution: now.resolution }, patch, anyway);
      };
      this.notice.value = { text: saidOf(now), again: { label: anyway, act }, leave: "Leave it so" };
    });
    this.changed.value += 1;
  }
}
