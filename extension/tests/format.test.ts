import { describe, expect, it } from "vitest";
import { exact, lasting, relative, size, tellsWhen, toTheSecond } from "../src/core/format";

const NOW = Date.parse("2026-03-17T12:00:00Z");

describe("relative", () => {
  it.each([
    ["2026-03-17T11:59:50Z", "just now"],
    ["2026-03-17T12:00:20Z", "just now"],
    ["2026-03-17T11:59:00Z", "1 minute ago"],
    ["2026-03-17T11:17:00Z", "43 minutes ago"],
    ["2026-03-17T09:00:00Z", "3 hours ago"],
    ["2026-03-15T12:00:00Z", "2 days ago"],
    ["2026-01-02T03:04:05Z", "2026-01-02 03:04 UTC"],
    ["2026-03-17T14:00:00Z", "in 2 hours"],
    ["nonsense", "nonsense"],
  ])("%s: %s", (at, said) => {
    expect(relative(at, NOW)).toBe(said);
  });
});

it("sizes have three figures at most", () => {
  expect([0, 999, 1000, 9_949, 12_345, 999_400, 999_600, 5e9].map(size)).toEqual([
    "0 B",
    "999 B",
    "1.0 kB",
    "9.9 kB",
    "12 kB",
    "999 kB",
    "1.0 MB",
    "5.0 GB",
  ]);
});

it("the exact time keeps what was given", () => {
  expect(exact("2026-03-17T09:02:12.946Z")).toBe("2026-03-17 09:02:12.946 UTC");
  expect(exact("2026-03-17T09:02:12Z")).toBe("2026-03-17 09:02:12 UTC");
  expect(toTheSecond("2026-03-17T09:02:12.946123Z")).toBe("2026-03-17 09:02:12 UTC");
});

it("spans are told in their own unit", () => {
  const from = "2026-03-17T09:00:00Z";
  expect(lasting(from, "2026-03-17T09:00:45Z")).toBe("45 s");
  expect(lasting(from, "2026-03-17T10:20:00Z")).toBe("1 h 20 min");
  expect(lasting(from, "2026-03-20T09:00:00Z")).toBe("3 days");
  expect(lasting(from, from)).toBe("");
});

it.each([
  ["The disk is full, says redis.log, since 2026-03-17 09:02:12.", true],
  ["The Java heap is used up, from 2026-03-17 09:02:00 to 09:06:30 UTC.", true],
  ["The disk is full, since 2026-03-16 09:02:12 UTC.", false],
  ["The container image cannot be pulled.", false],
])("whether it has been said when: %s", (headline, said) => {
  const onset = { at: "2026-03-17T09:02:12Z", count: 1, ongoing: "yes", zone_assumed: false, cites: [] } as const;
  expect(tellsWhen(headline, { ...onset, cites: [] })).toBe(said);
});
