import DOMPurify from 'dompurify';
import { Marked, type Tokens } from 'marked';
import { mathBlock, mathInline } from './math-syntax';

/*
 * Markdown becomes HTML, and HTML becomes elements only through DOMPurify with this list. Tags that a model wrote are
 * text: the renderer escapes them, so that the sanitiser has nothing left to do, and does it anyway.
 */
const TAGS = [
  ...['p', 'br', 'hr', 'strong', 'em', 'del', 'code', 'pre', 'blockquote', 'ul', 'ol', 'li', 'a', 'span'],
  ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6', 'table', 'thead', 'tbody', 'tr', 'th', 'td', '#text'],
];
const ATTRIBUTES = ['href', 'title', 'class', 'start', 'data-lang', 'data-align', 'data-display'];
const PURIFY = {
  ALLOWED_TAGS: TAGS,
  ALLOWED_ATTR: ATTRIBUTES,
  ALLOWED_URI_REGEXP: /^(?:https?:\/\/|mailto:)/i,
  ADD_URI_SAFE_ATTR: ATTRIBUTES.filter((name) => name !== 'href'),
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true as const,
};

const ENTITIES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
export const escape = (text: string) => text.replace(/[&<>"']/g, (c) => ENTITIES[c] ?? c);

/** The address if a click on it is harmless, else null. */
export function safeAddress(href: string): string | null {
  const clean = href.replace(/[\u0000-\u0020\u007f-\u00a0\u2028\u2029]/g, '');
  return /^(?:https?:\/\/[^/]|mailto:[^@]+@)/i.test(clean) && URL.canParse(clean) ? clean : null;
}

function anchor(href: string, title: string | null | undefined, inner: string): string {
  const safe = safeAddress(href);
  if (!safe) return inner;
  return `<a href="${escape(safe)}"${title ? ` title="${escape(title)}"` : ''}>${inner}</a>`;
}

function imageLink(token: Tokens.Image): string {
  const words = `Image: ${token.text || 'no description'}`;
  return anchor(token.href, token.title, escape(words));
}

const markdown = new Marked({ gfm: true, breaks: false });
markdown.use({
  extensions: [mathBlock, mathInline],
  tokenizer: {
    html: () => undefined,
    tag(src) {
      const found = /^<(?:!--[\s\S]{0,2000}?-->|\/?[a-zA-Z][^<>\n]{0,1000}>)/.exec(src);
      if (!found) return undefined;
      const raw = found[0];
      return { type: 'html', raw, text: raw, inLink: false, inRawBlock: false, block: false } as Tokens.Tag;
    },
  },
  renderer: {
    html: ({ text }) => (/^<br ?\/?>$/i.test(text) ? '<br>' : escape(text)),
    text(token) {
      return 'tokens' in token && token.tokens
        ? this.parser.parseInline(token.tokens)
        : escapeText(token.text);
    },
    code: ({ text, lang }) =>
      `<pre data-lang="${escape((lang ?? '').split(/[\s{,]/)[0] ?? '')}"><code>${escape(text)}</code></pre>`,
    codespan: ({ text }) => `<code>${escape(text)}</code>`,
    link(token) {
      return anchor(token.href, token.title, this.parser.parseInline(token.tokens));
    },
    image: imageLink,
    heading(token) {
      const level = Math.min(token.depth + 2, 6);
      return `<h${level} class="h${token.depth}">${this.parser.parseInline(token.tokens)}</h${level}>`;
    },
    checkbox: ({ checked }) => `<span class="task">${checked ? '☑' : '☐'}</span>`,
    tablecell(token) {
      const tag = token.header ? 'th' : 'td';
      const align = token.align ? ` data-align="${token.align}"` : '';
      return `<${tag}${align}>${this.parser.parseInline(token.tokens)}</${tag}>`;
    },
  },
});

/** Escapes all but character references such as `&copy;`, which the browser reads as the characters they stand for. */
const escapeText = (text: string) =>
  text.replace(/[<>"']|&(?!(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,30});)/g, (c) => ENTITIES[c] ?? c);

/** Sanitised elements for a piece of Markdown. */
export function toFragment(source: string): DocumentFragment {
  let html: string;
  try {
    html = markdown.parse(source, { async: false });
  } catch {
    html = `<p>${escape(source)}</p>`; // nested too deeply for the parser's stack
  }
  return purify(html);
}

export function purify(html: string): DocumentFragment {
  return DOMPurify.sanitize(html, PURIFY);
}
