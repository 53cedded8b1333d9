// The reasons for the leading hypothesis, from cause to symptom.
import type { JSX } from "preact";
import { visible } from "../core/visible";
import type { Hypothesis, Reason, Report } from "../core/wire";
import { Cites } from "./Cites";
import { usePanel } from "./context";

export const leading = (answer: Report): Hypothesis | null =>
  answer.hypotheses.find((hypothesis) => !hypothesis.ruled_out) ?? null;

export function Why({ answer }: { answer: Report }): JSX.Element | null {
  const hypothesis = leading(answer);
  const reasons: readonly Reason[] = hypothesis?.because ?? answer.observations.map(observed);
  if (reasons.length === 0) return null;
  return (
    <section>
      <h3>Why</h3>
      <ol class="reasons">
        {reasons.map((reason) => (
          <li>
            {visible(reason.text)} {reason.basis === "inferred" && <span class="inferred">inferred</span>}
            <Cites numbers={reason.cites} citations={answer.citations} />
          </li>
        ))}
      </ol>
      {hypothesis && <ThisWasIt hypothesis={hypothesis} />}
    </section>
  );
}

const observed = ({ text, cites }: Report["observations"][number]): Reason => ({ text, cites, basis: "observed" });

/** Only the person knows what it was; saying so resolves the case and teaches the next one. */
export function ThisWasIt({ hypothesis }: { hypothesis: Hypothesis }): JSX.Element | null {
  const panel = usePanel();
  if (panel.resolution.value?.hypothesis_id === hypothesis.id) return <p class="confirmed">✓ This was it</p>;
  if (panel.resolved.value) return null;
  const resolve = () => {
    const view = panel.conversation.view.value;
    if (view) void panel.cases.resolve(view, hypothesis);
  };
  return (
    <button type="button" class="plain" onClick={resolve}>
      This was it
    </button>
  );
}
