// The numbers behind a claim; each opens the lines it stands on.
import type { JSX } from "preact";
import { oneLine } from "../core/visible";
import type { Citation } from "../core/wire";
import { usePanel } from "./context";

export function Cites({ numbers, citations }: { numbers: readonly number[]; citations: readonly Citation[] }): JSX.Element | null {
  const found = numbers.flatMap((n) => citations.filter((citation) => citation.n === n));
  if (found.length === 0) return null;
  return (
    <span class="cites">
      {found.map((citation) => (
        <Chip key={citation.n} citation={citation} />
      ))}
    </span>
  );
}

function Chip({ citation }: { citation: Citation }): JSX.Element {
  const { evidenceNames, sheet } = usePanel();
  const { n, line_start: first, line_end: last, evidence_id: evidenceId } = citation;
  const name = evidenceNames.value.get(evidenceId) ?? citation.name;
  const lines = first === last ? `line ${first}` : `lines ${first} to ${last}`;
  const column = citation.column_start === undefined ? {} : { column: citation.column_start };
  const columnEnd = citation.column_end === undefined ? {} : { columnEnd: citation.column_end };
  const open = () => (sheet.value = { kind: "evidence", evidenceId, name: citation.name, at: { first, last, ...column, ...columnEnd } });
  return (
    <button type="button" class="cite" aria-label={`Citation ${n}: ${oneLine(name)}, ${lines}`} title={oneLine(citation.quote).slice(0, 300)} onClick={open}>
      <b>{n}</b>
      <span>{oneLine(name)}</span>
      <i>:{first === last ? first : `${first}–${last}`}</i>
    </button>
  );
}
