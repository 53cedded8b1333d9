import { describe, expect, it } from "vitest";
import { FrameReader } from "../src/core/sse";

const STREAM = ': still here\n\nid: 7\nevent: answer.delta\ndata: {"text":"ü→"}\n\nevent: x\r\ndata: a\r\ndata: b\r\n\r\nid: 9\n\n';
const FRAMES = [
  { id: "7", event: "answer.delta", data: '{"text":"ü→"}' },
  { id: null, event: "x", data: "a\nb" },
];

describe("FrameReader", () => {
  it("reads frames, and passes over comments and frames without data", () => {
    expect([...new FrameReader().read(STREAM)]).toEqual(FRAMES);
  });

  it("does not care where the text is cut", () => {
    for (let size = 1; size < STREAM.length; size += 1) {
      const reader = new FrameReader();
      const found = [];
      for (let at = 0; at < STREAM.length; at += size) found.push(...reader.read(STREAM.slice(at, at + size)));
      expect(found, `pieces of ${size}`).toEqual(FRAMES);
    }
  });

  it("yields nothing of a frame that has not ended", () => {
    expect([...new FrameReader().read("data: half\n")]).toEqual([]);
  });
});
