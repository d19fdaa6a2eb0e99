import{j as e,k as t}from"./disclose-version-KoR1VClJ.js";var n=e(`<div class="page narrow"><h1>About this arena</h1> <p class="lead svelte-gf7t7t">Models are hard to compare by reading about them. It is easier to let two of them answer the same question
    and to say which answer is better, without knowing whose it is.</p> <h2 class="svelte-gf7t7t">A battle</h2> <p class="svelte-gf7t7t">You write a prompt. The server picks two models (or three, or four), asks them, and shows their answers as
    they are written, sides drawn by lot. It prefers models with few battles or a wide interval, and avoids
    pairs you have just seen. You say that one is better, that they tie, or that both are bad. Only then do
    you see who they were.</p> <p class="svelte-gf7t7t">If a model fails, the battle is replaced by another one with the same prompt. A failure is recorded with
    its reason. It is never a loss.</p> <h2 id="hidden" class="svelte-gf7t7t">What is hidden, and what is not</h2> <p class="svelte-gf7t7t">Before the vote, nothing that the server sends to your browser names a model: no text, no id, no header,
    no event. Times and costs come after the vote.</p> <p class="svelte-gf7t7t">Two things can still give a model away. It may name itself in its answer; such battles are flagged and
    left out of the ratings. And some models are faster than others: the arena can hold back the start of all
    answers until a fixed moment, if whoever runs it turns that on.</p> <h2 id="ratings" class="svelte-gf7t7t">How ratings are made</h2> <p class="svelte-gf7t7t">The main rating is <b>Bradley-Terry</b>: numbers for all models at once, under which the battles that
    happened were most likely. A gap of 400 means odds of ten to one. A tie is half a win for both. The order
    of the battles does not matter.</p> <p class="svelte-gf7t7t">Each rating has a <b>95 % interval</b>. With few battles it is wide; and battles of the same prompt tell
    less than battles of as many prompts, which the intervals allow for. Where two intervals overlap, the
    board does not pretend to know: a <b>rank</b> such as 2–5 is the range of places that a model may hold. Models
    with too few battles have no rank at all, and the board says so.</p> <p class="svelte-gf7t7t">Beside it stand <b>Elo</b>, which goes through the battles in order; the <b>gladiator</b> score, the share
    of battles won times 1 − 1/(n + 1), which holds back models with few battles; and <b>size Elo</b>, where a
    model starts higher the larger it is, so that a small one that wins gains much.</p> <p class="svelte-gf7t7t">All of them are computed from the battles whenever they are shown. If a vote is deleted, the board is as
    if it had never been there.</p> <h2 class="svelte-gf7t7t">What counts</h2> <p class="svelte-gf7t7t">Votes from blind battles make the main board. Side-by-side votes, where you see the names, are kept apart.
    Language models can judge battles too; you can look at their board, or at both together, but never mistake
    one for the other. A judge that fails, or changes its mind when the answers change places, is shown as
    such.</p> <h2 class="svelte-gf7t7t">What is kept of you</h2> <p class="svelte-gf7t7t">Your prompts, the answers and your votes are kept, under an identifier made from a random cookie; it does
    not say who you are. Your address is not stored in readable form. Whoever runs this arena can delete a
    voter’s data.</p> <h2 class="svelte-gf7t7t">For programs</h2> <p class="svelte-gf7t7t">Everything these pages do can be done through the <a href="/docs">API</a>. Palestra is free software under
    the Apache licence 2.0; the <a href="/licences.txt">licences of what these pages contain</a> are listed.</p></div>`);function r(e){var r=n();t(e,r)}export{r as default};