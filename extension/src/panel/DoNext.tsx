// What to do now: checks that settle it, then what helps.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { counted } from "../core/format";
import { visible } from "../core/visible";
import type { Action, Check, Report } from "../core/wire";
import { CodeRow } from "./CodeRow";
import { usePanel } from "./context";

/** So many checks stand open; the rest is a tap away, so that what helps is not pushed out of sight. */
const CHECKS = 2;

export function DoNext({ answer }: { answer: Report }): JSX.Element | null {
  if (answer.next_checks.length + answer.actions.length === 0) return null;
  const more = answer.next_checks.slice(CHECKS);
  return (
    <section>
      <h3>Do next</h3>
      <ul class="steps">
        {answer.next_checks.slice(0, CHECKS).map((check) => (
          <CheckStep key={check.id} check={check} />
        ))}
        {more.length > 0 && (
          <li>
            <details class="more-checks">
              <summary>{counted(more.length, "more check")}</summary>
              <ul class="steps">
                {more.map((check) => (
                  <CheckStep key={check.id} check={check} />
                ))}
              </ul>
            </details>
          </li>
        )}
        {answer.actions.map((action) => (
          <ActionStep key={action.id} action={action} />
        ))}
      </ul>
    </section>
  );
}

function CheckStep({ check }: { check: Check }): JSX.Element {
  const pasting = useSignal(false);
  const open = () => (pasting.value = true);
  return (
    <li>
      <p>
        <span class="kind">Check</span> {visible(check.text)}
      </p>
      {check.command && (
        <CodeRow command={check.command} risk={check.risk}>
          {!pasting.value && <PasteButton kind="quiet" open={open} />}
        </CodeRow>
      )}
      {(check.if_so || check.if_not) && (
        <dl class="outcomes">
          {check.if_so && <Outcome word="If so" text={check.if_so} />}
          {check.if_not && <Outcome word="If not" text={check.if_not} />}
        </dl>
      )}
      {pasting.value && <ResultBox check={check} close={() => (pasting.value = false)} />}
      {!pasting.value && !check.command && <PasteButton kind="plain" open={open} />}
    </li>
  );
}

function PasteButton({ kind, open }: { kind: "quiet" | "plain"; open: () => void }): JSX.Element {
  return (
    <button type="button" class={kind} onClick={open}>
      Paste the result
    </button>
  );
}

const Outcome = ({ word, text }: { word: string; text: string }): JSX.Element => (
  <div>
    <dt>{word}</dt>
    <dd>{visible(text)}</dd>
  </div>
);

function ResultBox({ check, close }: { check: Check; close: () => void }): JSX.Element {
  const panel = usePanel();
  const text = useSignal("");
  const send = () => {
    if (!text.value.trim()) return;
    close();
    void panel.answerCheck(check, text.value);
  };
  return (
    <div class="result">
      <textarea
        aria-label="Result of the check"
        placeholder="Paste what it printed"
        rows={4}
        ref={(box) => box?.focus({ preventScroll: true })}
        onInput={(event) => (text.value = event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key === "Escape") close();
          if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) send();
        }}
      />
      <div class="row">
        <button type="button" class="primary" disabled={!text.value.trim()} onClick={send}>
          Send the result
        </button>
        <button type="button" class="plain" onClick={close}>
          Cancel
        </button>
      </div>
    </div>
  );
}

const KIND: Record<Action["kind"], string> = { mitigate: "Mitigate", fix: "Fix", prevent: "Prevent" };

function ActionStep({ action }: { action: Action }): JSX.Element {
  return (
    <li>
      <p>
        <span class="kind">{KIND[action.kind]}</span> {visible(action.text)}
      </p>
      {action.command && <CodeRow command={action.command} risk={action.risk} />}
      {(action.undo || action.verify) && (
        <dl class="outcomes">
          {action.undo && <Outcome word="Undo" text={action.undo} />}
          {action.verify && <Outcome word="Verify" text={action.verify} />}
        </dl>
      )}
    </li>
  );
}
