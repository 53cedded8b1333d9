// Markdown as harmless elements. The parser arrives when first needed; until then the text stands as it is.
import { signal } from "@preact/signals";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { visible } from "../core/visible";

type Parser = typeof import("../core/markdown");
const parser = signal<Parser | null>(null);
let asked = false;

function load(): void {
  if (asked) return;
  asked = true;
  import("../core/markdown").then(
    (loaded) => (parser.value = loaded),
    () => (asked = false),
  );
}

export function Markdown({ text }: { text: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const ready = parser.value;
  load();
  useLayoutEffect(() => {
    if (ready) place.current?.replaceChildren(ready.safeFragment(text));
    else place.current?.replaceChildren(visible(text));
  }, [ready, text]);
  return <div class="markdown" ref={place} />;
}
