// A thin map of a long log: where in it the answers of this case have found something.
import type { JSX } from "preact";
import { questions } from "../core/fold";
import { usePanel } from "./context";

/** Below this everything is seen by scrolling a little. */
const LONG = 120;

export function EvidenceStrip({ evidenceId, total, goTo }: { evidenceId: string; total: number; goTo: (line: number) => void }): JSX.Element | null {
  const view = usePanel().conversation.view.value;
  if (!view || total < LONG) return null;
  const cited = questions(view).flatMap(({ answer }) => answer?.citations ?? []);
  const lines = [...new Set(cited.filter((one) => one.evidence_id === evidenceId).map((one) => one.line_start))];
  if (lines.length === 0) return null;
  return (
    <div class="strip" role="group" aria-label="Cited lines">
      {lines.map((line) => (
        <button
          key={line}
          type="button"
          style={{ left: `${((line - 1) / total) * 100}%` }}
          title={`Line ${line}`}
          aria-label={`Go to line ${line}`}
          onClick={() => goTo(line)}
        />
      ))}
    </div>
  );
}
