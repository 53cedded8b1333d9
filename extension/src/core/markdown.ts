// The answer's Markdown as harmless HTML: no raw HTML, no images, no links, no attribute at all.
import DOMPurify from "dompurify";
import { Marked } from "marked";
import { visible } from "./visible";

const ALLOWED_TAGS = [
  "p", "br", "hr", "ul", "ol", "li", "strong", "em", "del", "code", "pre", "blockquote",
  "h1", "h2", "h3", "h4", "h5", "h6", "table", "thead", "tbody", "tr", "th", "td",
];

const escapeHtml = (text: string): string =>
  text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;").replace(/"/g, "&quot;");

/** A link keeps its words, an image its description, and HTML is shown as the text it is. */
const marked = new Marked({
  async: false,
  gfm: true,
  renderer: {
    html: ({ text }) => escapeHtml(text),
    image: ({ text }) => escapeHtml(text),
    link({ tokens }) {
      return this.parser.parseInline(tokens);
    },
    checkbox: () => "",
  },
});

/** HTML before it is cleaned; on its own only good for looking at. */
export const rendered = (markdown: string): string => marked.parse(visible(markdown), { async: false });

/** A fragment that holds nothing but text in plain elements, ready to be put on the page. */
export function safeFragment(markdown: string): DocumentFragment {
  return DOMPurify.sanitize(rendered(markdown), {
    ALLOWED_TAGS,
    ALLOWED_ATTR: [],
    ALLOW_DATA_ATTR: false,
    ALLOW_ARIA_ATTR: false,
    RETURN_DOM_FRAGMENT: true,
  });
}
