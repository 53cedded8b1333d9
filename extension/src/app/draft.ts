// What is being written: text and attachments. It survives a reload and every failure; only an accepted question
// takes it away.
import { signal } from "@preact/signals";
import type { Host } from "../host/host";

export type Kind = "file" | "pasted" | "page" | "example" | "result";

export interface Attachment {
  id: string;
  name: string;
  kind: Kind;
  content: Blob;
  answersCheck?: string;
  /** Once the server has it, so that trying again does not send it twice. */
  evidenceId?: string;
  /** It was sent, and the connection was cut before the answer: the server may have it. */
  doubtful?: true;
}

export const PASTE_LIMIT = 2000;
/** Storage that lives as long as the browser holds a few megabytes; larger files are kept in memory only. */
const KEPT_BYTES = 1_000_000;

interface KeptDraft {
  text: string;
  attachments: { name: string; kind: Kind; type: string; content: string; answersCheck?: string }[];
}

export class Draft {
  readonly text = signal("");
  readonly attachments = signal<Attachment[]>([]);
  #saving: ReturnType<typeof setTimeout> | undefined;

  constructor(private readonly host: Host) {
    addEventListener("pagehide", () => void this.#save());
  }

  /** Puts back what was there; what was typed while it was being read stays. */
  async restore(): Promise<void> {
    const kept = parsed(await this.host.loadDraft());
    if (!kept) return;
    if (!this.text.value) this.text.value = kept.text;
    const attached = kept.attachments.map(({ content, type, ...rest }) => ({
      ...rest,
      id: crypto.randomUUID(),
      content: new Blob([content], { type }),
    }));
    this.attachments.value = [...attached, ...this.attachments.value];
  }

  write(text: string): void {
    this.text.value = text;
    this.#saveSoon();
  }

  attach(name: string, kind: Kind, content: Blob, answersCheck?: string): Attachment {
    const attachment = { id: crypto.randomUUID(), name, kind, content, ...(answersCheck && { answersCheck }) };
    this.attachments.value = [...this.attachments.value, attachment];
    this.#saveSoon();
    return attachment;
  }

  remove(id: string): void {
    this.attachments.value = this.attachments.value.filter((attachment) => attachment.id !== id);
    this.#saveSoon();
  }

  /** Notes how far sending it has come. */
  mark(id: string, marked: Pick<Attachment, "evidenceId" | "doubtful">): void {
    this.attachments.value = this.attachments.value.map((one) => (one.id === id ? { ...one, ...marked } : one));
  }

  /** The question was accepted. What was typed or attached meanwhile belongs to the next one. */
  accepted(typed: string, ids: string[]): void {
    if (this.text.value === typed) this.text.value = "";
    this.attachments.value = this.attachments.value.filter((one) => !ids.includes(one.id));
    void this.#save();
  }

  #saveSoon(): void {
    clearTimeout(this.#saving);
    this.#saving = setTimeout(() => void this.#save(), 150);
  }

  async #save(): Promise<void> {
    clearTimeout(this.#saving);
    const attachments: KeptDraft["attachments"] = [];
    let room = KEPT_BYTES;
    for (const { name, kind, content, answersCheck } of this.attachments.value) {
      room -= content.size;
      if (room < 0) break;
      attachments.push({
        name,
        kind,
        type: content.type,
        content: await content.text(),
        ...(answersCheck && { answersCheck }),
      });
    }
    await this.host.saveDraft(JSON.stringify({ text: this.text.value, attachments } satisfies KeptDraft));
  }
}

function parsed(kept: string | null): KeptDraft | null {
  if (!kept) return null;
  try {
    return JSON.parse(kept) as KeptDraft;
  } catch {
    return null;
  }
}
