import { fileURLToPath } from "node:url";
import vue from "@vitejs/plugin-vue";
import { defineConfig } from "vite";

export default defineConfig({
  plugins: [vue()],
  resolve: { alias: { "lintel-client": fileURLToPath(new URL("../../clients/js", import.meta.url)) } },
  server: {
    fs: { allow: ["../.."] },
    // In development the app answers behind the same origin, so cookies work as they
    // do behind one proxy in production.
    proxy: Object.fromEntries(["/api", "/openapi.json"].map((path) => [path, process.env.LINTEL_URL ?? "http://127.0.0.1:8080"])),
  },
});
