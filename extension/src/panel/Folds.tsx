// What is good to know but not first: folded, each under a line that says how much there is.
import type { ComponentChildren, JSX } from "preact";
import { counted, exact, lookedAt } from "../core/format";
import { oneLine, visible } from "../core/visible";
import type { Hypothesis, Report } from "../core/wire";
import { Cites } from "./Cites";
import { usePanel } from "./context";
import { Time } from "./Time";
import { leading, ThisWasIt } from "./Why";

export function Folds({ answer }: { answer: Report }): JSX.Element {
  const others = answer.hypotheses.filter((hypothesis) => hypothesis !== leading(answer));
  const wantsMore = answer.verdict === "symptom_only" || answer.verdict === "not_enough_evidence";
  return (
    <div class="folds">
      {answer.missing.length > 0 && (
        <Fold title="What would settle it" open={wantsMore}>
          <ul>
            {answer.missing.map((text) => (
              <li>{visible(text)}</li>
            ))}
          </ul>
        </Fold>
      )}
      {others.length > 0 && (
        <Fold title={`Other hypotheses (${others.length})`}>
          {others.map((hypothesis) => (
            <Other key={hypothesis.id} hypothesis={hypothesis} answer={answer} />
          ))}
        </Fold>
      )}
      {answer.timeline.length > 0 && (
        <Fold title={`Timeline (${answer.timeline.length})`}>
          <Timeline answer={answer} />
        </Fold>
      )}
      {answer.seen_before.length > 0 && (
        <Fold title={`Seen before (${answer.seen_before.length})`}>
          <SeenBefore answer={answer} />
        </Fold>
      )}
      {answer.coverage.lines > 0 && (
        <Fold title={`What was looked at: ${counted(answer.coverage.lines, "line")}`}>
          <p>{lookedAt(answer.coverage)}.</p>
          <p>{engineWords(answer)}</p>
        </Fold>
      )}
    </div>
  );
}

function Fold({ title, open = false, children }: { title: string; open?: boolean; children: ComponentChildren }): JSX.Element {
  return (
    <details open={open}>
      <summary>{title}</summary>
      <div>{children}</div>
    </details>
  );
}

function Other({ hypothesis, answer }: { hypothesis: Hypothesis; answer: Report }): JSX.Element {
  const { citations } = answer;
  return (
    <div class="other">
      <p>
        <b>{visible(hypothesis.title)}</b>{" "}
        <span class="strength">{hypothesis.ruled_out ? "ruled out" : hypothesis.strength}</span>
      </p>
      {hypothesis.ruled_out_because && <p>{visible(hypothesis.ruled_out_because)}</p>}
      <ul>
        {hypothesis.because.map((reason) => (
          <li>
            {visible(reason.text)} <Cites numbers={reason.cites} citations={citations} />
          </li>
        ))}
        {hypothesis.against.map((objection) => (
          <li>
            <b>Against:</b> {visible(objection.text)} <Cites numbers={objection.cites} citations={citations} />
          </li>
        ))}
      </ul>
      <ThisWasIt hypothesis={hypothesis} />
    </div>
  );
}

function Timeline({ answer }: { answer: Report }): JSX.Element {
  return (
    <ol class="timeline">
      {answer.timeline.map((moment) => (
        <li class={moment.role}>
          {moment.at && <time dateTime={moment.at}>{exact(moment.at, answer.onset?.zone_assumed)}</time>}
          {visible(moment.text)} <Cites numbers={moment.cites} citations={answer.citations} />
        </li>
      ))}
    </ol>
  );
}

function SeenBefore({ answer }: { answer: Report }): JSX.Element {
  const panel = usePanel();
  return (
    <ul>
      {answer.seen_before.map((before) => (
        <li>
          <button type="button" class="link" onClick={() => void panel.openCase(before.case_id)}>
            An earlier case
          </button>
          , <Time at={before.at} />
          {before.resolution && `: ${oneLine(before.resolution)}`}
        </li>
      ))}
    </ul>
  );
}

/** Which engine spoke, and what of the evidence left this machine. */
function engineWords({ engine }: Report): string {
  if (engine.name === "embedded") return "Answered on this machine; nothing left it.";
  const kinds = Object.entries(engine.redactions ?? {}).map(([kind, count]) => `${count} × ${kind.replaceAll("_", " ")}`);
  const model = engine.model ? `Answered with ${engine.model}` : "Answered with a language model";
  return kinds.length > 0 ? `${model}; removed before anything was sent: ${kinds.join(", ")}.` : `${model}.`;
}
