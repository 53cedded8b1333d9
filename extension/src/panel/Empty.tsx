// The first thing one sees: what can be shown here, and three real examples that need no set-up.
import type { JSX } from "preact";
import { EXAMPLES, type Example } from "../samples/examples";
import { usePanel } from "./context";

export function Empty(): JSX.Element {
  return (
    <div class="empty">
      <h2>Show what you see, ask what is wrong</h2>
      <p>Drop or paste a log, a stack trace, a config or command output. Every claim of the answer points at the lines behind it.</p>
      <p class="hint">Or try one of these:</p>
      <ul>
        {EXAMPLES.map((example) => (
          <li key={example.name}>
            <ExampleButton example={example} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function ExampleButton({ example }: { example: Example }): JSX.Element {
  const panel = usePanel();
  const use = () => {
    panel.draft.attachments.value.filter(({ kind }) => kind === "example").forEach(({ id }) => panel.draft.remove(id));
    panel.draft.attach(example.name, "example", new Blob([example.content], { type: "text/plain" }));
    panel.draft.write(example.question);
    panel.focusQuestion.value += 1;
  };
  return (
    <button type="button" class="example" onClick={use}>
      <b>{example.question}</b>
      <span>
        {example.name}: {example.about}
      </span>
    </button>
  );
}
