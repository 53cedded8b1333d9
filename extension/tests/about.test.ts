import { describe, expect, it } from "vitest";
import { about, tells } from "../src/core/about";

const UA = {
  firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
  safari: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
  edge: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0",
  android: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
};
const brand = (name: string, version: string) => ({ brand: name, version });

describe("about", () => {
  it.each([
    ["firefox", "Firefox 140", "Linux"],
    ["safari", "Safari 18", "macOS"],
    ["edge", "Edge 142", "Windows"],
    ["android", "Chrome 142", "Android"],
  ] as const)("%s by its user agent", (name, browser, platform) => {
    expect(about("FaultMaven panel", { userAgent: UA[name] })).toEqual({ client_name: "FaultMaven panel", browser, platform });
  });

  it.each([
    [[brand("Not_A Brand", "99"), brand("Chromium", "142")], "Chromium 142"],
    [[brand("Chromium", "142"), brand("Not=A?Brand", "8"), brand("Google Chrome", "142")], "Google Chrome 142"],
    [[brand("Microsoft Edge", "141"), brand("Chromium", "142"), brand("Not;A=Brand", "8")], "Microsoft Edge 141"],
  ])("by its own brand, not the made-up one: %j", (brands, browser) => {
    const told = about("FaultMaven page", { userAgent: UA.edge, userAgentData: { platform: "Linux", brands } });
    expect(told).toEqual({ client_name: "FaultMaven page", browser, platform: "Linux" });
  });

  it("does not invent what it cannot tell", () => {
    expect(about("x", { userAgent: "curl/8" })).toMatchObject({ browser: "Unknown browser", platform: "Unknown system" });
  });

  it("is told only where metadata lacks it", () => {
    const mine = about("FaultMaven panel", { userAgent: UA.firefox });
    expect(tells({ ...mine, more: 1 }, mine)).toBe(true);
    expect(tells({ ...mine, browser: "Firefox 139" }, mine)).toBe(false);
    expect(tells({}, mine)).toBe(false);
  });
});
