// A server's address as people type it, and as it is dialled.

export const DEFAULT_SERVER = "http://127.0.0.1:8000";

/** The origin to dial, or null if it is none. `localhost` is dialled as 127.0.0.1, where the server listens. */
export function serverAddress(typed: string): string | null {
  const text = typed.trim();
  if (!text || /\s/.test(text)) return null;
  const full = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`;
  let url: URL;
  try {
    url = new URL(full);
  } catch {
    return null;
  }
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  if (url.username || url.password || !url.hostname) return null;
  if (url.hostname === "localhost") url.hostname = "127.0.0.1";
  return url.origin;
}

/** `host:port` with the port always there: what the server signs in its proof. */
export function dialled(server: string): string {
  const url = new URL(server);
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const host = url.hostname === "localhost" ? "127.0.0.1" : url.hostname;
  return `${host}:${port}`;
}

/** The token behind `#token=`, as the link of a starting server carries it. */
export function tokenInFragment(fragment: string): string | null {
  return new URLSearchParams(fragment.replace(/^#/, "")).get("token");
}

/** What a person may have pasted as a token: the token, or the whole printed link with it. */
export function pastedAccess(pasted: string): { token: string; server: string | null } {
  const text = pasted.trim().replace(/^FaultMaven:\s*/, "");
  const hash = text.indexOf("#token=");
  if (hash < 0) return { token: text, server: null };
  return { token: tokenInFragment(text.slice(hash)) ?? "", server: serverAddress(text.slice(0, hash)) };
}

/** An address fit to be kept as evidence: no credentials, and no query or fragment unless asked for. */
export function pageAddress(href: string, full: boolean): string {
  let url: URL;
  try {
    url = new URL(href);
  } catch {
    return "";
  }
  url.username = url.password = "";
  if (!full) url.search = url.hash = "";
  return url.href;
}
