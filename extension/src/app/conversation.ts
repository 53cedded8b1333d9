// The case on screen: fetched once, then kept in step event by event.
import { signal } from "@preact/signals";
import type { Server } from "../api";
import { apply, emptyCase, fold, place, type CaseView } from "../core/fold";
import { isCode } from "../core/trouble";
import type { AnyEvent } from "../core/wire";

export class Conversation {
  readonly view = signal<CaseView | null>(null);
  readonly loading = signal(false);
  #fetching: Promise<void> | null = null;
  /** An event came that does not fit yet: what is being fetched may be older than it. */
  #behind = false;

  /** Shows another case, or none. */
  async show(server: Server, caseId: string | null): Promise<void> {
    if (this.view.value?.caseId !== caseId) this.view.value = caseId ? emptyCase(caseId) : null;
    await this.refresh(server);
  }

  /** What is known is of another log: it is fetched from the beginning, if there still is such a case. */
  forget(): void {
    const view = this.view.value;
    if (view) this.view.value = emptyCase(view.caseId);
  }

  /** Fetches what is missing. A deleted case stays on screen as far as it is known; one that is gone does not. */
  refresh(server: Server): Promise<void> {
    const caseId = this.view.value?.caseId;
    if (!caseId) return Promise.resolve();
    this.#fetching ??= this.#fetch(server, caseId).finally(() => {
      this.#fetching = null;
      this.loading.value = false;
    });
    return this.#fetching.then(() => (this.view.value?.caseId === caseId ? undefined : this.refresh(server)));
  }

  receive(server: Server, event: AnyEvent): void {
    const view = this.view.value;
    if (!view) return;
    switch (place(view, event)) {
      case "next":
        this.view.value = apply(view, event);
        break;
      case "gap":
        this.#behind = true;
        void this.refresh(server).catch(() => {}); // the connection will be told lost by whoever reads it
        break;
      case "known":
      case "foreign":
    }
  }

  async #fetch(server: Server, caseId: string): Promise<void> {
    this.loading.value = true;
    try {
      for (;;) {
        const after = this.view.value?.caseId === caseId ? this.view.value.lastSeq : null;
        if (after === null) return;
        this.#behind = false;
        const page = await server.caseEvents(caseId, after);
        const view = this.view.value;
        if (view?.caseId !== caseId) return;
        this.view.value = fold(view, page.events);
        if (page.next_cursor === undefined && !this.#behind) return;
      }
    } catch (error) {
      if (!isCode(error, "case_not_found", "case_deleted")) throw error;
      const view = this.view.value;
      if (view?.caseId !== caseId) return;
      const known = isCode(error, "case_deleted") && view.lastSeq > 0;
      this.view.value = known ? { ...view, deleted: "restorable" } : null;
    }
  }
}
