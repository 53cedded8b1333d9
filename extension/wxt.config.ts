// The extension's two builds. `make extension` runs them: dist/chromium and dist/firefox, each ready to be loaded unpacked.
import { defineConfig } from "wxt";

// The public half of the key pair that fixes the extension's id in Chromium: faultmaven's panel is the same extension
// on every machine, however it was loaded. There is nothing secret in it.
const KEY = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAyh7CnHi8y19P6HMKLEPpbzv8oPn8v+hF5cqY5m5eCqgkAGF8XmvBEOEsiIXrUiHetPOx75qL0S2GNqwD768N7biuAs0bpQH3BOwtCcGvoclgYWNmhY1WtZDzjsPdag/s0+QJXT8ZFkVZv8Xb2uao1nma4iLn5APhLQAc7ylUcC9P9CvcqgzZWnSNWsczApZxRaY++yuiRVWZS+LNO34+6rZH4lnN0UkWT7Q10cFpDqWfXCViuQxgHyMpsays8or7eDIf+mhZtNa6w2FBG1BP6Nph7ct8SMxI8h2weHMqfGgh+DpTIZ8po6hWlL83WLqFJUnncL5/C2g0n/Q6MDeWRwIDAQAB";

// Evidence may hold anything: no image, font, frame or script of another origin is ever loaded. Requests may go to any
// http(s) address because the server's address is set at run time.
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src http: https:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const ACTION = { default_title: "Open FaultMaven beside this page" };

export default defineConfig({
  srcDir: "src",
  outDir: "dist",
  outDirTemplate: "{{browser}}",
  imports: false,
  manifest: ({ browser }) => ({
    name: "FaultMaven",
    description: "Shows what broke, and the exact lines that say so.",
    action: ACTION,
    content_security_policy: { extension_pages: POLICY },
    ...(browser === "firefox"
      ? {
          permissions: ["storage", "activeTab", "scripting", "contextMenus"],
          browser_specific_settings: {
            gecko: {
              id: "panel@faultmaven",
              strict_min_version: "128.0",
              data_collection_permissions: { required: ["none"] },
            },
          },
        }
      : {
          key: KEY,
          minimum_chrome_version: "123",
          permissions: ["sidePanel", "storage", "activeTab", "scripting", "contextMenus"],
        }),
  }),
  vite: () => ({ build: { modulePreload: { polyfill: false } } }),
});
