import type { JSX } from "preact";
import type { Kind } from "../app/draft";
import { size } from "../core/format";
import { oneLine } from "../core/visible";
import { usePanel } from "./context";
import { Close } from "./icons";

const WORD: Record<Kind, string> = { file: "file", pasted: "pasted", page: "page", example: "example", result: "result" };

export function Attachments(): JSX.Element | null {
  const panel = usePanel();
  const { draft } = panel;
  if (draft.attachments.value.length === 0) return null;
  return (
    <ul class="attachments" aria-label="Attached">
      {draft.attachments.value.map((one) => (
        <li key={one.id} class="chip">
          <span class="name">{oneLine(one.name)}</span>
          <span class="meta">
            {size(one.content.size)}
            {WORD[one.kind] !== "file" && `, ${WORD[one.kind]}`}
            {one.evidenceId && ", sent"}
          </span>
          <button type="button" class="quiet square" aria-label={`Remove ${oneLine(one.name)}`} onClick={() => void panel.removeAttachment(one)}>
            <Close />
          </button>
        </li>
      ))}
    </ul>
  );
}
