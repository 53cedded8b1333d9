// What differs between the panel in an extension and the panel as a page of the server.
import type { CapturedPage } from "./capture";
import type { OpenedSession } from "../core/wire";

export interface Access {
  server: string;
  token: string | null;
}

export interface Host {
  readonly kind: "extension" | "page";
  readonly version: string;
  /** What is known of the server. Never throws; the default address without a token if nothing is. */
  access(): Promise<Access>;
  /** Keeps an access whose server has proven itself. */
  keepAccess(access: Access): Promise<void>;
  /** Forgets token and session, keeps the address. */
  disconnect(): Promise<void>;
  /** The live session of this profile, validated, or a new one. Throws Trouble, also if somebody ended it. */
  resumeSession(): Promise<OpenedSession>;
  /** A new session in place of one that was ended; only for something the person did. */
  renewSession(): Promise<OpenedSession>;
  /** The session that is remembered for the server in use, live or not. */
  rememberedSession(): Promise<string | null>;
  /** Called when another panel of this profile changed access or session. */
  onChange(changed: () => void): void;
  /** A server whose page the person clicked the toolbar icon on, waiting for their word. */
  offer(): Promise<Access | null>;
  dropOffer(): Promise<void>;
  onOffer(came: () => void): void;
  /** What was typed, over a reload. */
  loadDraft(): Promise<string | null>;
  saveDraft(draft: string): Promise<void>;
  /** Reading the page beside the panel; null where there is none. */
  readonly capture: Capture | null;
}

export interface Capture {
  /** Throws NotGranted or NotReadable. */
  page(): Promise<CapturedPage>;
  /** Whether the person asked for it from the page's own menu. */
  requested(): Promise<boolean>;
  onRequest(came: () => void): void;
  /** Called when the person clicked the icon on the page beside this panel. */
  onGranted(granted: () => void): void;
}

/** The page may be seen after a click on the icon, and not before. */
export class NotGranted extends Error {}

/** No extension may see this page: the browser's own, its shop, another extension. */
export class NotReadable extends Error {}
