/** Work that is done a little in each frame, so that many streams at once leave the page usable. */
export interface Worker {
  /** Does at least one step and stops after `deadline`; true if more is left for the next frame. */
  work(deadline: number): boolean;
}

const BUDGET = 8; // ms in each frame, over all workers
const waiting = new Set<Worker>();
let asked = false;

export function request(worker: Worker): void {
  waiting.add(worker);
  if (!asked) schedule();
}

export function forget(worker: Worker): void {
  waiting.delete(worker);
}

/** A hidden page has no frames, and catches up by a timer. */
function schedule(): void {
  asked = true;
  if (document.hidden) setTimeout(frame, 250);
  else requestAnimationFrame(frame);
}

function frame(): void {
  asked = false;
  const deadline = performance.now() + BUDGET;
  const turn = [...waiting];
  for (const [i, worker] of turn.entries()) {
    if (i > 0 && performance.now() > deadline) break;
    waiting.delete(worker);
    if (worker.work(deadline)) waiting.add(worker); // to the end of the line
  }
  if (waiting.size && !asked) schedule();
}
