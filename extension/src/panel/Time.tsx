// A time as people feel it, with the exact one on hover.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { exact, relative } from "../core/format";

const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 30_000);

export function Time({ at, zoneAssumed = false }: { at: string; zoneAssumed?: boolean }): JSX.Element {
  return (
    <time dateTime={at} title={exact(at, zoneAssumed)}>
      {relative(at, Math.max(now.value, Date.now()))}
    </time>
  );
}
