import { describe, expect, it } from "vitest";
import { copyUpdate } from "../src/core/copyUpdate";
import type { Report } from "../src/core/wire";

const REPORT: Report = {
  headline: "The disk is full.",
  summary: "",
  response: "",
  verdict: "cause_found",
  onset: {
    at: "2026-03-17T09:02:12Z",
    last_at: "2026-03-17T09:04:54Z",
    count: 56,
    ongoing: "yes",
    zone_assumed: false,
    cites: [1],
  },
  timeline: [],
  observations: [],
  findings: [],
  hypotheses: [],
  next_checks: [{ id: "c", text: "How full is it?", command: "df -h", risk: "read_only", tests: [], if_so: "", if_not: "" }],
  actions: [
    { id: "a1", kind: "fix", text: "Add a disk", risk: "unknown" },
    { id: "a2", kind: "mitigate", text: "Delete old logs", risk: "unknown" },
  ],
  recommendations: [],
  missing: [],
  citations: [],
  coverage: { lines: 1, bytes: 1, kinds: [], unparsed_lines: 0, truncated: false },
  seen_before: [],
  engine: { name: "embedded", versions: {} },
};

describe("copyUpdate", () => {
  it("is five lines: what, since, impact, doing, next check", () => {
    expect(copyUpdate(REPORT)).toBe(
      [
        "What: The disk is full. Cause found.",
        "Since: 2026-03-17 09:02:12 UTC",
        "Impact: seen in 56 lines, over 3 min, still going on when the evidence ends",
        "Doing: Delete old logs",
        "Next check: How full is it? (df -h)",
      ].join("\n"),
    );
  });

  it("says what is not known, and stays five lines whatever the evidence holds", () => {
    const { onset: _onset, ...rest } = REPORT;
    const bare: Report = { ...rest, headline: "Broke\nFake: line\u202e", verdict: "symptom_only", actions: [], next_checks: [] };
    const lines = copyUpdate(bare).split("\n");
    expect(lines).toHaveLength(5);
    expect(lines[0]).toBe("What: Broke Fake: line\\u202e. Only symptoms in sight.");
    expect(lines.slice(1)).toEqual([
      "Since: not known yet",
      "Impact: not known yet",
      "Doing: looking for the cause",
      "Next check: none open",
    ]);
  });

  it("tells the confirmed cause once there is one", () => {
    expect(copyUpdate(REPORT, "A runaway log")).toMatch(/^What: A runaway log\. Confirmed\.\n/);
  });

  it("marks an assumed time zone", () => {
    const assumed: Report = { ...REPORT, onset: { ...REPORT.onset!, zone_assumed: true } };
    expect(copyUpdate(assumed)).toContain("Since: 2026-03-17 09:02:12 (time zone not stated)");
  });
});
