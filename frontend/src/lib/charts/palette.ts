/** The page's colours as the browser computes them now, for drawings that do not know CSS variables. */
export interface Palette {
  ink: string;
  quiet: string;
  faint: string;
  line: string;
  paper: string;
  raised: string;
  a: string;
  b: string;
  tie: string;
  series: string[];
  font: string;
}

export function palette(): Palette {
  const probe = document.createElement('span');
  probe.hidden = true;
  document.body.append(probe);
  const read = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const [a, b, c, d] = [read('--a'), read('--b'), read('--c'), read('--d')];
  const found = {
    ink: read('--ink'),
    quiet: read('--ink-2'),
    faint: read('--ink-3'),
    line: read('--line'),
    paper: read('--paper'),
    raised: read('--raised'),
    a,
    b,
    tie: read('--line-strong'),
    series: [a, b, c, d, read('--warn'), read('--good'), read('--ink-2'), read('--ink')],
    font: getComputedStyle(document.body).fontFamily,
  };
  probe.remove();
  return found;
}
