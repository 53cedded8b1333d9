import { expect, it } from "vitest";
import { severity } from "../src/core/severity";

it.each([
  ["2026-03-17 ERROR could not start", "error"],
  ["FATAL:  sorry, too many clients already", "error"],
  ['{"level":"error","msg":"x"}', "error"],
  ["Traceback (most recent call last):", "error"],
  ["Mar 17 09:03:22 worker-7 kernel: python3 invoked oom-killer: gfp_mask=0xcc0", "error"],
  ["WARN heap 1.6 GiB", "warning"],
  ["INFO mirrors ready", null],
  [`INFO ${"x".repeat(300)} ERROR`, null],
] as const)("%s: %s", (line, expected) => {
  expect(severity(line)).toBe(expected);
});
