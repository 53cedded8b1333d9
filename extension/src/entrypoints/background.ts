// The worker: owns token, client id and session, and turns a click on the toolbar icon into a panel beside the page.
// It holds nothing in memory that it cannot read again: browsers stop it whenever they like.
import { defineBackground } from "wxt/utils/define-background";
import { about } from "../core/about";
import { offeredAccess } from "../host/capture";
import { locked, SessionKeeper } from "../host/keeper";
import { isAsked, type Asked, type Said } from "../host/messages";
import { CAPTURE, CLICKED, extensionShelf, keepFromContentScripts, keptAccess, OFFER } from "../host/shelves";
import { told } from "../core/trouble";

const MENU = "add-this-page";

export default defineBackground(() => {
  const keeper = new SessionKeeper(extensionShelf, locked, keptAccess, about("FaultMaven panel", navigator));
  void keepFromContentScripts();

  chrome.runtime.onMessage.addListener((message: unknown, sender, answer: (said: Said) => void) => {
    if (sender.id !== chrome.runtime.id || !isAsked(message)) return false;
    void handled(keeper, message).then(answer);
    return true;
  });

  // The panel has to be opened before anything is awaited: the click counts only while it is handled.
  chrome.action.onClicked.addListener((tab) => {
    openPanel(tab);
    void chrome.storage.session.set({ [CLICKED]: { windowId: tab.windowId, at: Date.now() } });
    void offerPairing(tab);
  });

  chrome.contextMenus.onClicked.addListener((_info, tab) => {
    if (!tab) return;
    openPanel(tab);
    void chrome.storage.session.set({ [CAPTURE]: { windowId: tab.windowId, at: Date.now() } });
  });

  chrome.runtime.onInstalled.addListener(() => {
    chrome.contextMenus.removeAll(() =>
      chrome.contextMenus.create({ id: MENU, title: "Add this page to FaultMaven", contexts: ["page", "selection"] }),
    );
  });
});

function openPanel(tab: chrome.tabs.Tab): void {
  if (import.meta.env.FIREFOX) void sidebar().open();
  else void chrome.sidePanel.open({ windowId: tab.windowId });
}

const sidebar = (): { open(): Promise<void> } => (chrome as unknown as { sidebarAction: { open(): Promise<void> } }).sidebarAction;

/** A click on the page of a running server offers to connect to it; the panel asks the person. */
async function offerPairing(tab: chrome.tabs.Tab): Promise<void> {
  if (!tab.id || !tab.url?.startsWith("http")) return;
  try {
    const [found] = await chrome.scripting.executeScript({ target: { tabId: tab.id }, func: offeredAccess });
    const token = found?.result?.token;
    if (typeof token !== "string") return;
    const offer = { server: new URL(tab.url).origin, token };
    const known = await keptAccess();
    if (known.server === offer.server && known.token === token) return;
    await chrome.storage.session.set({ [OFFER]: offer });
  } catch {
    // A page that no extension may look at has nothing to offer.
  }
}

async function handled(keeper: SessionKeeper, asked: Asked): Promise<Said> {
  try {
    return await answered(keeper, asked);
  } catch (error) {
    const trouble = told(error);
    const message = error instanceof Error ? error.message : String(error);
    return { status: "error", message, ...(trouble && { trouble }) };
  }
}

async function answered(keeper: SessionKeeper, asked: Asked): Promise<Said> {
  switch (asked.action) {
    case "getSessionId":
      return { status: "success", sessionId: (await keeper.resume()).session_id };
    case "resumeSession":
      return { status: "success", session: await keeper.resume() };
    case "renewSession":
      return { status: "success", session: await keeper.renew() };
    case "keepAccess": {
      const { server, token } = asked.access;
      await extensionShelf.set({ server });
      await (token ? extensionShelf.set({ token }) : extensionShelf.remove("token"));
      return { status: "success" };
    }
    case "disconnect":
      await extensionShelf.remove("token", "sessionId", "sessionCreatedAt", "sessionServer");
      return { status: "success" };
  }
}
