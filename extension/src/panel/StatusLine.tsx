// One quiet line that says how things stand; a screen reader hears it change.
import type { JSX } from "preact";
import type { Panel } from "../app/panel";
import { dialled } from "../core/address";
import type { Connection } from "../core/connection";
import { oneLine } from "../core/visible";
import { usePanel } from "./context";

export function StatusLine(): JSX.Element {
  const panel = usePanel();
  const state = panel.link.state.value;
  return (
    <div class={`status ${mood(state)}`} role="status">
      <i aria-hidden="true" />
      <span>{words(panel, state)}</span>
    </div>
  );
}

function words(panel: Panel, state: Connection): string {
  const sending = panel.sending.value;
  if (sending) return `${oneLine(sending.step)}…`;
  const question = panel.answering.value;
  if (question && state.at === "connected") {
    if (question.progress === "waiting") return question.ahead > 0 ? `Waiting: ${question.ahead} before yours` : "Working…";
    return question.step ? `${oneLine(question.step)}` : "Working…";
  }
  const access = panel.link.access.value;
  const address = access ? dialled(access.server) : "";
  switch (state.at) {
    case "starting":
      return "Starting…";
    case "connecting":
      return state.again ? "Reconnecting…" : "Connecting…";
    case "connected":
      return state.open ? "Connected; it asks nobody for a token" : `Connected to ${address}`;
    case "unpaired":
      return "Not connected yet";
    case "waiting":
      if (state.why === "offline") return "Offline";
      return state.again ? "Reconnecting…" : "Not connected";
    case "signed_out":
      return "Signed out";
    case "stranger":
      return "Not connected: not your server";
    case "stopped_asking":
      return "Not connected: no proof";
    case "ended":
      return "Session ended";
    case "refused":
      return "Not connected: the server refused";
  }
}

function mood(state: Connection): string {
  if (state.at === "connected") return state.open ? "warn" : "good";
  return ["starting", "connecting", "unpaired"].includes(state.at) ? "idle" : "warn";
}
