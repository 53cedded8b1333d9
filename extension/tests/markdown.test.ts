import { describe, expect, it } from "vitest";
import { rendered } from "../src/core/markdown";

/** What is tested here is the Markdown half; that nothing gets past DOMPurify is tested in a real browser. */
const ACTIVE = /<(?:img|a|script|iframe|svg|style|link|form|input|object|embed|video|base|meta)\b|<[^>]*\son\w+\s*=/i;

describe("rendered", () => {
  it.each([
    "![x](https://evil.example/a.png)",
    "![x][1]\n\n[1]: https://evil.example/a.png",
    "[click](https://evil.example)",
    "[click](javascript:alert(1))",
    "<https://evil.example>",
    "https://evil.example www.evil.example me@evil.example",
    "<img src=x onerror=alert(1)>",
    "<script>fetch('https://evil.example')</script>",
    "inline <b onclick=alert(1)>html</b>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "- [x] <iframe src=https://evil.example></iframe>",
    "[![x](https://evil.example/a.png)](https://evil.example)",
  ])("%j makes nothing active", (hostile) => {
    expect(rendered(hostile)).not.toMatch(ACTIVE);
  });

  it("keeps the words of links, the description of images, and HTML as text", () => {
    expect(rendered("[**words**](https://e.example)")).toContain("<strong>words</strong>");
    expect(rendered("![a cat](x.png)")).toContain("a cat");
    expect(rendered("<b>x</b>")).toContain("&lt;b&gt;");
  });

  it("renders what answers are made of", () => {
    const html = rendered("## Why\n\n1. `a < b` **now** [1]\n\n| a | b |\n|---|---|\n| 1 | 2 |");
    for (const part of ["<h2>", "<ol>", "<code>a &lt; b</code>", "<strong>", "[1]", "<table>"]) expect(html).toContain(part);
  });

  it("shows characters that cannot be seen", () => {
    expect(rendered("a\u202eb")).toContain("\\u202e");
  });
});
