// "Why?" beside what went wrong with a session: what happened to it, as the server knows it.
import { useSignal } from "@preact/signals";
import type { JSX } from "preact";
import { explain, type Explained } from "../app/devices";
import { counted } from "../core/format";
import { closedBy } from "../core/sessions";
import { Refused, Trouble, Unproven } from "../core/trouble";
import { oneLine, visible } from "../core/visible";
import type { SessionDiagnosis } from "../core/wire";
import { usePanel } from "./context";
import { CopyButton } from "./CopyButton";
import { Time } from "./Time";

/** `sessionId` if it is about another one than this panel's; `correlationId` of what went wrong. */
export function SessionWhy({ sessionId, correlationId = "" }: { sessionId?: string; correlationId?: string }): JSX.Element {
  const panel = usePanel();
  const open = useSignal(false);
  const found = useSignal<Explained | null>(null);
  const failed = useSignal("");

  const toggle = async () => {
    open.value = !open.value;
    if (!open.value) return;
    found.value = null;
    failed.value = "";
    try {
      const id = sessionId ?? (await panel.host.rememberedSession());
      const { server } = panel.link;
      if (!id || !server) failed.value = "This panel has not been given a session by this server yet.";
      else found.value = await explain(server, id);
    } catch (error) {
      failed.value = notKnown(error, correlationId);
    }
  };
  return (
    <div class="why">
      <button type="button" class="plain" aria-expanded={open.value} onClick={() => void toggle()}>
        Why?
      </button>
      {open.value && (
        <div class="explained" role="status" aria-label="What happened to this session">
          {found.value ? <Explanation explained={found.value} /> : <p>{failed.value || "Asking the server…"}</p>}
        </div>
      )}
    </div>
  );
}

function Explanation({ explained: { diagnosis, by } }: { explained: Explained }): JSX.Element {
  const { opened_at, resumed_count, resumed_at, last_activity_at, closed_at, failures } = diagnosis;
  return (
    <>
      <p>{visible(diagnosis.explanation)}</p>
      <dl class="facts">
        <Fact word="Opened" at={opened_at} />
        {resumed_at && <Fact word="Resumed" at={resumed_at} more={resumed_count > 1 ? `${resumed_count} times in all` : ""} />}
        <Fact word="Last used" at={last_activity_at} />
        {closed_at && <Fact word={diagnosis.status === "expired" ? "Expired" : "Ended"} at={closed_at} more={closedBy(diagnosis, by)} />}
      </dl>
      {failures.length > 0 && <Failures failures={failures} />}
    </>
  );
}

function Fact({ word, at, more = "" }: { word: string; at: string; more?: string }): JSX.Element {
  return (
    <div>
      <dt>{word}</dt>
      <dd>
        <Time at={at} />
        {more && `, ${more}`}
      </dd>
    </div>
  );
}

function Failures({ failures }: { failures: SessionDiagnosis["failures"] }): JSX.Element {
  return (
    <>
      <h3>{counted(failures.length, "recent failure")}</h3>
      <ul class="failures">
        {failures.map((one) => (
          <li key={`${one.at} ${one.correlation_id}`}>
            <p>
              <code>{oneLine(one.code)}</code> ({one.status}), <Time at={one.at} />
              <br />
              <code>
                {one.method} {oneLine(one.path)}
              </code>
            </p>
            <p class="correlation">
              Correlation id {oneLine(one.correlation_id)}
              <CopyButton text={() => one.correlation_id} label="Copy correlation id" />
            </p>
          </li>
        ))}
      </ul>
    </>
  );
}

/** Why it cannot be told, in the server's words where it has answered. */
function notKnown(error: unknown, correlationId: string): string {
  if (error instanceof Refused) return error.message;
  if (error instanceof Unproven) return "What answers at this address did not prove to be your server, so it was not asked.";
  if (!(error instanceof Trouble)) return error instanceof Error ? error.message : String(error);
  const id = correlationId || error.correlationId;
  return `The server does not answer, so it cannot say why.${id ? ` Its log may, under correlation id ${id}.` : ""}`;
}
