import type { HtmlTagDescriptor, Plugin } from 'vite';

/** KaTeX lists each font in three formats; every browser this page runs in reads woff2. */
export function katexFonts(): Plugin {
  return {
    name: 'palestra-katex-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('katex') || !/\.css($|\?)/.test(id)) return null;
      const lean = code.replace(/,\s*url\([^)]*\.(?:woff|ttf)\)\s*format\(["'](?:woff|truetype)["']\)/g, '');
      return { code: lean, map: null };
    },
  };
}

/** Asks for the text's font while the script is still loading. */
export function preloadFont(pattern: RegExp): Plugin {
  return {
    name: 'palestra-preload-font',
    apply: 'build',
    transformIndexHtml: {
      order: 'post',
      handler(_html, { bundle }): HtmlTagDescriptor[] {
        return Object.keys(bundle ?? {})
          .filter((file) => pattern.test(file))
          .map((file) => ({
            tag: 'link',
            attrs: { rel: 'preload', as: 'font', type: 'font/woff2', crossorigin: true, href: `/${file}` },
            injectTo: 'head',
          }));
      },
    },
  };
}
