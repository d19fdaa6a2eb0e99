/** A box that scrolls can be reached by keyboard, and only while it has something to scroll. */
export function scrolls(box: HTMLElement, label: string): { destroy(): void } {
  const look = () => {
    const more = box.scrollWidth > box.clientWidth + 1 || box.scrollHeight > box.clientHeight + 1;
    if (more) {
      box.tabIndex = 0;
      box.setAttribute('role', 'group');
      box.setAttribute('aria-label', label);
    } else {
      for (const name of ['tabindex', 'role', 'aria-label']) box.removeAttribute(name);
    }
  };
  const watch = new ResizeObserver(look);
  watch.observe(box);
  for (const child of box.children) watch.observe(child);
  look();
  return { destroy: () => watch.disconnect() };
}
