import { createHash, createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { judge, newChallenge, proofOf, tokenId } from "../src/core/proof";

const TOKEN = "a-token-of-forty-three-characters-or-more-00";
const ADDRESS = "127.0.0.1:8000";
const SERVER = `http://${ADDRESS}`;
const BEARER = `fm_0123456789abcdef_${"x-_Y".repeat(10)}abc`;
const says = (fields: object) => ({ version: "1", bound: ADDRESS, auth: "bearer", ...fields });

describe("proof of server", () => {
  it("is the HMAC that the server computes", async () => {
    const expected = createHmac("sha256", TOKEN).update(`faultmaven|${ADDRESS}|n`).digest("hex");
    expect(await proofOf(TOKEN, ADDRESS, "n")).toBe(expected);
  });

  it("holds for one token, one address, one challenge", async () => {
    const proof = await proofOf(TOKEN, ADDRESS, "n");
    expect(await judge(says({ proof }), TOKEN, SERVER, "n")).toBe("proven");
    expect(await judge(says({ proof }), "other", SERVER, "n")).toBe("wrong_proof");
    expect(await judge(says({ proof }), TOKEN, "http://127.0.0.1:8001", "n")).toBe("wrong_proof");
    expect(await judge(says({ proof }), TOKEN, SERVER, "m")).toBe("wrong_proof");
    expect(await judge(says({}), TOKEN, SERVER, "n")).toBe("wrong_proof");
  });

  it("of a token of one user of many is keyed with what the server keeps of it", async () => {
    expect(tokenId(BEARER)).toBe("0123456789abcdef");
    expect([TOKEN, "", null, "fm_0123_abc", "xfm_0123456789abcdef_abc"].map(tokenId)).toEqual([null, null, null, null, null]);
    const hash = createHash("sha256").update(BEARER).digest("hex");
    const expected = createHmac("sha256", hash).update(`faultmaven|${ADDRESS}|n`).digest("hex");
    expect(await proofOf(BEARER, ADDRESS, "n")).toBe(expected);
    expect(await judge(says({ mode: "token", proof: expected }), BEARER, SERVER, "n")).toBe("proven");
  });

  it("missing from a server of many users means a token it does not know; a false one means a stranger", async () => {
    expect(await judge(says({ mode: "token" }), BEARER, SERVER, "n")).toBe("token_unknown");
    expect(await judge(says({ mode: "token", proof: "guessed" }), BEARER, SERVER, "n")).toBe("wrong_proof");
    expect(await judge(says({ mode: "local" }), BEARER, SERVER, "n")).toBe("wrong_proof");
  });

  it("over https is for the address that the server names, over http for the one that was dialled", async () => {
    const proof = await proofOf(BEARER, "10.0.0.7:8000", "n");
    const said = says({ mode: "token", bound: "10.0.0.7:8000", proof });
    expect(await judge(said, BEARER, "https://faultmaven.example", "n")).toBe("proven");
    expect(await judge(said, BEARER, "http://faultmaven.example", "n")).toBe("wrong_proof");
  });

  it("does not take somebody's word that no token is needed once there is one", async () => {
    expect(await judge(says({ auth: "none" }), TOKEN, SERVER, "n")).toBe("stopped_asking");
    expect(await judge(says({ auth: "none" }), null, SERVER, "n")).toBe("no_token_needed");
    expect(await judge(says({}), null, SERVER, "n")).toBe("token_needed");
  });

  it.each([null, "hello", [], {}, { auth: "bearer" }, says({ auth: "maybe" }), says({ version: 1 })])(
    "takes %j for something else",
    async (said) => {
      expect(await judge(said, TOKEN, SERVER, "n")).toBe("not_faultmaven");
    },
  );

  it("asks another question each time, in characters that the server takes", () => {
    const challenges = Array.from({ length: 50 }, newChallenge);
    expect(new Set(challenges).size).toBe(50);
    for (const challenge of challenges) expect(challenge).toMatch(/^[A-Za-z0-9._~-]{1,128}$/);
  });
});
