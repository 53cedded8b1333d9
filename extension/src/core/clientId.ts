// The lasting name of one browser profile. A name, never a credential.

export interface Kept {
  get(): Promise<string | null>;
  set(value: string): Promise<void>;
}

/** Runs one piece of work at a time under a name; `navigator.locks.request` fits. */
export type Lock = <T>(name: string, work: () => Promise<T>) => Promise<T>;

/** Made once: storage alone would let twenty callers at once make twenty names, so it happens under a lock. */
export function clientId(kept: Kept, lock: Lock): Promise<string> {
  return lock("faultmaven.client_id", async () => {
    const known = await kept.get();
    if (known) return known;
    const made = `panel-${crypto.randomUUID()}`;
    await kept.set(made);
    return made;
  });
}
