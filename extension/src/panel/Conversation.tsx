// The case as it went: what was shown, what was asked, what was answered.
import { Component, type JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Item, Question, Shown } from "../core/fold";
import { counted, size } from "../core/format";
import { oneLine, visible } from "../core/visible";
import { AnswerCard } from "./AnswerCard";
import { ConnectionCard, inTheWay } from "./ConnectionCard";
import { usePanel } from "./context";
import { Empty } from "./Empty";
import { Markdown } from "./Markdown";
import { Time } from "./Time";

export function Conversation(): JSX.Element {
  const panel = usePanel();
  const { conversation, link } = panel;
  const log = useRef<HTMLDivElement>(null);
  const view = conversation.view.value;
  const items = view?.items ?? [];
  const newest = items.findLast((item) => item.kind === "question");
  const answered = newest?.kind === "question" && newest.answer !== null;
  useTail(log, `${view?.caseId} ${newest?.kind === "question" ? newest.queryId : ""} ${answered}`);
  // Examples are of use to who can ask; who cannot is shown the way first.
  const able = link.state.value.again && !inTheWay(panel) && !panel.isDeleted.value;
  const inviting = items.length === 0 && able && !conversation.loading.value;
  return (
    <div class="log" role="log" aria-label="Conversation" aria-busy={conversation.loading.value} data-seq={view?.lastSeq} ref={log}>
      {items.length === 0 && <ConnectionCard />}
      {inviting && <Empty />}
      {groups(items).map((group) =>
        Array.isArray(group) ? (
          <EvidenceRow key={group[0]?.evidenceId} shown={group} />
        ) : (
          <QuestionBlock key={group.queryId} question={group} newest={group === newest} />
        ),
      )}
      {items.length > 0 && <ConnectionCard />}
    </div>
  );
}

/** Pieces of evidence that came together stand in one row. */
function groups(items: readonly Item[]): (Shown[] | Question)[] {
  const found: (Shown[] | Question)[] = [];
  for (const item of items) {
    const last = found.at(-1);
    if (item.kind === "question") found.push(item);
    else if (Array.isArray(last)) last.push(item);
    else found.push([item]);
  }
  return found;
}

/** A new question goes to the top of what is seen, so that its answer is read from its beginning. */
function useTail(log: { current: HTMLElement | null }, moment: string): void {
  useLayoutEffect(() => {
    const asked = [...(log.current?.querySelectorAll(".question") ?? [])].at(-1);
    if (!log.current || !asked) return;
    log.current.scrollTop += asked.getBoundingClientRect().top - log.current.getBoundingClientRect().top - 8;
  }, [moment]);
}

function EvidenceRow({ shown }: { shown: Shown[] }): JSX.Element {
  const { evidenceNames, sheet } = usePanel();
  const nameOf = (one: Shown) => oneLine(evidenceNames.value.get(one.evidenceId) ?? one.name);
  return (
    <div class="evidence-row">
      {shown.map((one) =>
        one.deleted ? (
          <span class="chip gone">Deleted evidence</span>
        ) : (
          <button
            type="button"
            class="chip"
            aria-label={`Evidence ${nameOf(one)}`}
            onClick={() => (sheet.value = { kind: "evidence", evidenceId: one.evidenceId, name: one.name, at: null })}
          >
            <span class="name">{nameOf(one)}</span>
            <span class="meta">
              {size(one.size)}, {counted(one.lines, "line")}
            </span>
          </button>
        ),
      )}
    </div>
  );
}

/** Drawn anew only when something happens to this very question: an event of another one costs nothing here. */
class QuestionBlock extends Component<{ question: Question; newest: boolean }> {
  override shouldComponentUpdate({ question, newest }: { question: Question; newest: boolean }): boolean {
    return question !== this.props.question || newest !== this.props.newest;
  }

  render(): JSX.Element {
    const { question, newest } = this.props;
    return (
      <section class="turn" data-query-id={question.queryId}>
        <div class="question">
          <p>{visible(question.text)}</p>
          <Time at={question.at} />
        </div>
        <Outcome question={question} newest={newest} />
      </section>
    );
  }
}

function Outcome({ question, newest }: { question: Question; newest: boolean }): JSX.Element {
  if (question.answer) return <AnswerCard question={question} answer={question.answer} />;
  switch (question.progress) {
    case "failed":
      return <Unfinished question={question} word={question.error?.detail ?? "No answer could be made."} />;
    case "cancelled":
      return <Unfinished question={question} word="Stopped." />;
    case "waiting":
      return <p class="working">{question.ahead > 0 ? `Waiting: ${question.ahead} before this one` : "Waiting its turn…"}</p>;
    case "running":
    case "completed":
      return (
        <div class="writing" aria-live="off">
          <p class="working">{visible(question.step) || (newest ? "Reading…" : "Working…")}</p>
          {question.written && <Markdown text={question.written} />}
        </div>
      );
  }
}

function Unfinished({ question, word }: { question: Question; word: string }): JSX.Element {
  const panel = usePanel();
  return (
    <div class="unfinished">
      <p>{visible(word)}</p>
      {question.written && <Markdown text={question.written} />}
      <button type="button" class="plain" onClick={() => panel.draft.write(question.text)}>
        Put the question back into the box
      </button>
    </div>
  );
}
