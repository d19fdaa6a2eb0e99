import { say } from '../announce.svelte';
import { copyText } from '../clipboard';

/** The level of the heading before, so that no level is left out; answers stand below a heading of level 2. */
export interface Outline {
  last: number;
}

function relevel(heading: Element, outline: Outline): void {
  outline.last = Math.min(Number(heading.tagName[1]), outline.last + 1, 6);
  if (Number(heading.tagName[1]) === outline.last) return;
  const right = document.createElement(`h${outline.last}`);
  right.className = heading.className;
  right.append(...heading.childNodes);
  heading.replaceWith(right);
}

/** What sanitised elements still need: directions, links that open elsewhere, code with a head, tables that scroll. */
export function dress(fragment: DocumentFragment, outline: Outline): void {
  for (const heading of fragment.querySelectorAll('h1, h2, h3, h4, h5, h6')) relevel(heading, outline);
  for (const child of fragment.children) child.setAttribute('dir', 'auto');
  for (const link of fragment.querySelectorAll('a')) {
    link.target = '_blank';
    link.rel = 'noopener noreferrer nofollow';
  }
  for (const pre of fragment.querySelectorAll('pre')) {
    const code = pre.querySelector('code');
    if (code) pre.replaceWith(codeFigure(pre.dataset.lang ?? '', code).figure);
  }
  for (const table of fragment.querySelectorAll('table')) {
    const box = document.createElement('div');
    box.className = 'table';
    box.tabIndex = 0;
    box.setAttribute('role', 'group');
    box.setAttribute('aria-label', 'Table');
    table.removeAttribute('dir');
    box.dir = 'auto';
    table.replaceWith(box);
    box.append(table);
  }
  for (const formula of fragment.querySelectorAll<HTMLElement>('.math[data-display]')) {
    const box = formula.parentElement;
    if (box?.tagName === 'P' && box.childNodes.length === 1) formula.classList.add('formula');
    formula.dir = 'ltr';
  }
}

/** A figure around code: its language, a button that copies it, and the code in a box that scrolls by keyboard too. */
export function codeFigure(
  lang: string,
  code: HTMLElement = document.createElement('code'),
): { figure: HTMLElement; code: HTMLElement } {
  const figure = document.createElement('figure');
  figure.className = 'code';
  figure.dir = 'ltr';
  const head = document.createElement('div');
  head.className = 'code-head';
  const name = document.createElement('span');
  name.textContent = lang.slice(0, 24);
  head.append(name, copyButton(code));
  const pre = document.createElement('pre');
  pre.tabIndex = 0;
  pre.setAttribute('role', 'group');
  pre.setAttribute('aria-label', lang ? `Code, ${lang.slice(0, 24)}` : 'Code');
  pre.append(code);
  figure.append(head, pre);
  return { figure, code };
}

function copyButton(code: HTMLElement): HTMLButtonElement {
  const button = document.createElement('button');
  button.type = 'button';
  button.className = 'copy';
  button.textContent = 'Copy';
  button.addEventListener('click', () => void copy(button, code));
  return button;
}

async function copy(button: HTMLButtonElement, code: HTMLElement): Promise<void> {
  const done = await copyText(code.textContent ?? '');
  button.textContent = done ? 'Copied' : 'Not copied';
  say(done ? 'Code copied' : 'The browser did not allow copying');
  setTimeout(() => (button.textContent = 'Copy'), 1600);
}
