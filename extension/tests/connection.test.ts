import { describe, expect, it } from "vitest";
import { backoff, next, retryAfter, type Connection, type Happened } from "../src/core/connection";

const after = (...happened: Happened[]): Connection => happened.reduce<Connection>(next, { at: "starting" });
const down: Happened = { what: "unreachable", online: true };
const trying: Happened = { what: "trying" };
const opened: Happened = { what: "opened", open: false };

describe("connection", () => {
  it("opens", () => {
    expect(after(trying, { what: "standing", standing: "proven" }, opened)).toEqual({ at: "connected", open: false });
  });

  it("waits longer each time, keeps saying why, and forgets it once it is connected", () => {
    expect(after(trying, down)).toEqual({ at: "waiting", why: "down", attempt: 1 });
    expect(after(trying, down, trying, down, trying)).toEqual({ at: "waiting", why: "down", attempt: 2 });
    expect(after(trying, down, trying, opened, down)).toMatchObject({ attempt: 1 });
    expect([1, 2, 3, 4, 5, 6, 7, 99].map(backoff)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  it("tells a missing network from a missing server", () => {
    expect(after({ what: "unreachable", online: false })).toMatchObject({ why: "offline" });
  });

  it.each(["wrong_proof", "not_faultmaven"] as const)("treats %s as a stranger, and looks again now and then", (standing) => {
    const state = after(trying, { what: "standing", standing });
    expect(state).toEqual({ at: "stranger" });
    expect(retryAfter(state)).toBe(5000);
  });

  it("asks for a token only where one is needed", () => {
    expect(after({ what: "standing", standing: "token_needed" })).toEqual({ at: "unpaired" });
    expect(after({ what: "problem", code: "unauthenticated", detail: "", correlationId: "" })).toEqual({ at: "unpaired" });
    expect(after({ what: "standing", standing: "no_token_needed" }, { what: "opened", open: true })).toEqual({
      at: "connected",
      open: true,
    });
  });

  it("does not come back by itself from what only a person can decide", () => {
    const ended: Happened = { what: "ended", detail: "", correlationId: "c" };
    for (const state of [after(ended), after({ what: "standing", standing: "stopped_asking" }), after(trying)]) {
      expect(retryAfter(state)).toBeNull();
    }
  });
});
