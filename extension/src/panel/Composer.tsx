// Where one types, always: nothing stands before the question box, and it never loses its content.
import { useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { PASTE_LIMIT } from "../app/draft";
import { Attachments } from "./Attachments";
import { Correlation } from "./ConnectionCard";
import { usePanel } from "./context";
import { SessionWhy } from "./SessionWhy";
import { Clip, PageIcon, Square, Up } from "./icons";

export function Composer(): JSX.Element {
  const panel = usePanel();
  const box = useRef<HTMLTextAreaElement>(null);
  const files = useRef<HTMLInputElement>(null);
  const text = panel.draft.text.value;
  const busy = panel.sending.value !== null || panel.answering.value !== null;
  const hasSomething = text.trim() !== "" || panel.draft.attachments.value.length > 0;

  useEffect(() => {
    performance.mark("fm:ready");
    box.current?.focus();
  }, []);
  useSignalEffect(() => {
    if (panel.focusQuestion.value > 0) box.current?.focus();
  });
  useLayoutEffect(() => grow(box.current), [text]);

  const attach = (list: FileList | null | undefined) => {
    for (const file of list ?? []) panel.draft.attach(file.name, "file", file);
  };
  const onPaste = (event: ClipboardEvent) => {
    const data = event.clipboardData;
    const pasted = data?.getData("text/plain") ?? "";
    if (data?.files.length && !pasted) {
      event.preventDefault();
      attach(data.files);
    } else if (pasted.length > PASTE_LIMIT) {
      event.preventDefault();
      panel.draft.attach("Pasted text", "pasted", new Blob([pasted], { type: "text/plain" }));
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    if (!busy) void panel.ask();
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        if (!busy) void panel.ask();
      }}
    >
      <Notice />
      <Attachments />
      <textarea
        ref={box}
        aria-label="Question"
        placeholder="What is going wrong?"
        rows={2}
        value={text}
        onInput={(event) => panel.draft.write(event.currentTarget.value)}
        onPaste={onPaste}
        onKeyDown={onKeyDown}
      />
      <div class="row">
        <input
          ref={files}
          type="file"
          multiple
          hidden
          onChange={(event) => {
            attach(event.currentTarget.files);
            event.currentTarget.value = "";
          }}
        />
        <button type="button" class="quiet" onClick={() => files.current?.click()}>
          <Clip /> Add evidence
        </button>
        {panel.host.capture && (
          <button type="button" class="quiet" onClick={() => void panel.capturePage()}>
            <PageIcon /> Add this page
          </button>
        )}
        <span class="gap" />
        {busy ? (
          <button type="button" class="plain" onClick={() => void panel.stop()}>
            <Square /> Stop
          </button>
        ) : (
          <button type="submit" class="primary" disabled={!hasSomething}>
            <Up /> Ask
          </button>
        )}
      </div>
    </form>
  );
}

/** The box grows with its text, up to a third of the panel. */
function grow(box: HTMLTextAreaElement | null): void {
  if (!box) return;
  box.style.height = "auto";
  box.style.height = `${Math.min(box.scrollHeight + 2, Math.max(120, innerHeight / 3))}px`;
}

function Notice(): JSX.Element | null {
  const { notice } = usePanel();
  const said = notice.value;
  if (!said) return null;
  return (
    <div class="notice" role="alert">
      <p>{said.text}</p>
      <Correlation id={said.correlationId ?? ""} />
      <div class="row">
        {said.again && (
          <button type="button" class="plain" onClick={said.again.act}>
            {said.again.label}
          </button>
        )}
        {said.ofSession && <SessionWhy correlationId={said.correlationId ?? ""} />}
        <button type="button" class="quiet" onClick={() => (notice.value = null)}>
          {said.leave ?? "Dismiss"}
        </button>
      </div>
    </div>
  );
}
