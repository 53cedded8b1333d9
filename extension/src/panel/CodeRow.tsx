// A command: copied by one tap, never run from here, with the risk it was found to carry.
import type { ComponentChildren, JSX } from "preact";
import { riskWord } from "../core/format";
import { visible } from "../core/visible";
import type { Risk } from "../core/wire";
import { CopyButton } from "./CopyButton";

export function CodeRow({ command, risk, children }: { command: string; risk: Risk; children?: ComponentChildren }): JSX.Element {
  return (
    <div class="code-row">
      <code>{visible(command)}</code>
      <CopyButton text={() => command} label="Copy command" />
      <div class="foot">
        <span class={`risk ${risk}`}>{riskWord[risk]}</span>
        {children}
      </div>
    </div>
  );
}
