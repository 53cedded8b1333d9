// The case as it went: what was shown, what was asked, what was answered.
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { Item, Question, Shown } from "../core/fold";
import { counted, size } from "../core/format";
import { oneLine, visible } from "../core/visible";
import { AnswerCard } from "./AnswerCard";
import { ConnectionCard } from "./ConnectionCard";
import { usePanel } from "./context";
import { Empty } from "./Empty";
import { Markdown } from "./Markdown";
import { Time } from "./Time";

export function Conversation(): JSX.Element {
  const { conversation, link } = usePanel();
  const log = useRef<HTMLDivElement>(null);
  const view = conversation.view.value;
  const items = view?.items ?? [];
  const newest = items.findLast((item) => item.kind === "question");
  const answered = newest?.kind === "question" && newest.answer !== null;
  useTail(log, `${view?.caseId} ${newest?.kind === "question" ? newest.queryId : ""} ${answered}`);
  const { at } = link.state.value;
  const settled = at !== "starting" && !(at === "connecting" && !view);
  return (
    <div class="log" role="log" aria-label="Conversation" aria-busy={conversation.loading.value} ref={log}>
      {items.length === 0 && <ConnectionCard />}
      {items.length === 0 && settled && !conversation.loading.value && <Empty />}
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
  const { sheet } = usePanel();
  return (
    <div class="evidence-row">
      {shown.map((one) =>
        one.deleted ? (
          <span class="chip gone">Deleted evidence</span>
        ) : (
          <button
            type="button"
            class="chip"
            aria-label={`Evidence ${oneLine(one.name)}`}
            onClick={() => (sheet.value = { kind: "evidence", evidenceId: one.evidenceId, name: one.name, at: null })}
          >
            <span class="name">{oneLine(one.name)}</span>
            <span class="meta">
              {size(one.size)}, {counted(one.lines, "line")}
            </span>
          </button>
        ),
      )}
    </div>
  );
}

function QuestionBlock({ question, newest }: { question: Question; newest: boolean }): JSX.Element {
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
