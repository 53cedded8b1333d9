import { describe, expect, it } from "vitest";
import { dialled, pageAddress, pastedAccess, serverAddress, tokenInFragment } from "../src/core/address";

describe("serverAddress", () => {
  it.each([
    ["127.0.0.1:8000", "http://127.0.0.1:8000"],
    [" http://localhost:9000/ ", "http://127.0.0.1:9000"],
    ["https://faults.example/path?x#y", "https://faults.example"],
    ["[::1]:8000", "http://[::1]:8000"],
  ])("%s is dialled as %s", (typed, server) => {
    expect(serverAddress(typed)).toBe(server);
  });

  it.each(["", "  ", "http://exa mple", "file:///etc/passwd", "javascript:alert(1)", "http://me:secret@127.0.0.1:8000", "http://"])(
    "%j is none",
    (typed) => {
      expect(serverAddress(typed)).toBeNull();
    },
  );
});

describe("dialled", () => {
  it("always names the port", () => {
    expect(dialled("http://127.0.0.1:8000")).toBe("127.0.0.1:8000");
    expect(dialled("http://localhost:8000")).toBe("127.0.0.1:8000");
    expect(dialled("https://faults.example")).toBe("faults.example:443");
    expect(dialled("http://faults.example")).toBe("faults.example:80");
  });
});

describe("what is pasted as a token", () => {
  it("may be the token, the printed link, or the whole printed line", () => {
    expect(pastedAccess(" abc-_1 \n")).toEqual({ token: "abc-_1", server: null });
    const both = { token: "abc", server: "http://127.0.0.1:8000" };
    expect(pastedAccess("http://127.0.0.1:8000/#token=abc")).toEqual(both);
    expect(pastedAccess("FaultMaven: http://127.0.0.1:8000/#token=abc")).toEqual(both);
  });

  it("is read out of a fragment", () => {
    expect(tokenInFragment("#token=abc")).toBe("abc");
    expect(tokenInFragment("")).toBeNull();
    expect(tokenInFragment("#else")).toBeNull();
  });
});

describe("pageAddress", () => {
  const href = "https://me:pw@status.example/a/b?session=secret#part";
  it("drops what is nobody's business unless it is asked for, and credentials always", () => {
    expect(pageAddress(href, false)).toBe("https://status.example/a/b");
    expect(pageAddress(href, true)).toBe("https://status.example/a/b?session=secret#part");
    expect(pageAddress("not an address", false)).toBe("");
  });
});
