// The page the server serves at `/`: the same panel without an extension. Its files go into the Python package.
import { fileURLToPath } from "node:url";
import { defineConfig } from "vite";

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  root: here("src/page"),
  publicDir: false,
  base: "/",
  build: {
    outDir: here("../src/faultmaven/static"),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
});
