const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' });

export const DASH = '–';
type Maybe = number | null | undefined;
const known = (n: Maybe): n is number => n !== null && n !== undefined && Number.isFinite(n);

export const int = (n: Maybe) => (known(n) ? whole.format(n).replace('-', '−') : DASH);
export const short = (n: Maybe) => (known(n) ? compact.format(n) : DASH);
export const fixed = (n: Maybe, digits: number) => (known(n) ? n.toFixed(digits).replace('-', '−') : DASH);
export const percent = (share: Maybe, digits = 0) =>
  known(share) ? `${(100 * share).toFixed(digits)}\u00a0%` : DASH;
export const signed = (n: Maybe) =>
  known(n) ? `${n > 0 ? '+' : n < 0 ? '−' : '±'}${whole.format(Math.abs(n))}` : DASH;
export const size = (b: Maybe) =>
  known(b) ? (b < 1 ? `${whole.format(b * 1000)}\u00a0M` : `${Number(b.toFixed(1))}\u00a0B`) : DASH;
export const date = (t: Maybe) => (known(t) ? day.format(t * 1000) : DASH);
export const time = (t: Maybe) => (known(t) ? moment.format(t * 1000) : DASH);
export const plural = (n: number, one: string, many = `${one}s`) => `${int(n)} ${n === 1 ? one : many}`;

export function seconds(ms: Maybe): string {
  if (!known(ms)) return DASH;
  return ms < 995 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(ms < 9950 ? 1 : 0)} s`;
}
export function money(usd: Maybe): string {
  if (!known(usd)) return DASH;
  if (usd === 0) return '$0';
  return usd < 0.01 ? `$${usd.toPrecision(2)}` : `$${usd.toFixed(usd < 1 ? 3 : 2)}`;
}
export const rankRange = (low: number, high: number) => (low === high ? `${low}` : `${low}–${high}`);
export const modelPath = (label: string) => `/models/${label.split('/').map(encodeURIComponent).join('/')}`;
export const letter = (slot: string) => slot.toUpperCase();
/** The class that gives a slot its corner's colour; beyond four there is one quiet colour. */
export const corner = (slot: string) => (/^[a-d]$/.test(slot) ? `slot-${slot}` : 'slot-n');

/** Who won, in the words of the page. */
export function outcome(winner: string, a = 'A', b = 'B', n = 2): string {
  if (winner === 'model_a' || winner === 'a') return `${a} won`;
  if (winner === 'model_b' || winner === 'b') return `${b} won`;
  if (winner === 'tie') return 'Tie';
  if (winner.startsWith('both') || winner.startsWith('tie (')) return n > 2 ? 'All bad' : 'Both bad';
  return winner;
}
