// What panels and worker say to each other.
import type { ToldTrouble } from "../core/trouble";
import type { OpenedSession } from "../core/wire";
import type { Access } from "./host";

export type Asked =
  | { action: "getSessionId" }
  | { action: "resumeSession" }
  | { action: "renewSession" }
  | { action: "keepAccess"; access: Access }
  | { action: "disconnect" };

export type Said = { status: "success"; sessionId?: string; session?: OpenedSession } | Failed;

/** `message` is for a person; `trouble` lets a panel tell one failure from another. */
export interface Failed {
  status: "error";
  message: string;
  trouble?: ToldTrouble;
}

const ACTIONS = ["getSessionId", "resumeSession", "renewSession", "keepAccess", "disconnect"];

export const isAsked = (message: unknown): message is Asked =>
  typeof message === "object" && message !== null && "action" in message && ACTIONS.includes(String(message.action));
