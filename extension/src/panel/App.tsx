// One column: header, status, conversation, question box; sheets over it.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { Composer } from "./Composer";
import { Conversation } from "./Conversation";
import { usePanel } from "./context";
import { CasesSheet } from "./CasesSheet";
import { DevicesSheet } from "./DevicesSheet";
import { EvidenceSheet } from "./EvidenceSheet";
import { Deleted, Header, Resolved } from "./Header";
import { PageSheet } from "./PageSheet";
import { SettingsSheet } from "./SettingsSheet";
import { StatusLine } from "./StatusLine";

export function App(): JSX.Element {
  const panel = usePanel();
  const over = useSignal(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    over.value = false;
    const text = event.dataTransfer?.getData("text/plain");
    const files = [...(event.dataTransfer?.files ?? [])];
    for (const file of files) panel.draft.attach(file.name, "file", file);
    if (files.length === 0 && text) panel.draft.attach("Dropped text", "pasted", new Blob([text], { type: "text/plain" }));
    panel.focusQuestion.value += 1;
  };
  return (
    <div
      class={over.value ? "panel over" : "panel"}
      onDragOver={(event) => {
        event.preventDefault();
        over.value = true;
      }}
      onDragLeave={(event) => {
        if (event.relatedTarget === null) over.value = false;
      }}
      onDrop={drop}
    >
      <div class="main">
        <Header />
        <StatusLine />
        <Deleted />
        <Resolved />
        <Conversation />
        <Composer />
      </div>
      <OpenSheet />
    </div>
  );
}

function OpenSheet(): JSX.Element | null {
  const sheet = usePanel().sheet.value;
  switch (sheet?.kind) {
    case undefined:
      return null;
    case "cases":
      return <CasesSheet />;
    case "devices":
      return <DevicesSheet />;
    case "settings":
      return <SettingsSheet />;
    case "page":
      return <PageSheet captured={sheet.captured} />;
    case "evidence":
      return <EvidenceSheet key={`${sheet.evidenceId}:${sheet.at?.first}`} evidenceId={sheet.evidenceId} name={sheet.name} at={sheet.at} />;
  }
}
