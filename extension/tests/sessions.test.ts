import { describe, expect, it } from "vitest";
import { closedBy, devices, named } from "../src/core/sessions";
import type { Session, SessionDiagnosis } from "../src/core/wire";

const session = (id: string, metadata: Session["metadata"] = {}): Session =>
  ({ session_id: id, client_id: `client of ${id}`, metadata, created_at: "", last_activity_at: "", previous_session_id: null }) as Session;
const closed = (close_reason: SessionDiagnosis["close_reason"]) => ({ close_reason, timeout_minutes: 60 }) as SessionDiagnosis;

describe("devices", () => {
  it("this one comes first, the others as the server lists them", () => {
    const all = devices([session("a"), session("b"), session("c")], "b");
    expect(all.map(({ sessionId, mine }) => [sessionId, mine])).toEqual([["b", true], ["a", false], ["c", false]]);
  });

  it("are called by what their clients say, as far as they say it", () => {
    const told = { client_name: "FaultMaven panel", browser: "Firefox 140", platform: "Linux" };
    const all = devices([session("a", told), session("b", { client_name: "CLI", platform: "Linux" }), session("c")], null);
    expect(all.map(named)).toEqual(["FaultMaven panel, Firefox 140 on Linux", "CLI, Linux", "client of c"]);
  });

  it("cannot be called what lies on the screen, or what is no text", () => {
    const [one] = devices([session("a", { client_name: "x\u202ey\n", browser: 7, platform: {} })], null);
    expect(one).toMatchObject({ name: "x\\u202ey", runsIn: "" });
  });
});

describe("closedBy", () => {
  const [by] = devices([session("a", { client_name: "CLI", platform: "Linux" })], null);

  it("says by what", () => {
    expect(closedBy(closed("idle"), null)).toBe("unused for 60 minutes");
    expect(closedBy(closed("cap"), null)).toBe("to make room for a newer session");
    expect(closedBy(closed("ended_by_other"), by ?? null)).toBe("from CLI, Linux");
    expect(closedBy(closed("ended_by_other"), null)).toBe("from elsewhere");
    expect(closedBy(closed(undefined), null)).toBe("");
  });
});
