import { describe, expect, it } from "vitest";
import { backoff, next, retryAfter, STARTING, type Connection, type Happened } from "../src/core/connection";

const after = (...happened: Happened[]): Connection => happened.reduce<Connection>(next, STARTING);
const down: Happened = { what: "unreachable", online: true, correlationId: "c" };
const trying: Happened = { what: "trying" };
const opened: Happened = { what: "opened", open: false };
const ended: Happened = { what: "ended", detail: "", correlationId: "c" };
const unauthenticated: Happened = { what: "signed_out", detail: "Revoked.", correlationId: "c" };

describe("connection", () => {
  it("opens", () => {
    const state = after(trying, { what: "standing", standing: "proven" }, opened);
    expect(state).toEqual({ at: "connected", open: false, again: true });
  });

  it("waits longer each time, keeps saying why, and forgets it once it is connected", () => {
    expect(after(trying, down)).toMatchObject({ at: "waiting", why: "down", attempt: 1, correlationId: "c" });
    expect(after(trying, down, trying, down, trying)).toMatchObject({ at: "waiting", why: "down", attempt: 2 });
    expect(after(trying, down, trying, opened, down)).toMatchObject({ attempt: 1 });
    expect([1, 2, 3, 4, 5, 6, 7, 99].map(backoff)).toEqual([250, 500, 1000, 2000, 4000, 8000, 8000, 8000]);
  });

  it("is connected again only where it has been connected before", () => {
    expect(after(trying, down, trying).again).toBe(false);
    expect(after(trying, { what: "standing", standing: "token_needed" }, trying).again).toBe(false);
    expect(after(trying, opened, down, trying, ended, trying)).toEqual({ at: "connecting", again: true });
  });

  it("tells a missing network from a missing server", () => {
    expect(after({ ...down, online: false })).toMatchObject({ why: "offline" });
  });

  it.each(["wrong_proof", "not_faultmaven"] as const)("treats %s as a stranger, and looks again now and then", (standing) => {
    const state = after(trying, { what: "standing", standing });
    expect(state).toMatchObject({ at: "stranger" });
    expect(retryAfter(state)).toBe(5000);
  });

  it("asks for a token only where one is needed", () => {
    expect(after({ what: "standing", standing: "token_needed" })).toMatchObject({ at: "unpaired" });
    expect(after({ what: "standing", standing: "no_token_needed" }, { what: "opened", open: true })).toMatchObject({
      at: "connected",
      open: true,
    });
  });

  it("is signed out by a server that takes its token no more, whether that can be proven or not", () => {
    expect(after(trying, opened, unauthenticated)).toMatchObject({ at: "signed_out", detail: "Revoked." });
    expect(after(trying, { what: "standing", standing: "token_unknown" })).toMatchObject({ at: "signed_out" });
  });

  it("does not come back by itself from what only a person can decide", () => {
    const stopped: Happened = { what: "standing", standing: "stopped_asking" };
    for (const state of [after(ended), after(stopped), after(trying), after(opened, unauthenticated)]) {
      expect(retryAfter(state)).toBeNull();
    }
  });
});
