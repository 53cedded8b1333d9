// A sheet slides over the conversation and goes with Escape. On a wide page it stands beside it instead.
import type { ComponentChildren, JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { usePanel } from "./context";
import { Close } from "./icons";

/** What had the focus before the first sheet: one sheet may open another. */
let opener: HTMLElement | null = null;

export function Sheet({ title, tools, children }: { title: string; tools?: ComponentChildren; children: ComponentChildren }): JSX.Element {
  const { sheet } = usePanel();
  const dialog = useRef<HTMLDialogElement>(null);
  const close = () => (sheet.value = null);
  // Before the browser paints: an effect that is cleaned up later would give the focus back too late.
  useLayoutEffect(() => {
    const focused = document.activeElement;
    if (focused instanceof HTMLElement && focused !== document.body && !focused.closest("dialog")) opener = focused;
    const shown = dialog.current;
    if (matchMedia("(min-width: 900px)").matches) shown?.show();
    else shown?.showModal();
    const onEscape = (event: KeyboardEvent) => {
      if (event.key === "Escape") close();
    };
    addEventListener("keydown", onEscape);
    return () => {
      removeEventListener("keydown", onEscape);
      // Once the dialog is gone: as long as it stands, nothing behind it can take the focus.
      queueMicrotask(() => sheet.peek() === null && opener?.focus({ preventScroll: true }));
    };
  }, []);
  return (
    <dialog ref={dialog} class="sheet" aria-label={title} onCancel={close} onClose={close}>
      <header class="top">
        <h1 title={title}>{title}</h1>
        <button type="button" class="quiet square" aria-label="Close" title="Close" onClick={close}>
          <Close />
        </button>
      </header>
      {tools}
      <div class="sheet-body">{children}</div>
    </dialog>
  );
}
