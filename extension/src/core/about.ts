// What a session says of the client that opened it: a name for the list of devices, nothing that identifies a person.

/** `{client_name: "FaultMaven panel", browser: "Chromium 142", platform: "Linux"}` */
export type About = Record<"client_name" | "browser" | "platform", string>;

/** The part of a browser's `navigator` that tells what runs here; `userAgentData` is missing in Firefox. */
export interface Browser {
  userAgent: string;
  userAgentData?: { platform: string; brands: readonly { brand: string; version: string }[] };
}

export const about = (clientName: string, browser: Browser): About => ({
  client_name: clientName,
  browser: browserName(browser),
  platform: browser.userAgentData?.platform || platformName(browser.userAgent),
});

/** Whether metadata of a session tells all of it already. */
export const tells = (metadata: Record<string, unknown>, mine: About): boolean =>
  Object.entries(mine).every(([name, value]) => metadata[name] === value);

/** Browsers list a made-up brand beside their own, and Chromium beside their own name. */
function browserName({ userAgent, userAgentData }: Browser): string {
  const brands = userAgentData?.brands.filter(({ brand }) => !/not.*brand/i.test(brand)) ?? [];
  const own = brands.find(({ brand }) => brand !== "Chromium") ?? brands[0];
  if (own) return `${own.brand} ${own.version}`;
  for (const [sign, name] of SIGNS) {
    const version = new RegExp(`${sign}/(\\d+)`).exec(userAgent)?.[1];
    if (version) return `${name} ${version}`;
  }
  return "Unknown browser";
}

/** How browsers that have no `userAgentData` name themselves; most claim to be others, too, so the order matters. */
const SIGNS = [
  ["Firefox", "Firefox"],
  ["Edg", "Edge"],
  ["OPR", "Opera"],
  ["Chrome", "Chrome"],
  ["Version", "Safari"],
] as const;

/** An Android says that it is a Linux, and an iPhone that it is like Mac OS X. */
const PLATFORMS = [
  ["Android", "Android"],
  ["iPhone", "iPhone"],
  ["iPad", "iPad"],
  ["CrOS", "Chrome OS"],
  ["Windows", "Windows"],
  ["Mac OS X", "macOS"],
  ["Linux", "Linux"],
] as const;

const platformName = (userAgent: string): string =>
  PLATFORMS.find(([sign]) => userAgent.includes(sign))?.[1] ?? "Unknown system";
