import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { judge, newChallenge, proofOf } from "../src/core/proof";

const TOKEN = "a-token-of-forty-three-characters-or-more-00";
const ADDRESS = "127.0.0.1:8000";
const says = (fields: object) => ({ version: "1", bound: ADDRESS, auth: "bearer", ...fields });

describe("proof of server", () => {
  it("is the HMAC that the server computes", async () => {
    const expected = createHmac("sha256", TOKEN).update(`faultmaven|${ADDRESS}|n`).digest("hex");
    expect(await proofOf(TOKEN, ADDRESS, "n")).toBe(expected);
  });

  it("holds for one token, one address, one challenge", async () => {
    const proof = await proofOf(TOKEN, ADDRESS, "n");
    expect(await judge(says({ proof }), TOKEN, ADDRESS, "n")).toBe("proven");
    expect(await judge(says({ proof }), "other", ADDRESS, "n")).toBe("wrong_proof");
    expect(await judge(says({ proof }), TOKEN, "127.0.0.1:8001", "n")).toBe("wrong_proof");
    expect(await judge(says({ proof }), TOKEN, ADDRESS, "m")).toBe("wrong_proof");
    expect(await judge(says({}), TOKEN, ADDRESS, "n")).toBe("wrong_proof");
  });

  it("does not take somebody's word that no token is needed once there is one", async () => {
    expect(await judge(says({ auth: "none" }), TOKEN, ADDRESS, "n")).toBe("stopped_asking");
    expect(await judge(says({ auth: "none" }), null, ADDRESS, "n")).toBe("no_token_needed");
    expect(await judge(says({}), null, ADDRESS, "n")).toBe("token_needed");
  });

  it.each([null, "hello", [], {}, { auth: "bearer" }, says({ auth: "maybe" }), says({ version: 1 })])(
    "takes %j for something else",
    async (said) => {
      expect(await judge(said, TOKEN, ADDRESS, "n")).toBe("not_faultmaven");
    },
  );

  it("asks another question each time, in characters that the server takes", () => {
    const challenges = Array.from({ length: 50 }, newChallenge);
    expect(new Set(challenges).size).toBe(50);
    for (const challenge of challenges) expect(challenge).toMatch(/^[A-Za-z0-9._~-]{1,128}$/);
  });
});
