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

/** Says that the case on screen was deleted, wherever that was done, and how to take that back. */
export function Deleted(): JSX.Element | null {
  const panel = usePanel();
  const view = panel.conversation.view.value;
  if (!view || view.deleted === "no") return null;
  const restorable = view.deleted === "restorable";
  return (
    <div class="bar deleted" role="status">
      <span>{restorable ? "This case was deleted." : "This case was deleted for good; nothing of it is kept."}</span>
      <button type="button" class="quiet" onClick={() => void (restorable ? panel.cases.restore(view.caseId) : panel.newCase())}>
        {restorable ? "Restore it" : "New case"}
      </button>
    </div>
  );
}

/** Says that a case is closed, by what, and how to take that back. */
export function Resolved(): JSX.Element | null {
  const panel = usePanel();
  const view = panel.conversation.view.value;
  if (!view || view.status === "open") return null;
  return (
    <div class="bar resolved">
      <span>
        ✓ {view.status === "resolved" ? "Resolved" : "Mitigated"}
        {view.resolution?.cause ? `: ${oneLine(view.resolution.cause)}` : ""}
      </span>
      <button type="button" class="quiet" onClick={() => void panel.cases.reopen(view)}>
        Reopen
      </button>
    </div>
  );
}
