import { describe, expect, it } from "vitest";
import { apply, emptyCase, evidenceNames, fold, place, questions, underWay } from "../src/core/fold";
import type { AnyEvent, Report } from "../src/core/wire";

const REPORT = { headline: "It broke", verdict: "cause_found" } as Report;

let seq = 0;
type Told = { [Type in AnyEvent["type"]]: Extract<AnyEvent, { type: Type }> };
const event = <Type extends AnyEvent["type"]>(type: Type, fields: Partial<Told[Type]> = {}): AnyEvent =>
  ({ type, case_id: "case_a", seq: (seq += 1), cursor: seq, at: "2026-03-01T10:00:00Z", ...fields }) as AnyEvent;

function story(): AnyEvent[] {
  seq = 0;
  return [
    event("case.opened", { title: "Untitled", status: "open" }),
    event("evidence.added", { evidence_id: "evidence_1", name: "app.log", size: 10, lines: 2 }),
    event("question.asked", { query_id: "query_1", query: "Why?", evidence_ids: ["evidence_1"], ahead: 0 }),
    event("answer.started", { query_id: "query_1", attempt: 1 }),
    event("answer.delta", { query_id: "query_1", attempt: 1, text: "It " }),
    event("answer.delta", { query_id: "query_1", attempt: 1, text: "broke" }),
    event("answer.completed", { query_id: "query_1", attempt: 1, answer: REPORT }),
    event("feedback.given", { query_id: "query_1", rating: "helpful" }),
  ];
}

describe("fold", () => {
  it("tells the story of a case", () => {
    const view = fold(emptyCase("case_a"), story());
    expect(view).toMatchObject({ title: "Untitled", status: "open", lastSeq: 8 });
    expect(view.items.map(({ kind }) => kind)).toEqual(["evidence", "question"]);
    expect(questions(view)[0]).toMatchObject({ progress: "completed", written: "It broke", answer: REPORT, rating: "helpful" });
    expect(underWay(view)).toBeNull();
  });

  it("comes to the same whether events arrive one by one, twice, or in pieces", () => {
    const events = story();
    const whole = fold(emptyCase("case_a"), events);
    expect(fold(fold(emptyCase("case_a"), events.slice(0, 5)), events)).toEqual(whole);
    expect(fold(emptyCase("case_a"), events.flatMap((one) => [one, one]))).toEqual(whole);
  });

  it("does not guess over a gap", () => {
    const events = story();
    const before = fold(emptyCase("case_a"), events.slice(0, 3));
    const late = events[5] as AnyEvent;
    expect(place(before, late)).toBe("gap");
    expect(apply(before, late)).toBe(before);
  });

  it("leaves events of other cases and of sessions alone", () => {
    const view = emptyCase("case_a");
    const other = { ...event("case.updated", { title: "x", status: "open" }), case_id: "case_b", seq: 1 } as AnyEvent;
    expect(place(view, other)).toBe("foreign");
    expect(place(view, { type: "session.ended", cursor: 9, at: "" } as AnyEvent)).toBe("foreign");
  });

  it("starts the text anew when another worker takes over, and does not hear the first one again", () => {
    const events = story().slice(0, 5);
    events.push(event("answer.started", { query_id: "query_1", attempt: 2, seq: 6 }));
    events.push(event("answer.delta", { query_id: "query_1", attempt: 1, text: "late", seq: 7 }));
    events.push(event("answer.delta", { query_id: "query_1", attempt: 2, text: "new", seq: 8 }));
    expect(questions(fold(emptyCase("case_a"), events))[0]?.written).toBe("new");
  });

  it("keeps what was written of a cancelled answer and says why one failed", () => {
    const cancelled = [...story().slice(0, 5), event("answer.cancelled", { query_id: "query_1", seq: 6 })];
    expect(questions(fold(emptyCase("case_a"), cancelled))[0]).toMatchObject({ progress: "cancelled", written: "It " });
    const failed = [
      ...story().slice(0, 4),
      event("answer.failed", { query_id: "query_1", attempt: 1, code: "internal_error", detail: "No.", seq: 5 }),
    ];
    expect(questions(fold(emptyCase("case_a"), failed))[0]).toMatchObject({ progress: "failed", error: { detail: "No." } });
  });

  it("takes an answer away that quoted evidence which was deleted", () => {
    const removed = [...story().slice(0, 5), event("answer.removed", { query_id: "query_1", seq: 6 })];
    const question = questions(fold(emptyCase("case_a"), removed))[0];
    expect(question).toMatchObject({ progress: "failed", answer: null, written: "", error: { code: "evidence_deleted" } });
  });

  it("counts an event that a newer server sends, without understanding it", () => {
    const unknown = { ...event("case.restored"), type: "case.admired", seq: 1 } as unknown as AnyEvent;
    expect(apply(emptyCase("case_a"), unknown).lastSeq).toBe(1);
  });

  it("is deleted and restored by whoever does it", () => {
    const deleted = fold(emptyCase("case_a"), [...story(), event("case.deleted", { restorable_until: "2026-03-02" })]);
    expect(deleted).toMatchObject({ deleted: "restorable", lastSeq: 9 });
    expect(apply(deleted, event("case.restored"))).toMatchObject({ deleted: "no", title: "Untitled" });
  });

  it("keeps nothing on screen of what is deleted for good", () => {
    const gone = fold(emptyCase("case_a"), [...story(), event("case.deleted")]);
    expect(gone).toEqual({ ...emptyCase("case_a"), deleted: "for_good", lastSeq: 9 });
  });

  it("tells evidence of one name apart by the order it came in", () => {
    seq = 0;
    const added = (evidence_id: string, name: string) => event("evidence.added", { evidence_id, name, size: 1, lines: 1 });
    const view = fold(emptyCase("case_a"), [added("a", "app.log"), added("b", "db.log"), added("c", "app.log"), added("d", "app.log")]);
    expect([...evidenceNames(view)]).toEqual([["a", "app.log (1)"], ["b", "db.log"], ["c", "app.log (2)"], ["d", "app.log (3)"]]);
    const fewer = fold(view, [event("evidence.deleted", { evidence_id: "a" }), event("evidence.deleted", { evidence_id: "c" })]);
    expect(evidenceNames(fewer).get("d")).toBe("app.log");
  });

  it("knows what is under way", () => {
    expect(underWay(fold(emptyCase("case_a"), story().slice(0, 4)))?.queryId).toBe("query_1");
  });
});
