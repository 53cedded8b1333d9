// Earlier investigations: found, opened, renamed, deleted with a way back.
import { useSignal, useSignalEffect } from "@preact/signals";
import type { JSX } from "preact";
import { useRef } from "preact/hooks";
import { Refused } from "../core/trouble";
import { toTheSecond } from "../core/format";
import { oneLine } from "../core/visible";
import type { Case, CaseList } from "../core/wire";
import { usePanel } from "./context";
import { Bin, Pencil } from "./icons";
import { Rename } from "./Rename";
import { Sheet } from "./Sheet";
import { Time } from "./Time";

export function CasesSheet(): JSX.Element {
  const panel = usePanel();
  const search = useSignal("");
  const found = useSignal<CaseList | null>(null);
  const failed = useSignal("");
  const latest = useRef(0);

  const load = async (text: string, cursor: string | null) => {
    const mine = (latest.current += 1);
    try {
      // Looking is no reason for a new session.
      const page = await panel.link.server?.cases(text, cursor);
      if (mine !== latest.current || !page) return;
      const before = cursor ? (found.peek()?.cases ?? []) : [];
      found.value = { ...page, cases: [...before, ...page.cases] };
      failed.value = "";
    } catch (error) {
      failed.value = error instanceof Refused ? error.message : "The cases cannot be read without a connection.";
    }
  };
  useSignalEffect(() => {
    void panel.cases.changed.value;
    void panel.link.state.value.at;
    const text = search.value;
    const soon = setTimeout(() => void load(text, null), text ? 150 : 0);
    return () => clearTimeout(soon);
  });

  const tools = (
    <div class="tools">
      <input type="search" aria-label="Search cases" placeholder="Search titles, questions, answers" value={search.value} onInput={(event) => (search.value = event.currentTarget.value)} />
    </div>
  );
  const list = found.value;
  return (
    <Sheet title="Cases" tools={tools}>
      <Undo />
      {failed.value && <p class="bad">{failed.value}</p>}
      {list?.cases.length === 0 && <p class="hint">{search.value ? "No case holds these words." : "No cases yet. Ask something and it is kept here."}</p>}
      <ul class="cases">
        {list?.cases.map((one) => (
          <CaseRow key={one.case_id} one={one} alike={list.cases.filter(({ title }) => title === one.title).length > 1} />
        ))}
      </ul>
      {list?.next_cursor && (
        <button type="button" class="plain" onClick={() => void load(search.value, list.next_cursor ?? null)}>
          More cases
        </button>
      )}
    </Sheet>
  );
}

/** `alike`: another case has the same title. */
function CaseRow({ one, alike }: { one: Case; alike: boolean }): JSX.Element {
  const panel = usePanel();
  const renaming = useSignal(false);
  const open = panel.conversation.view.value?.caseId === one.case_id;
  if (renaming.value) return <Rename one={one} close={() => (renaming.value = false)} />;
  return (
    <li class={open ? "open" : ""}>
      <button type="button" class="case" aria-current={open} onClick={() => void panel.openCase(one.case_id)}>
        <b>{oneLine(one.title) || "Untitled"}</b>
        <span>
          {one.status === "open" ? "" : `✓ ${one.status}, `}
          <Time at={one.updated_at} />
          {alike && `, opened ${toTheSecond(one.created_at)}`}
          {open && ", open here"}
        </span>
      </button>
      <button type="button" class="quiet square" aria-label={`Rename ${oneLine(one.title)}`} title="Rename" onClick={() => (renaming.value = true)}>
        <Pencil />
      </button>
      <button type="button" class="quiet square" aria-label={`Delete ${oneLine(one.title)}`} title="Delete" onClick={() => void panel.cases.delete(one)}>
        <Bin />
      </button>
    </li>
  );
}

function Undo(): JSX.Element | null {
  const panel = usePanel();
  const gone = panel.cases.deleted.value;
  if (!gone) return null;
  return (
    <div class="notice" role="status">
      <p>“{oneLine(gone.title) || "Untitled"}” was deleted.</p>
      <button type="button" class="plain" onClick={() => void panel.cases.undoDelete()}>
        Undo
      </button>
    </div>
  );
}
