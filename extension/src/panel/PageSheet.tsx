// What was read from the page, before any of it is kept.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { pageAddress } from "../core/address";
import { counted, size } from "../core/format";
import { oneLine, visible } from "../core/visible";
import type { CapturedPage } from "../host/capture";
import { usePanel } from "./context";
import { Sheet } from "./Sheet";

export function PageSheet({ captured }: { captured: CapturedPage }): JSX.Element {
  const panel = usePanel();
  const full = useSignal(false);
  const lines = captured.text.split("\n").length;
  const shortened = pageAddress(captured.href, false) !== pageAddress(captured.href, true);
  return (
    <Sheet title="Add this page">
      <div class="page-preview">
        <p>
          <b>{oneLine(captured.title) || "Untitled page"}</b>
          <br />
          <span class="address">{visible(pageAddress(captured.href, full.value))}</span>
        </p>
        {shortened && (
          <label class="check">
            <input type="checkbox" checked={full.value} onChange={(event) => (full.value = event.currentTarget.checked)} />
            Keep the full address
          </label>
        )}
        <p class="hint">
          {captured.selected ? "The selected text" : "The visible text"}: {counted(lines, "line")},{" "}
          {size(new Blob([captured.text]).size)}
          {captured.cut && ", cut off there"}. What is typed into fields is never taken.
        </p>
        <pre tabIndex={0} aria-label="Preview">
          {visible(captured.text.slice(0, 20_000)) || "There is no text to take."}
        </pre>
        <div class="row">
          <button type="button" class="primary" onClick={() => panel.addPage(captured, full.value)}>
            Add
          </button>
          <button type="button" class="plain" onClick={() => (panel.sheet.value = null)}>
            Cancel
          </button>
        </div>
      </div>
    </Sheet>
  );
}
