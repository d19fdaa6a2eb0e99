(() => {
  "use strict";
  const PAGE = 20;
  const LONG = 2500;
  const KINDS = { ds: "Dataset", sub: "Subset", cat: "Category", lang: "Language" };
  const data = JSON.parse(document.getElementById("data").textContent);
  const { models, judges, texts, answers, rows } = data;
  const $ = (id) => document.getElementById(id);
  const count = (n) => n.toLocaleString("en");
  const spaced = (word) => word.replaceAll("_", " ");

  /* Text only ever enters the page as text: children are nodes or strings, never markup. */
  function el(tag, attributes, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value !== null && value !== undefined && value !== false) node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
    return node;
  }
  const named = (name) => el("bdi", null, name);

  function readable(label, content) {
    const long = content.length > LONG;
    const attributes = long ? { tabindex: "0", role: "group", "aria-label": label } : {};
    return el("div", { class: long ? "text long" : "text", dir: "auto", ...attributes }, content);
  }

  function shown(place, label) {
    const value = texts[place];
    if (typeof value === "string") return [readable(label, value)];
    return value.map(([role, content]) =>
      el("div", { class: `turn ${role}` }, el("p", { class: "role" }, role), readable(`${label}, ${role}`, content)));
  }

  function plain(place) {
    const value = texts[place];
    return typeof value === "string" ? value : value.map((message) => message[1]).join("\n");
  }

  /* Filters */

  const inputs = { text: $("f-text"), model: $("f-model"), other: $("f-other"), winner: $("f-winner"), judge: $("f-judge"), flag: $("f-flag"), min: $("f-min"), max: $("f-max") };
  for (const field of Object.keys(KINDS)) inputs[field] = $(`f-${field}`);

  function options(select, first, entries) {
    select.append(el("option", { value: "" }, first), ...entries.map(([value, text]) => el("option", { value }, text)));
  }

  const distinct = (values) => [...new Set(values.filter((value) => value !== undefined))];

  const varied = Object.keys(KINDS).filter((field) => distinct(rows.map((row) => row[field])).length > 1);

  function fillFilters() {
    const names = models.map((name, place) => [String(place), name]);
    options(inputs.model, "Any", names);
    options(inputs.other, "Any", names);
    options(inputs.winner, "Any", [["win", "Won"], ["loss", "Lost"], ["t", "Tie"], ["n", "Both bad"], ["-", "No decision"]]);
    options(inputs.judge, "Any", judges.map((name, place) => [String(place), name]));
    const flags = distinct(rows.flatMap((row) => row.f || []));
    options(inputs.flag, "Any", flags.map((flag) => [flag, spaced(flag)]));
    for (const field of Object.keys(KINDS)) {
      options(inputs[field], "All", distinct(rows.map((row) => row[field])).map((value) => [value, value]));
      $(`f-${field}-box`).hidden = !varied.includes(field);
    }
    $("f-judge-box").hidden = judges.length < 2;
    $("f-flag-box").hidden = flags.length === 0;
  }

  let folded = null;

  function textsWith(words) {
    folded ||= texts.map((_, place) => plain(place).toLowerCase());
    return new Set(folded.flatMap((text, place) => (text.includes(words) ? [place] : [])));
  }

  function mentions(row, hits, words) {
    const parts = [answers[row.ra], answers[row.rb], ...(row.v || [])].filter(Boolean);
    return hits.has(row.p) || hits.has(row.ref) || (row.q || "").toLowerCase().includes(words)
      || parts.some((part) => hits.has(part.t) || hits.has(part.th) || (part.m || "").toLowerCase().includes(words));
  }

  function outcomeFits(row, outcome, model) {
    if (outcome === "win") return model === null ? row.w === "a" || row.w === "b" : row.w === (row.a === model ? "a" : "b");
    if (outcome === "loss") return row.w === (row.a === model ? "b" : "a");
    return row.w === outcome;
  }

  /* How the win was shared: A's part, of one battle, and of both orders where each is a battle of its own. */

  const shareOf = (row) => row.pref ?? { a: 1, b: 0, t: 0.5, n: 0.5 }[row.w];
  const sampleOf = (row) => (row.o === "ab" || row.o === "ba" ? [row.q, row.a, row.b, row.j].join("\n") : null);
  const samples = new Map();
  for (const row of rows) {
    const share = shareOf(row);
    if (sampleOf(row) === null || share === undefined) continue;
    const [sum, n] = samples.get(sampleOf(row)) || [0, 0];
    samples.set(sampleOf(row), [sum + share, n + 1]);
  }

  function scoreOf(row, model) {
    const [sum, n] = samples.get(sampleOf(row)) || [shareOf(row), 1];
    return sum === undefined || model === null || row.a === model ? sum / n : 1 - sum / n;
  }

  function matching() {
    const place = (input) => (input.value === "" ? null : Number(input.value));
    const [model, other, judge] = [place(inputs.model), place(inputs.other), place(inputs.judge)];
    const [outcome, flag] = [inputs.winner.value, inputs.flag.value];
    const [least, most] = [Number(inputs.min.value || 0), Number(inputs.max.value || 1)];
    const scored = inputs.min.value !== "" || inputs.max.value !== "";
    const inRange = (score) => score >= least && score <= most;
    const words = inputs.text.value.trim().toLowerCase();
    const hits = words ? textsWith(words) : null;
    const has = (row, wanted) => wanted === null || row.a === wanted || row.b === wanted;
    return rows.filter((row) => has(row, model) && has(row, other)
      && (!outcome || outcomeFits(row, outcome, model))
      && varied.every((field) => inputs[field].value === "" || row[field] === inputs[field].value)
      && (!scored || inRange(scoreOf(row, model)))
      && (judge === null || row.j === judge || (row.v || []).some((verdict) => verdict.j === judge))
      && (!flag || (row.f || []).includes(flag))
      && (!hits || mentions(row, hits, words)));
  }

  /* One battle */

  function result(row) {
    const [a, b] = [named(models[row.a]), named(models[row.b])];
    if (row.w === "a") return [el("b", { class: "winner" }, a), " beat ", b];
    if (row.w === "b") return [el("b", { class: "winner" }, b), " beat ", a];
    return [a, " and ", b, { t: " tied", n: ": both bad", "-": ": no decision" }[row.w]];
  }

  function verdictWords(verdict, row) {
    const [a, b] = [models[row.a], models[row.b]];
    const strength = { "A>>B": [a, "much better"], "A>B": [a, "better"], "B>A": [b, "better"], "B>>A": [b, "much better"] }[verdict.l];
    if (strength) return [named(strength[0]), ` is ${strength[1]}`];
    if (verdict.w === "a") return [named(a), " wins"];
    if (verdict.w === "b") return [named(b), " wins"];
    return [verdict.w === "n" ? "both bad" : "a tie"];
  }

  function scoreWords(verdict, row) {
    const parts = [];
    if (verdict.sa !== undefined && verdict.sb !== undefined) parts.push(`scores ${+verdict.sa.toFixed(4)} for ${models[row.a]}, ${+verdict.sb.toFixed(4)} for ${models[row.b]}`);
    if (verdict.pr !== undefined) parts.push(`${(100 * verdict.pr).toFixed(1)} % of the win to ${models[row.a]}`);
    return parts.join("; ");
  }

  function verdictNode(verdict, row) {
    const [first, second] = verdict.o === "ba" ? [row.b, row.a] : [row.a, row.b];
    const head = verdict.x
      ? ["no verdict: ", el("span", { class: "tag bad" }, spaced(verdict.x))]
      : verdictWords(verdict, row);
    const scores = scoreWords(verdict, row);
    return el("article", { class: "verdict" },
      el("h4", null, named(judges[verdict.j]), ": ", head),
      verdict.o === undefined || verdict.o === "both" ? null : el("p", { class: "soft" }, "Saw ", named(models[first]), " first, as A, and ", named(models[second]), " second, as B"),
      scores ? el("p", { class: "soft" }, scores) : null,
      verdict.m ? readable("What went wrong", verdict.m) : null,
      verdict.t === undefined ? null : shown(verdict.t, `Verdict of ${judges[verdict.j]}`));
  }

  function answerFacts(answer) {
    const parts = [];
    if (answer.n !== undefined) parts.push(`${count(answer.n)} tokens`);
    if (answer.ms !== undefined) parts.push(`${(answer.ms / 1000).toFixed(1)} s`);
    if (answer.end && answer.end !== "stop") parts.push(`ended by ${spaced(answer.end)}`);
    return parts.join(" · ");
  }

  function answerNode(place, side, row) {
    const name = models[row[side]];
    const answer = answers[place] || {};
    const label = `Answer of ${name}`;
    const facts = answerFacts(answer);
    return el("article", { class: row.w === side ? "answer won" : "answer" },
      el("h3", null, named(name), row.w === side ? el("span", { class: "tag good" }, "won") : null),
      facts ? el("p", { class: "soft" }, facts) : null,
      answer.x ? el("p", null, el("span", { class: "tag bad" }, spaced(answer.x)), " ", answer.m || "") : null,
      answer.t === undefined ? (answer.x ? null : el("p", { class: "soft" }, "The text is not in the result folder.")) : shown(answer.t, label),
      answer.th === undefined ? null : el("details", { class: "thinking" }, el("summary", null, "Thinking"), shown(answer.th, `Thinking of ${name}`)));
  }

  function decidedBy(row) {
    if (row.v) return null;
    const who = row.src === "human" ? "a person" : row.j === undefined ? null : named(judges[row.j]);
    return who ? el("p", { class: "soft" }, "Decided by ", who, ".") : null;
  }

  function extras(row) {
    const parts = [];
    if (row.soft && row.pref !== undefined) parts.push(`Counts as ${(100 * row.pref).toFixed(1)} % of a win for ${models[row.a]}.`);
    if (row.wt !== undefined) parts.push(`Weighs ${row.wt}.`);
    return parts.length ? el("p", { class: "soft" }, parts.join(" ")) : null;
  }

  function block(title, nodes) {
    return el("section", { class: "block" }, el("h3", null, title), nodes);
  }

  function body(row) {
    return el("div", { class: "body" },
      row.p === undefined ? null : block("Prompt", shown(row.p, "Prompt")),
      row.ref === undefined ? null : block("Reference", shown(row.ref, "Reference")),
      el("div", { class: "pair" }, answerNode(row.ra, "a", row), answerNode(row.rb, "b", row)),
      row.v ? block(row.v.length === 1 ? "Verdict" : "Verdicts", el("div", { class: "pair" }, row.v.map((verdict) => verdictNode(verdict, row)))) : null,
      decidedBy(row), extras(row));
  }

  function tags(row) {
    const groups = distinct(varied.map((field) => row[field])).map((value) => el("span", { class: "tag" }, named(value)));
    const judge = judges.length > 1 && row.j !== undefined ? [el("span", { class: "tag" }, named(judges[row.j]))] : [];
    const order = row.o === "ab" || row.o === "ba" ? [el("span", { class: "tag" }, named(models[row.o === "ab" ? row.a : row.b]), " first")] : [];
    return [...groups, ...judge, ...order, ...(row.f || []).map((flag) => el("span", { class: "tag bad" }, spaced(flag)))];
  }

  function item(row) {
    const words = row.p === undefined ? row.q || "Battle" : plain(row.p).slice(0, 300);
    const details = el("details", { class: "battle" },
      el("summary", null,
        el("span", { class: "asked", dir: "auto" }, words),
        el("span", { class: "outcome" }, el("span", null, result(row)), tags(row))));
    details.addEventListener("toggle", () => {
      if (details.open && details.children.length === 1) details.append(body(row));
    });
    return el("li", null, details);
  }

  /* The list */

  let found = [];
  let page = 0;

  function draw() {
    const pages = Math.max(1, Math.ceil(found.length / PAGE));
    page = Math.min(Math.max(page, 0), pages - 1);
    const start = page * PAGE;
    $("list").replaceChildren(...found.slice(start, start + PAGE).map(item));
    $("list").start = start + 1;
    const all = found.length === rows.length;
    $("found").textContent = found.length === 0
      ? (rows.length ? "No battle fits. Clear a filter to see more." : "There is no battle to read.")
      : `${all ? "" : `${count(found.length)} of `}${count(rows.length)} matchup${rows.length === 1 ? "" : "s"}`
        + (pages > 1 ? `, page ${page + 1} of ${count(pages)}` : "");
    $("pager").hidden = pages < 2;
    $("page-no").textContent = `${page + 1} / ${count(pages)}`;
    $("prev").setAttribute("aria-disabled", String(page === 0));
    $("next").setAttribute("aria-disabled", String(page === pages - 1));
  }

  function refresh() {
    const [, won, lost] = inputs.winner.options;
    lost.disabled = inputs.model.value === "";
    if (lost.disabled && lost.selected) inputs.winner.value = "";
    won.textContent = lost.disabled ? "Won by either" : "Won";
    found = matching();
    page = 0;
    draw();
  }

  function turn(step) {
    const pages = Math.ceil(found.length / PAGE);
    if (page + step < 0 || page + step >= pages) return;
    page += step;
    draw();
    $("found").scrollIntoView();
  }

  function listen() {
    let timer = 0;
    inputs.text.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(refresh, 150);
    });
    for (const input of Object.values(inputs)) if (input !== inputs.text) input.addEventListener("change", refresh);
    $("filters").addEventListener("submit", (event) => {
      event.preventDefault();
      refresh();
    });
    $("filters").addEventListener("reset", () => setTimeout(refresh));
    $("prev").addEventListener("click", () => turn(-1));
    $("next").addEventListener("click", () => turn(1));
  }

  /* Light and dark */

  function remembered(value) {
    try {
      if (value) localStorage.setItem("palestra-scheme", value);
      return localStorage.getItem("palestra-scheme");
    } catch {
      return null; /* a browser may forbid storage to local files */
    }
  }

  function scheme() {
    const button = $("scheme");
    const system = matchMedia("(prefers-color-scheme: dark)");
    const root = document.documentElement;
    const isDark = () => (root.dataset.scheme ? root.dataset.scheme === "dark" : system.matches);
    const label = () => {
      button.textContent = isDark() ? "Light" : "Dark";
    };
    const known = remembered();
    if (known === "dark" || known === "light") root.dataset.scheme = known;
    button.addEventListener("click", () => {
      root.dataset.scheme = isDark() ? "light" : "dark";
      remembered(root.dataset.scheme);
      label();
    });
    system.addEventListener("change", label);
    label();
    button.hidden = false;
  }

  scheme();
  fillFilters();
  listen();
  $("filters").hidden = false;
  refresh();
})();
