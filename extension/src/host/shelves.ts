// Where an extension keeps things. Only its own pages and worker can read them.
import { DEFAULT_SERVER } from "../core/address";
import type { Access } from "./host";
import { remembered, type Name, type Shelf } from "./keeper";

export const extensionShelf: Shelf = {
  async get(name) {
    const value: unknown = (await chrome.storage.local.get(name))[name];
    return typeof value === "string" ? value : null;
  },
  set: (values) => chrome.storage.local.set(values),
  remove: (...names) => chrome.storage.local.remove(names),
};

export async function keptAccess(): Promise<Access> {
  const kept = await chrome.storage.local.get(["server", "token"]);
  const text = (name: Name) => (typeof kept[name] === "string" ? kept[name] : null);
  return { server: text("server") ?? DEFAULT_SERVER, token: text("token") };
}

/** The session id kept for the server in use. */
export const rememberedSession = async (): Promise<string | null> => remembered(extensionShelf, (await keptAccess()).server);

/** A server whose page was clicked on, waiting for the person's word; gone with the browser. */
export const OFFER = "offer";
/** The window whose toolbar icon was clicked last, and when: from then on its page may be read. */
export const CLICKED = "clicked";
/** A page that was asked for from its own menu. */
export const CAPTURE = "capture";

/** Content scripts of this extension do not exist, and none that ever will may read what is kept. */
export async function keepFromContentScripts(): Promise<void> {
  const level = { accessLevel: "TRUSTED_CONTEXTS" } as const;
  // Firefox has no such method and never shows storage.session to content scripts.
  await Promise.all([chrome.storage.local.setAccessLevel?.(level), chrome.storage.session.setAccessLevel?.(level)]);
}
