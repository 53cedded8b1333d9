// The panel's host when it is a page of the server: the token stays in this tab, the client's name in this browser.
import { tokenInFragment } from "../core/address";
import { about } from "../core/about";
import type { Access, Host } from "./host";
import { locked, remembered, SessionKeeper, type Name, type Shelf } from "./keeper";

const DRAFT = "draft";

const pageShelf: Shelf = {
  get: async (name) => localStorage.getItem(name),
  set: async (values) => {
    for (const [name, value] of Object.entries(values)) localStorage.setItem(name, value);
  },
  remove: async (...names: Name[]) => names.forEach((name) => localStorage.removeItem(name)),
};

export function pageHost(version: string): Host {
  takeTokenFromAddress();
  const access = async (): Promise<Access> => ({ server: location.origin, token: sessionStorage.getItem("token") });
  const keeper = new SessionKeeper(pageShelf, locked, access, about("FaultMaven page", navigator));
  return {
    kind: "page",
    version,
    access,
    async keepAccess({ token }) {
      if (token) sessionStorage.setItem("token", token);
      else sessionStorage.removeItem("token");
    },
    async disconnect() {
      sessionStorage.removeItem("token");
      await pageShelf.remove("sessionId", "sessionCreatedAt", "sessionServer");
    },
    resumeSession: () => keeper.resume(),
    renewSession: () => keeper.renew(),
    rememberedSession: () => remembered(pageShelf, location.origin),
    onChange(changed) {
      addEventListener("storage", (event) => {
        if (event.key === "sessionId") changed();
      });
      // The printed link opened in a tab that has this page already changes the fragment only.
      addEventListener("hashchange", () => {
        if (takeTokenFromAddress()) changed();
      });
    },
    offer: async () => null,
    dropOffer: async () => {},
    onOffer: () => {},
    loadDraft: async () => sessionStorage.getItem(DRAFT),
    saveDraft: async (draft) => sessionStorage.setItem(DRAFT, draft),
    capture: null,
  };
}

/** The token must not stay in the address bar or in history. */
function takeTokenFromAddress(): boolean {
  const token = tokenInFragment(location.hash);
  if (location.hash) history.replaceState(null, "", location.pathname);
  if (token) sessionStorage.setItem("token", token);
  return token !== null;
}
