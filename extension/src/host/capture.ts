// Reads a page for the person who asked for it. `capturePage` is sent into that page as source text, so it stands
// alone: it uses nothing from outside its own braces.

export interface CapturedPage {
  title: string;
  href: string;
  text: string;
  selected: boolean;
  cut: boolean;
}

export function capturePage(): CapturedPage {
  const LIMIT = 2_000_000;
  // What people type into a page is theirs: no value of any field, no editable text, no password ever.
  const NEVER = "input,textarea,select,option,datalist,script,style,noscript,template,head,[contenteditable],[role=textbox]";
  const BLOCK = /^(block|flex|grid|list-item|table|table-row|flow-root|table-caption)$/;
  const parts: string[] = [];
  let length = 0;

  const selection = getSelection();
  const ranges: Range[] = [];
  if (selection && !selection.isCollapsed) {
    for (let index = 0; index < selection.rangeCount; index += 1) ranges.push(selection.getRangeAt(index));
  }

  const add = (text: string) => {
    if (length < LIMIT) parts.push(text.slice(0, LIMIT - length));
    length += text.length;
  };

  const textOf = (node: Text): string => {
    if (ranges.length === 0) return node.data;
    return ranges
      .filter((range) => range.intersectsNode(node))
      .map((range) =>
        node.data.slice(
          range.startContainer === node ? range.startOffset : 0,
          range.endContainer === node ? range.endOffset : node.data.length,
        ),
      )
      .join("");
  };

  const keepsSpace = (element: Element): boolean => /^(pre|break-spaces)/.test(getComputedStyle(element).whiteSpace);

  const walk = (node: Node, preformatted: boolean): void => {
    if (length >= LIMIT) return;
    if (node instanceof Text) {
      const text = textOf(node);
      add(preformatted ? text : text.replace(/\s+/g, " "));
      return;
    }
    if (!(node instanceof Element || node instanceof ShadowRoot)) return;
    if (node instanceof ShadowRoot) {
      for (const child of node.childNodes) walk(child, preformatted);
      return;
    }
    if (node.matches(NEVER)) return;
    if (node.tagName === "BR") return add("\n");
    const { display, visibility } = getComputedStyle(node);
    if (display === "none" || visibility === "hidden" || visibility === "collapse") return;
    const block = BLOCK.test(display);
    if (block) add("\n");
    const inside = node.shadowRoot
      ? [node.shadowRoot]
      : node instanceof HTMLSlotElement && node.assignedNodes().length > 0
        ? node.assignedNodes()
        : [...node.childNodes];
    const keeps = keepsSpace(node);
    for (const child of inside) walk(child, keeps);
    if (display === "table-cell") add("\t");
    if (block) add("\n");
  };

  if (document.body) walk(document.body, false);
  const text = parts
    .join("")
    .split("\n")
    .map((line) => line.replace(/[ \t]+$/, ""))
    .join("\n")
    .replace(/\n{3,}/g, "\n\n")
    .trim();
  return { title: document.title, href: location.href, text, selected: ranges.length > 0, cut: length > LIMIT };
}

/** What a page of this product says of itself to a toolbar click; null on any other page. Stands alone, like the above. */
export function offeredAccess(): { token: string } | null {
  if (!document.querySelector('meta[name="application-name"][content="FaultMaven"]')) return null;
  const token = sessionStorage.getItem("token");
  return token ? { token } : null;
}
