// Server-sent events out of text as it arrives, cut anywhere.

export interface Frame {
  id: string | null;
  event: string;
  data: string;
}

/** Feeds on chunks of text and yields the frames they complete; comments and empty frames are dropped. */
export class FrameReader {
  #rest = "";

  *read(chunk: string): Generator<Frame> {
    this.#rest += chunk;
    // A CR at the very end may be half of a CRLF; it waits for its other half.
    const held = this.#rest.endsWith("\r") ? "\r" : "";
    const blocks = this.#rest.slice(0, this.#rest.length - held.length).replace(/\r\n?/g, "\n").split("\n\n");
    this.#rest = (blocks.pop() ?? "") + held;
    for (const block of blocks) {
      const frame = parse(block);
      if (frame) yield frame;
    }
  }
}

function parse(block: string): Frame | null {
  const frame: Frame = { id: null, event: "message", data: "" };
  const data: string[] = [];
  for (const line of block.split("\n")) {
    const colon = line.indexOf(":");
    if (colon === 0) continue;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "data") data.push(value);
    else if (field === "event") frame.event = value;
    else if (field === "id") frame.id = value;
  }
  frame.data = data.join("\n");
  return data.length > 0 ? frame : null;
}
