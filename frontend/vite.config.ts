import { fileURLToPath } from 'node:url';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { apiDocs } from './tools/docs.ts';
import { katexFonts, preloadFont } from './tools/fonts.ts';
import { licences } from './tools/licences.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const api = process.env.PALESTRA_URL ?? 'http://127.0.0.1:8000';

export default defineConfig(({ mode }) => ({
  plugins: [svelte(), katexFonts(), preloadFont(/commissioner-latin-flar/), apiDocs(), licences()],
  resolve: {
    alias: { $lib: here('./src/lib') },
    ...(mode === 'test' ? { conditions: ['browser'] } : {}),
  },
  build: {
    outDir: here('../src/palestra/server/static'),
    emptyOutDir: true,
    assetsInlineLimit: 0,
    target: 'es2022',
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
    chunkSizeWarningLimit: 1500,
  },
  server: {
    proxy: {
      '^/(api|docs|openapi.json|healthz|metrics|admin/arena/api)(/|$|\\?)': { target: api },
    },
  },
  test: { environment: 'jsdom', include: ['tests/**/*.test.ts'] },
}));
