// How much JavaScript the first load takes, compressed. Fails when it is too much; `npm run size` runs it after a build.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";

const LIMIT = 60_000;
const builds = {
  "dist/chromium": "sidepanel.html",
  "dist/firefox": "sidepanel.html",
  "../src/faultmaven/static": "index.html",
};

const gzipped = (file) => gzipSync(readFileSync(file)).length;

let tooMuch = false;
for (const [folder, page] of Object.entries(builds)) {
  const html = readFileSync(join(folder, page), "utf8");
  const first = [...html.matchAll(/(?:src|href)="\/?([^"]+\.js)"/g)].map(([, file]) => join(folder, file));
  const bytes = first.reduce((sum, file) => sum + gzipped(file), 0);
  const later = readdirSync(folder, { recursive: true })
    .map((file) => join(folder, file))
    .filter((file) => file.endsWith(".js") && !first.includes(file) && !file.endsWith("background.js"))
    .reduce((sum, file) => sum + gzipped(file), 0);
  console.log(`${folder}: first load ${(bytes / 1000).toFixed(1)} kB gzip, later ${(later / 1000).toFixed(1)} kB`);
  tooMuch ||= bytes > LIMIT;
}
process.exit(tooMuch ? 1 : 0);
