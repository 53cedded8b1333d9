import { describe, expect, it } from "vitest";
import { clientId, type Kept, type Lock } from "../src/core/clientId";

/** Storage as slow and unordered as a browser's. */
function storage(): Kept & { written: string[] } {
  const written: string[] = [];
  const later = () => new Promise<void>((resolve) => setTimeout(resolve, Math.random() * 3));
  return {
    written,
    get: async () => (await later(), written.at(-1) ?? null),
    set: async (value) => (await later(), void written.push(value)),
  };
}

/** One after the other, as `navigator.locks` has it. */
function oneAtATime(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(_name: string, work: () => Promise<T>): Promise<T> => {
    const mine = last.then(work);
    last = mine.catch(() => {});
    return mine;
  };
}

describe("clientId", () => {
  it("is one for twenty callers at once, and stays", async () => {
    const kept = storage();
    const lock = oneAtATime();
    const ids = await Promise.all(Array.from({ length: 20 }, () => clientId(kept, lock)));
    expect(new Set(ids).size).toBe(1);
    expect(kept.written).toHaveLength(1);
    expect(await clientId(kept, lock)).toBe(ids[0]);
  });

  it("would be many without the lock, which is why there is one", async () => {
    const unlocked: Lock = (_name, work) => work();
    const kept = storage();
    await Promise.all(Array.from({ length: 20 }, () => clientId(kept, unlocked)));
    expect(kept.written.length).toBeGreaterThan(1);
  });

  it("fits the contract", async () => {
    expect(await clientId(storage(), oneAtATime())).toMatch(/^[\x21-\x7e]{1,255}$/);
  });
});
