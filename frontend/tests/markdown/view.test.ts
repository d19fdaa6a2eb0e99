import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { AnswerView } from '$lib/markdown/view';
import { hostile } from './hostile';

/** Lets the frames run until the view has nothing left to do. */
async function settle(): Promise<void> {
  for (let i = 0; i < 400; i += 1) await vi.advanceTimersByTimeAsync(20);
}

function show(text: string): HTMLElement {
  const host = document.createElement('div');
  document.body.replaceChildren(host);
  new AnswerView(host).update(text, true);
  return host;
}

async function stream(text: string, step: number): Promise<HTMLElement> {
  const host = document.createElement('div');
  document.body.replaceChildren(host);
  const view = new AnswerView(host);
  for (let at = step; at < text.length; at += step) {
    view.update(text.slice(0, at), false);
    await vi.advanceTimersByTimeAsync(20);
  }
  view.update(text, true);
  await settle();
  return host;
}

/** The elements without the boxes that hold them, so that a streamed and a whole rendering compare. */
const shape = (host: HTMLElement) =>
  [...host.querySelectorAll(':scope > div > *')]
    .map((e) => e.outerHTML.replace(/ class="hljs[^"]*"/g, ''))
    .join('\n');

const document1 = `# Title

Some **bold** text with \`code\` and a [link](https://example.org/a_b).

1. one

   more of one
2. two
   - nested
   - again

| a | b |
|---|--:|
| 1 | 2 |
| 3 | 4 |

\`\`\`python
def f(x):

    return x
\`\`\`
> quoted
> twice

Inline $a+b$ and \\(c\\), money $5 and $10.

$$
\\int_0^1 x\\,dx
$$

Last line`;

beforeAll(async () => {
  await Promise.all([import('katex'), import('katex/dist/katex.min.css'), import('$lib/markdown/languages')]);
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'requestAnimationFrame', 'performance', 'queueMicrotask'] });
});

describe('a streamed answer', () => {
  it.each([1, 3, 7, 40])('ends as the whole one does, in steps of %i', async (step) => {
    const whole = show(document1);
    await settle();
    expect(shape(await stream(document1, step))).toBe(shape(whole));
  });

  it('leaves settled blocks alone', async () => {
    const host = document.createElement('div');
    const view = new AnswerView(host);
    view.update('First.\n\nSecond', false);
    await settle();
    const first = host.querySelector('.piece p');
    view.update('First.\n\nSecond goes on\n\nThird', false);
    await settle();
    expect(host.querySelector('.piece p')).toBe(first);
    expect(host.textContent).toContain('Third');
  });

  it('starts again when the text is another one', async () => {
    const host = document.createElement('div');
    const view = new AnswerView(host);
    view.update('First attempt\n\nmore', false);
    view.update('Second', false);
    await settle();
    expect(host.textContent?.trim()).toBe('Second');
  });
});

describe('what is rendered', () => {
  it('tables, code with a head, formulas and directions', () => {
    const host = show(document1);
    expect(host.querySelectorAll('td')).toHaveLength(4);
    expect(host.querySelector('td[data-align="right"]')?.textContent).toBe('2');
    expect(host.querySelector('figure.code .copy')).not.toBeNull();
    expect(host.querySelector('pre code')?.textContent).toBe('def f(x):\n\n    return x');
    expect([...host.querySelectorAll('.math')].length).toBe(3);
    expect(host.textContent).toContain('money $5 and $10.');
    for (const child of host.querySelectorAll('.piece > *')) expect(child.getAttribute('dir')).toBeTruthy();
  });

  it('links that open elsewhere and carry nothing along', () => {
    const link = show('[x](https://example.org)').querySelector('a');
    expect(link?.rel).toBe('noopener noreferrer nofollow');
    expect(link?.target).toBe('_blank');
  });

  it('images as links', () => {
    const host = show('![a cat](https://example.org/cat.png)');
    expect(host.querySelector('img')).toBeNull();
    expect(host.querySelector('a')?.textContent).toBe('Image: a cat');
  });

  it('HTML as text, its line breaks aside', () => {
    const host = show('a <b>bold</b><br>c\n\n<div onclick="x()">d</div>');
    expect(host.textContent).toContain('<b>bold</b>');
    expect(host.textContent).toContain('<div onclick="x()">d</div>');
    expect(host.querySelectorAll('br')).toHaveLength(1);
  });

  it('character references as what they stand for', () => {
    expect(show('&copy; &lt;i&gt; & &amp;').textContent?.trim()).toBe('© <i> & &');
  });

  it('headings without a gap in their levels', () => {
    const host = show('#### deep\n\n# top\n\n###### deeper');
    expect([...host.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => h.tagName)).toEqual(['H3', 'H3', 'H4']);
  });
});

describe('hostile answers', () => {
  it.each(Object.entries(hostile))('%s makes no element that could act', async (_name, text) => {
    const host = show(text);
    await settle();
    const allowed =
      /^(?:P|BR|HR|STRONG|EM|DEL|CODE|PRE|BLOCKQUOTE|UL|OL|LI|A|SPAN|H[1-6]|TABLE|THEAD|TBODY|TR|TH|TD|DIV|FIGURE|BUTTON)$/;
    for (const element of host.querySelectorAll('*')) {
      if (element.closest('.math.set')) continue;
      expect(element.tagName).toMatch(allowed);
      for (const { name, value } of element.attributes) {
        if (name === 'style' && element.classList.contains('skippable')) continue; // the room we keep for it
        expect(name).not.toMatch(/^on|^style$|^src|^srcset|^id$|^name$|formaction/);
        if (name === 'href') expect(value).toMatch(/^(?:https?:\/\/|mailto:)/i);
      }
    }
  });
});

describe('size', () => {
  it('some screens of mixed Markdown are all shown', async () => {
    vi.useRealTimers();
    const copies = Math.ceil(12_000 / document1.length);
    const text = `${document1}\n\n`.repeat(copies);
    const host = show(text);
    await vi.waitFor(() => expect(host.querySelector('.tail')?.childNodes.length).toBe(0), {
      timeout: 20_000,
    });
    await vi.waitFor(() => expect(host.querySelectorAll('figure').length).toBe(copies), { timeout: 20_000 });
  }, 30_000);

  it('a million characters without a space become pieces of plain text', async () => {
    vi.useRealTimers();
    const host = show('x'.repeat(1_000_000));
    await vi.waitFor(() => expect(host.textContent?.trim().length).toBe(1_000_000), { timeout: 10_000 });
    expect(host.querySelectorAll('.plain-piece').length).toBeGreaterThan(100);
  }, 20_000);
});
