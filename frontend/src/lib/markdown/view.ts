import { nextBlock, mend, type Block } from './blocks';
import { codeFigure, dress } from './dress';
import { forget, request, type Worker } from './frames';
import { colour } from './highlight';
import { LIMITS } from './limits';
import { typeset } from './math';
import { toFragment } from './parse';

function tailElement(): HTMLElement {
  const element = document.createElement('div');
  element.className = 'tail';
  return element;
}

/** Lets the browser leave `element` out while it is off the screen, and tells it what room to keep. */
function skippable(element: HTMLElement, pixels: number): void {
  element.classList.add('skippable');
  element.style.setProperty('contain-intrinsic-block-size', `auto ${Math.max(24, pixels)}px`);
}

type Code = Extract<Block, { kind: 'code' }>;

/**
 * Shows a text that grows. Blocks that nothing can change any more are rendered once and left alone; only what follows
 * them, the open tail, is rendered again, at most once in a frame.
 */
export class AnswerView implements Worker {
  #text = '';
  #done = false;
  #settled = 0;
  #piece: HTMLElement | null = null;
  #pieceSize = 0;
  #tail = tailElement();
  #open: { code: HTMLElement; node: HTMLElement; at: number; size: number } | null = null;
  #tailText = '';
  #tailCost = 0;
  #tailTime = 0;
  #outline = { last: 2 };
  #formulas = 0;
  #coloured = 0;

  constructor(private readonly host: HTMLElement) {
    host.append(this.#tail);
  }

  update(text: string, done: boolean): void {
    if (text === this.#text && done === this.#done) return;
    if (!text.startsWith(this.#text) || (this.#done && !done)) this.#reset();
    const first = this.#text === '';
    this.#text = text;
    this.#done = done;
    if (first && text.length < LIMITS.block) this.work(performance.now() + 12);
    else request(this);
    if (this.#remains()) request(this);
  }

  destroy(): void {
    forget(this);
  }

  work(deadline: number): boolean {
    do {
      const block = nextBlock(this.#text, this.#settled, this.#done);
      if (!block) break;
      if (block.kind === 'code') {
        if (!this.#code(block, deadline)) return true;
        if (!block.closed) return false;
      } else this.#settle(block);
      this.#settled = block.end;
    } while (performance.now() < deadline);
    if (this.#settled < this.#text.length && nextBlock(this.#text, this.#settled, this.#done)) return true;
    return this.#showTail();
  }

  #remains(): boolean {
    return this.#settled < this.#text.length && this.#done;
  }

  #reset(): void {
    this.#tail = tailElement();
    this.host.replaceChildren(this.#tail);
    this.#text = this.#tailText = '';
    this.#settled = this.#formulas = this.#coloured = 0;
    this.#outline = { last: 2 };
    this.#piece = this.#open = null;
  }

  /** The element that the next settled block goes into. */
  #place(size: number): HTMLElement {
    if (!this.#piece || this.#pieceSize > LIMITS.group) {
      if (this.#piece && this.#text.length > LIMITS.long) skippable(this.#piece, this.#piece.offsetHeight);
      this.#piece = document.createElement('div');
      this.#piece.className = 'piece';
      this.#pieceSize = 0;
      this.host.insertBefore(this.#piece, this.#tail);
    }
    this.#pieceSize += size;
    return this.#piece;
  }

  #settle(block: Block): void {
    const source = this.#text.slice(this.#settled, block.end);
    if (block.kind === 'plain') {
      const p = document.createElement('p');
      p.className = 'plain-piece';
      p.dir = 'auto';
      p.textContent = source.replace(/^\n+/, '');
      skippable(p, 26 * Math.ceil(source.length / 75));
      this.#place(source.length).append(p);
    } else {
      this.#place(source.length).append(this.#render(source, true));
      this.#finish(this.#piece);
    }
    this.#clearTail();
  }

  #render(source: string, settled: boolean): DocumentFragment {
    const fragment = toFragment(source);
    dress(fragment, settled ? this.#outline : { ...this.#outline });
    if (settled)
      for (const code of fragment.querySelectorAll<HTMLElement>('pre > code')) this.#colour(code, code);
    return fragment;
  }

  #finish(root: ParentNode | null): void {
    if (root) this.#formulas += typeset(root, LIMITS.formulas - this.#formulas);
  }

  #colour(code: HTMLElement, within: HTMLElement): void {
    const lang = within.closest('figure')?.querySelector('.code-head span')?.textContent ?? '';
    this.#coloured += code.textContent?.length ?? 0;
    if (this.#coloured < LIMITS.highlightTotal) queueMicrotask(() => colour(code, lang));
  }

  #clearTail(): void {
    if (!this.#tailText) return;
    this.#tailText = '';
    const fresh = tailElement(); // the old one would be seen to jump to below what has settled
    this.#tail.replaceWith(fresh);
    this.#tail = fresh;
  }

  /** Appends what is new of a block of code; true when all of it is shown. */
  #code(block: Code, deadline: number): boolean {
    if (!this.#open) {
      const { figure, code } = codeFigure(block.lang);
      this.#place(0).append(figure);
      this.#open = { code, node: code, at: block.from, size: 0 };
      this.#clearTail();
    }
    const open = this.#open;
    while (open.at < block.to) {
      let end = Math.min(block.to, open.at + LIMITS.line);
      if (end < block.to)
        end = this.#text.lastIndexOf('\n', end) > open.at ? this.#text.lastIndexOf('\n', end) + 1 : end;
      this.#appendCode(open, this.#text.slice(open.at, end), block.indent);
      open.at = end;
      if (performance.now() > deadline && open.at < block.to) return false;
    }
    if (block.closed) this.#closeCode(open);
    return true;
  }

  #appendCode(
    open: { code: HTMLElement; node: HTMLElement; size: number },
    text: string,
    indent: number,
  ): void {
    const lines = indent ? text.replace(new RegExp(`^ {1,${indent}}`, 'gm'), '') : text;
    if (open.size + lines.length > LIMITS.line) {
      open.node = document.createElement('span');
      open.node.className = 'code-piece';
      skippable(open.node, 22 * (lines.split('\n').length - 1));
      open.code.append(open.node);
      open.size = 0;
    }
    open.node.append(lines);
    open.size += lines.length;
    this.#pieceSize += lines.length;
  }

  #closeCode(open: { code: HTMLElement; node: HTMLElement }): void {
    if (open.node === open.code) {
      open.code.textContent = (open.code.textContent ?? '').replace(/\n$/, '');
      this.#colour(open.code, open.code);
    }
    this.#open = null;
  }

  /** Renders the tail again, unless that took so long the last time that it should rest a while. */
  #showTail(): boolean {
    const source = this.#text.slice(this.#settled);
    if (source === this.#tailText) return false;
    const began = performance.now();
    if (began - this.#tailTime < this.#tailCost * 8 && !this.#done) return true;
    this.#tail.replaceChildren(this.#render(mend(source), false));
    typeset(this.#tail, LIMITS.formulas - this.#formulas);
    this.#tailText = source;
    this.#tailTime = performance.now();
    this.#tailCost = this.#tailTime - began;
    return false;
  }
}
