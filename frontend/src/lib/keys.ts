/** Whether a key belongs to a field or to the browser, and not to the page's shortcuts. */
export function typing(event: KeyboardEvent): boolean {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const target = event.target as HTMLElement | null;
  if (document.querySelector('dialog[open]')) return true;
  return Boolean(target?.closest('input, textarea, select, [contenteditable="true"]'));
}

/** Whether Enter or a space would press what has the focus. */
export function pressing(event: KeyboardEvent): boolean {
  const target = event.target as HTMLElement | null;
  return (
    (event.key === 'Enter' || event.key === ' ') &&
    Boolean(target?.closest('a, button, summary, [role="button"]'))
  );
}
