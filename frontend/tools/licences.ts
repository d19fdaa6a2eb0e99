import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Plugin } from 'vite';

interface Manifest {
  name?: string;
  version?: string;
  license?: string;
}

/** The folder of the package that a module belongs to: the nearest one whose package.json has a name and version. */
function packageFolder(module: string): string | null {
  const clean = module.replace(/^\0/, '').replace(/\?.*$/, '');
  const at = clean.lastIndexOf('/node_modules/');
  if (at < 0) return null;
  const parts = clean.slice(at + '/node_modules/'.length).split('/');
  const name = parts[0]?.startsWith('@') ? `${parts[0]}/${parts[1]}` : parts[0];
  return join(clean.slice(0, at), 'node_modules', name ?? '');
}

function licenceText(folder: string): string {
  const file = readdirSync(folder)
    .sort()
    .find((name) => /^(licen[cs]e|copying)/i.test(name));
  return file ? readFileSync(join(folder, file), 'utf8').trim().replace(/\r\n/g, '\n') : '';
}

function entry(folder: string): string {
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Manifest;
  const title = `${manifest.name} ${manifest.version} (${manifest.license})`;
  return `${title}\n${'-'.repeat(title.length)}\n\n${licenceText(folder)}\n`;
}

/** Writes licences.txt: every package whose code, style or font is in the bundle, with its licence. */
export function licences(): Plugin {
  const folders = new Set<string>();
  const note = (module: string) => {
    const folder = packageFolder(module);
    if (folder && existsSync(join(folder, 'package.json'))) folders.add(folder);
  };
  return {
    name: 'palestra-licences',
    apply: 'build',
    enforce: 'pre',
    transform(_code, id) {
      note(id);
      return null;
    },
    generateBundle() {
      const root = dirname(new URL(import.meta.url).pathname);
      note(join(root, '../node_modules/swagger-ui-dist/package.json'));
      const body = [...folders].map(entry).sort().join('\n\n');
      const head = 'Palestra’s web pages contain these packages.\n\n\n';
      this.emitFile({ type: 'asset', fileName: 'licences.txt', source: head + body });
    },
  };
}
