import type { JSX } from "preact";
import { oneLine } from "../core/visible";
import { usePanel } from "./context";
import { Gear, List, Plus } from "./icons";

export function Header(): JSX.Element {
  const panel = usePanel();
  const view = panel.conversation.view.value;
  return (
    <header class="top">
      <h1 title={view ? oneLine(view.title) : "FaultMaven"}>{view?.title ? oneLine(view.title) : "FaultMaven"}</h1>
      <button type="button" class="quiet square" aria-label="New case" title="New case" onClick={() => void panel.newCase()}>
        <Plus />
      </button>
      <button type="button" class="quiet square" aria-label="Cases" title="Cases" onClick={() => (panel.sheet.value = { kind: "cases" })}>
        <List />
      </button>
      <button type="button" class="quiet square" aria-label="Settings" title="Settings" onClick={() => (panel.sheet.value = { kind: "settings" })}>
        <Gear />
      </button>
    </header>
  );
}

/** Says that a case is closed, by what, and how to take that back. */
export function Resolved(): JSX.Element | null {
  const panel = usePanel();
  const view = panel.conversation.view.value;
  if (!view || view.status === "open") return null;
  return (
    <div class="resolved">
      <span>
        ✓ {view.status === "resolved" ? "Resolved" : "Mitigated"}
        {view.resolution?.cause ? `: ${oneLine(view.resolution.cause)}` : ""}
      </span>
      <button type="button" class="quiet" onClick={() => void panel.reopen(view.caseId)}>
        Reopen
      </button>
    </div>
  );
}
