// A case is a fold over its events: history, a second tab and a live answer are this one code path.
import type { AnyEvent, CaseStatus, Rating, Report, Resolution } from "./wire";

export type Progress = "waiting" | "running" | "completed" | "failed" | "cancelled";

export interface Question {
  kind: "question";
  queryId: string;
  text: string;
  at: string;
  evidenceIds: string[];
  ahead: number;
  progress: Progress;
  attempt: number;
  /** What the engine says it is doing. */
  step: string;
  /** The answer's Markdown as far as it is written. */
  written: string;
  answer: Report | null;
  error: { code: string; detail: string } | null;
  rating: Rating | null;
}

export interface Shown {
  kind: "evidence";
  evidenceId: string;
  name: string;
  size: number;
  lines: number;
  at: string;
  answersCheck: string | null;
  deleted: boolean;
}

export type Item = Question | Shown;

export interface CaseView {
  caseId: string;
  title: string;
  status: CaseStatus;
  resolution: Resolution | null;
  /** Not at all, so that it can be restored, or for good: then nothing of it is left. */
  deleted: "no" | "restorable" | "for_good";
  lastSeq: number;
  items: Item[];
}

export const emptyCase = (caseId: string): CaseView => ({
  caseId,
  title: "",
  status: "open",
  resolution: null,
  deleted: "no",
  lastSeq: 0,
  items: [],
});

/** Whether an event can be applied now, has been already, or tells that something before it is missing. */
export function place(view: CaseView, event: AnyEvent): "next" | "known" | "gap" | "foreign" {
  if (event.case_id !== view.caseId || event.seq === undefined) return "foreign";
  if (event.seq <= view.lastSeq) return "known";
  return event.seq === view.lastSeq + 1 ? "next" : "gap";
}

export const fold = (view: CaseView, events: readonly AnyEvent[]): CaseView => events.reduce(apply, view);

/** The view after one more event; the same view if the event is not the next one. */
export function apply(view: CaseView, event: AnyEvent): CaseView {
  if (place(view, event) !== "next") return view;
  return { ...change(view, event), lastSeq: event.seq ?? view.lastSeq };
}

function change(view: CaseView, event: AnyEvent): CaseView {
  switch (event.type) {
    case "case.opened":
      return { ...view, title: event.title, status: event.status };
    case "case.updated":
      return { ...view, title: event.title, status: event.status, resolution: event.resolution ?? null };
    case "case.deleted":
      return event.restorable_until ? { ...view, deleted: "restorable" } : { ...emptyCase(view.caseId), deleted: "for_good" };
    case "case.restored":
      return { ...view, deleted: "no" };
    case "evidence.added":
      return { ...view, items: [...view.items, shown(event)] };
    case "evidence.deleted":
      return { ...view, items: view.items.map((item) => withoutEvidence(item, event.evidence_id)) };
    case "question.asked":
      return { ...view, items: [...view.items, asked(event)] };
    case "answer.started":
      return inQuestion(view, event, { progress: "running", attempt: event.attempt, written: "", step: "" });
    case "answer.progress":
      return inQuestion(view, event, { step: event.text });
    case "answer.delta":
      return inQuestion(view, event, (question) => ({ written: question.written + event.text }));
    case "answer.completed":
      return inQuestion(view, event, { progress: "completed", answer: event.answer, step: "" });
    case "answer.failed":
      return inQuestion(view, event, { progress: "failed", error: { code: event.code, detail: event.detail } });
    case "answer.cancelled":
      return inQuestion(view, event, { progress: "cancelled", step: "" });
    case "answer.removed":
      return inQuestion(view, event, {
        progress: "failed",
        answer: null,
        written: "",
        error: { code: "evidence_deleted", detail: "The answer was removed together with the evidence it quoted." },
      });
    case "feedback.given":
      return inQuestion(view, event, { rating: event.rating });
    case "session.opened":
    case "session.updated":
    case "session.ended":
    case "session.expired":
    case "removed":
      return view;
    default:
      // A newer server may tell of more than this panel knows; its number counts, its meaning is left.
      return view;
  }
}

function shown(event: Extract<AnyEvent, { type: "evidence.added" }>): Shown {
  return {
    kind: "evidence",
    evidenceId: event.evidence_id,
    name: event.name,
    size: event.size,
    lines: event.lines,
    at: event.at,
    answersCheck: event.answers_check ?? null,
    deleted: false,
  };
}

function asked(event: Extract<AnyEvent, { type: "question.asked" }>): Question {
  return {
    kind: "question",
    queryId: event.query_id,
    text: event.query,
    at: event.at,
    evidenceIds: event.evidence_ids,
    ahead: event.ahead,
    progress: "waiting",
    attempt: 0,
    step: "",
    written: "",
    answer: null,
    error: null,
    rating: null,
  };
}

const withoutEvidence = (item: Item, evidenceId: string): Item =>
  item.kind === "evidence" && item.evidenceId === evidenceId ? { ...item, deleted: true } : item;

type Change = Partial<Question> | ((question: Question) => Partial<Question>);

/** Applies to the question an event names. A worker that was replaced is not heard any more. */
function inQuestion(view: CaseView, event: { query_id: string; attempt?: number }, change: Change): CaseView {
  return {
    ...view,
    items: view.items.map((item) => {
      if (item.kind !== "question" || item.queryId !== event.query_id) return item;
      if (event.attempt !== undefined && event.attempt < item.attempt) return item;
      return { ...item, ...(typeof change === "function" ? change(item) : change) };
    }),
  };
}

export const questions = (view: CaseView): Question[] =>
  view.items.filter((item): item is Question => item.kind === "question");

/** The question being answered or waiting for it, if any: what "Stop" stops. */
export const underWay = (view: CaseView): Question | null =>
  questions(view).find((question) => question.progress === "waiting" || question.progress === "running") ?? null;

export const evidenceOf = (view: CaseView): Shown[] =>
  view.items.filter((item): item is Shown => item.kind === "evidence" && !item.deleted);

/** What to call each piece of evidence: its name, and a number where several have the same. */
export function evidenceNames(view: CaseView | null): ReadonlyMap<string, string> {
  const shown = view ? evidenceOf(view) : [];
  const total = new Map<string, number>();
  for (const { name } of shown) total.set(name, (total.get(name) ?? 0) + 1);
  const met = new Map<string, number>();
  return new Map(
    shown.map(({ evidenceId, name }) => {
      met.set(name, (met.get(name) ?? 0) + 1);
      return [evidenceId, total.get(name) === 1 ? name : `${name} (${met.get(name)})`];
    }),
  );
}
