// Characters that a screen obeys instead of showing (control, bidi, zero-width, variation, tags) become escapes,
// so that a line of evidence cannot pretend to be another. The server does the same in what it writes.

const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180d\u180f\u3164\uffa0\u2800\ufe00-\ufe0f\u{e0000}-\u{e0fff}]/gu;

/** The text with what cannot be seen written out, e.g. `\u202e`. Tab and newline are layout and stay. */
export const visible = (text: string): string => text.replace(HIDDEN, escaped);

/** For a place that holds one line: layout becomes spaces too. */
export const oneLine = (text: string): string => visible(text.replace(/\s+/g, " ").trim());

/** What goes to the clipboard: visible throughout, and no newline at the end that would run a pasted command. */
export const forClipboard = (text: string): string => visible(text).replace(/\s+$/, "");

function escaped(char: string): string {
  if (char === "\n" || char === "\t") return char;
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  if (code < 0x100) return `\\x${hex.padStart(2, "0")}`;
  return code < 0x10000 ? `\\u${hex.padStart(4, "0")}` : `\\U${hex.padStart(8, "0")}`;
}
