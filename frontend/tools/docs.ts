import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Plugin } from 'vite';

const require = createRequire(import.meta.url);

/** The API's page at /docs needs Swagger UI from the server itself: its two files; the server has the page that starts them. */
export function apiDocs(): Plugin {
  const emitted = [
    ['swagger-ui-bundle.js', require.resolve('swagger-ui-dist/swagger-ui-bundle.js')],
    ['swagger-ui.css', require.resolve('swagger-ui-dist/swagger-ui.css')],
  ] as const;
  return {
    name: 'palestra-api-docs',
    apply: 'build',
    generateBundle() {
      for (const [name, path] of emitted) {
        const text = readFileSync(path, 'utf8').replace(/\n?\/[/*]# sourceMappingURL=.*$/m, '');
        this.emitFile({ type: 'asset', fileName: `docs/${name}`, source: text });
      }
    },
  };
}
