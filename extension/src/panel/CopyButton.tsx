import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { forClipboard } from "../core/visible";
import { Copy, Done } from "./icons";

/** Copies text made visible and without a newline at its end. Says so when it is done. */
export function CopyButton({ text, label, named = false }: { text: () => string; label: string; named?: boolean }): JSX.Element {
  const state = useSignal<"idle" | "copied" | "failed">("idle");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(forClipboard(text()));
      state.value = "copied";
    } catch {
      state.value = "failed";
    }
    setTimeout(() => (state.value = "idle"), 2000);
  };
  const word = { idle: label, copied: "Copied", failed: "Not copied" }[state.value];
  return (
    <button type="button" class={named ? "quiet" : "quiet square"} aria-label={word} title={word} onClick={() => void copy()}>
      {state.value === "copied" ? <Done /> : <Copy />}
      {named && <span aria-live="polite">{word}</span>}
    </button>
  );
}
