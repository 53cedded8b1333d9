import { describe, expect, it } from "vitest";
import { forClipboard, oneLine, visible } from "../src/core/visible";

describe("visible", () => {
  it.each([
    ["\u202egnp.exe", "\\u202egnp.exe"],
    ["a\u200bb", "a\\u200bb"],
    ["\x1b[31mred", "\\x1b[31mred"],
    ["nul\0", "nul\\x00"],
    ["\u{e0041}", "\\U000e0041"],
    ["half \ud800", "half \\ud800"],
    ["x\ufe0f", "x\\ufe0f"],
    ["cr\r", "cr\\x0d"],
  ])("%j is written out", (text, shown) => {
    expect(visible(text)).toBe(shown);
  });

  it("leaves what can be seen as it is, and layout too", () => {
    const text = "Grüße, 日本語 🙂\n\tindented";
    expect(visible(text)).toBe(text);
  });
});

describe("the clipboard", () => {
  it("gets no newline that would run a command, and nothing unseen", () => {
    expect(forClipboard("rm -rf x\u202e\n\n")).toBe("rm -rf x\\u202e");
  });
});

it("one line is one line", () => {
  expect(oneLine(" a\r\n b\t c ")).toBe("a b c");
});
