// The finished answer: what it is, why, what to do now; the rest folded away.
import type { JSX } from "preact";
import { copyUpdate } from "../core/copyUpdate";
import type { Question } from "../core/fold";
import { certainty, extent, isRecent, tellsWhen } from "../core/format";
import { visible } from "../core/visible";
import type { Onset, Report, Verdict } from "../core/wire";
import { Cites } from "./Cites";
import { usePanel } from "./context";
import { CopyButton } from "./CopyButton";
import { DoNext } from "./DoNext";
import { Folds } from "./Folds";
import { Helpful } from "./Helpful";
import { Markdown } from "./Markdown";
import { Time } from "./Time";
import { Why } from "./Why";

/** Certainty has a shape beside its word, so that it is never told by colour alone. */
const SHAPE: Record<Verdict, string> = {
  cause_found: "●",
  likely_cause: "◕",
  symptom_only: "◐",
  no_fault_found: "✓",
  not_enough_evidence: "○",
  answered: "●",
};

export function AnswerCard({ question, answer }: { question: Question; answer: Report }): JSX.Element {
  const { resolution } = usePanel();
  return (
    <article class={`answer ${answer.verdict}`} aria-label="Answer">
      <header>
        <p class="certainty">
          <span aria-hidden="true">{SHAPE[answer.verdict]}</span> {certainty[answer.verdict]}
        </p>
        <h2>{visible(answer.headline)}</h2>
        {answer.onset && <Since onset={answer.onset} answer={answer} />}
      </header>
      {answer.verdict === "answered" && <Told answer={answer} />}
      <Why answer={answer} />
      <DoNext answer={answer} />
      <Folds answer={answer} />
      <footer>
        <CopyButton text={() => copyUpdate(answer, resolution.value?.cause || null)} label="Copy update" named />
        <Helpful question={question} />
      </footer>
    </article>
  );
}

/** An explanation is told in full; where its steps stand below as steps, only what they do not say. */
function Told({ answer }: { answer: Report }): JSX.Element {
  const hasSteps = answer.next_checks.length + answer.actions.length > 0;
  return hasSteps ? <p>{visible(answer.summary)}</p> : <Markdown text={answer.response} />;
}

/** When, how often and how long; what the headline has said is not said again. */
function Since({ onset, answer }: { onset: Onset; answer: Report }): JSX.Element | null {
  const how = extent(onset);
  const told = tellsWhen(answer.headline, onset);
  const at = onset.at && (!told || isRecent(onset.at, Date.now())) ? onset.at : "";
  if (!at && !how) return null;
  return (
    <p class="since">
      {at && (
        <>
          {!told && "Since "}
          <Time at={at} zoneAssumed={onset.zone_assumed} />
          {how && ": "}
        </>
      )}
      {how} {onset.at && onset.zone_assumed && <span class="inferred">time zone assumed</span>}{" "}
      <Cites numbers={onset.cites} citations={answer.citations} />
    </p>
  );
}
