// The panel's host when it runs in the extension: the worker keeps, the panel asks.
import { heard } from "../core/trouble";
import type { OpenedSession } from "../core/wire";
import { capturePage, type CapturedPage } from "./capture";
import { NotGranted, NotReadable, type Access, type Host } from "./host";
import type { Asked, Said } from "./messages";
import { CAPTURE, CLICKED, keptAccess, OFFER, rememberedSession } from "./shelves";

const RESENDS = 3;
/** How Chromium and Firefox say that this page was not shown to the extension. */
const NEEDS_CLICK = /contents of the page|permission/i;
/** The draft that was written last, by whichever panel. */
const DRAFT = "draft";
/** Says that since the browser started some panel has had a draft: the one on disk is taken. */
const DRAFTS = "drafts";

export function extensionHost(): Host {
  return {
    kind: "extension",
    version: chrome.runtime.getManifest().version,
    access: keptAccess,
    keepAccess: async (access) => void (await told({ action: "keepAccess", access })),
    disconnect: async () => void (await told({ action: "disconnect" })),
    resumeSession: () => session({ action: "resumeSession" }),
    renewSession: () => session({ action: "renewSession" }),
    rememberedSession,
    onChange(changed) {
      chrome.storage.local.onChanged.addListener((changes) => {
        if ("server" in changes || "token" in changes || "sessionId" in changes) changed();
      });
    },
    async offer() {
      const kept: unknown = (await chrome.storage.session.get(OFFER))[OFFER];
      return isAccess(kept) ? kept : null;
    },
    dropOffer: () => chrome.storage.session.remove(OFFER),
    onOffer(came) {
      chrome.storage.session.onChanged.addListener((changes) => {
        if (changes[OFFER]?.newValue) came();
      });
    },
    loadDraft,
    saveDraft,
    capture: { page: capturedPage, requested, onRequest, onGranted },
  };
}

async function session(asked: Asked): Promise<OpenedSession> {
  const said = await told(asked);
  if (said.status === "success" && said.session) return said.session;
  throw new Error("The background worker gave no session.");
}

/** A message to a worker that is just being stopped is lost; every message may be repeated. */
async function told(asked: Asked): Promise<Said> {
  for (let attempt = 1; ; attempt += 1) {
    const said = await send(asked);
    if (said?.status === "success") return said;
    if (said?.trouble) throw heard(said.trouble);
    if (said) throw new Error(said.message);
    if (attempt === RESENDS) throw new Error("The background worker does not answer; reload the extension.");
  }
}

async function send(asked: Asked): Promise<Said | undefined> {
  try {
    return await chrome.runtime.sendMessage<Asked, Said | undefined>(asked);
  } catch {
    return undefined;
  }
}

const isAccess = (kept: unknown): kept is Access =>
  typeof kept === "object" && kept !== null && "server" in kept && "token" in kept;

/** The draft of this panel; after a restart of the browser, the first panel takes up the last one that was written. */
async function loadDraft(): Promise<string | null> {
  const own = await draftName();
  const kept = await chrome.storage.session.get([own, DRAFTS]);
  if (typeof kept[own] === "string") return kept[own];
  if (kept[DRAFTS]) return null;
  await chrome.storage.session.set({ [DRAFTS]: true });
  const last: unknown = (await chrome.storage.local.get(DRAFT))[DRAFT];
  return typeof last === "string" ? last : null;
}

/** For this panel until the browser ends, and on disk for the case that it ends before the question is asked. */
async function saveDraft(draft: string): Promise<void> {
  const own = await draftName();
  await chrome.storage.session.set({ [own]: draft, [DRAFTS]: true });
  await chrome.storage.local.set({ [DRAFT]: draft });
}

/** Each panel has its own draft: side panels by their window, a panel in a tab by the tab. */
let name: Promise<string> | null = null;
const draftName = (): Promise<string> => (name ??= nameOfDraft());

async function nameOfDraft(): Promise<string> {
  const tab = await chrome.tabs.getCurrent();
  return tab?.id ? `draft:tab:${tab.id}` : `draft:window:${(await chrome.windows.getCurrent()).id}`;
}

async function capturedPage(): Promise<CapturedPage> {
  const { id: windowId } = await chrome.windows.getCurrent();
  const [tab] = await chrome.tabs.query({ active: true, ...(windowId !== undefined && { windowId }) });
  if (!tab?.id) throw new NotGranted();
  try {
    const [found] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: capturePage });
    if (found?.result) return found.result;
  } catch (error) {
    if (NEEDS_CLICK.test(String(error))) throw new NotGranted();
  }
  throw new NotReadable();
}

async function requested(): Promise<boolean> {
  const kept: unknown = (await chrome.storage.session.get(CAPTURE))[CAPTURE];
  const { id } = await chrome.windows.getCurrent();
  const mine = typeof kept === "object" && kept !== null && "windowId" in kept && kept.windowId === id;
  if (mine) await chrome.storage.session.remove(CAPTURE);
  return mine;
}

function onRequest(came: () => void): void {
  chrome.storage.session.onChanged.addListener((changes) => {
    if (changes[CAPTURE]?.newValue) came();
  });
}

function onGranted(granted: () => void): void {
  chrome.storage.session.onChanged.addListener((changes) => {
    const clicked: unknown = changes[CLICKED]?.newValue;
    if (typeof clicked !== "object" || clicked === null || !("windowId" in clicked)) return;
    void chrome.windows.getCurrent().then(({ id }) => id === clicked.windowId && granted());
  });
}
