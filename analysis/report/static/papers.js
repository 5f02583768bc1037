// Search and order of the papers and methods. The rows come from the scripts loaded before, so that it works from a file.
// What is searched for stands in the address (#q=wanda&order=date), so that it can be linked to.
"use strict";

(() => {
  const ID = 0, FILE = 1, TITLE = 2, AUTHORS = 3, DATE = 4, STRUCTURE = 5, ARCHITECTURE = 6, PROPOSED = 7, RESULTS = 8, SYNTHETIC = 9;
  const NAME = 0, PAGE = 1, ALIASES = 2, PRINTED = 3;
  const STEP = 100;
  const MOST_METHODS = 12;
  const papers = window.surveyPapers ?? [];
  const methods = window.surveyMethods ?? [];
  const finder = document.getElementById("finder");
  if (!finder || papers.length === 0) return;

  const plain = window.surveyPlain;
  const query = document.getElementById("query");
  const order = document.getElementById("order");
  const list = document.getElementById("list");
  const foundMethods = document.getElementById("found-methods");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const haystacks = papers.map((row) => plain(row.slice(ID, RESULTS).join("\n")));
  const titles = papers.map((row) => plain(row[TITLE]));
  const proposed = papers.map((row) => plain(row[PROPOSED]));
  const methodNames = methods.map((row) => plain(`${row[NAME]}\n${row[ALIASES]}`));
  const orders = {
    date: (a, b) => papers[b][DATE].localeCompare(papers[a][DATE]),
    oldest: (a, b) => papers[a][DATE].localeCompare(papers[b][DATE]),
    title: (a, b) => papers[a][TITLE].localeCompare(papers[b][TITLE]),
    results: (a, b) => papers[b][RESULTS] - papers[a][RESULTS],
  };
  let found = [];
  let visible = 0;

  function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function item(index) {
    const row = papers[index];
    const made = document.createElement("li");
    const link = element("a", row[TITLE]);
    link.href = `papers/${row[FILE]}`;
    made.append(link);
    if (row[SYNTHETIC]) made.append(" ", element("span", "synthetic", "mark-synthetic"));
    made.append(document.createElement("br"));
    const authors = row[AUTHORS].split(", ");
    const names = authors.slice(0, 4).join(", ") + (authors.length > 4 ? ` and ${authors.length - 4} more` : "");
    const facts = [names, row[DATE], row[STRUCTURE], row[ARCHITECTURE]];
    if (row[RESULTS]) facts.push(`${row[RESULTS]} results`);
    made.append(element("span", facts.filter(Boolean).join(" · "), "fine"));
    return made;
  }

  function showMore() {
    const next = found.slice(visible, visible + STEP);
    list.append(...next.map(item));
    visible += next.length;
    more.hidden = visible >= found.length;
  }

  // A word in the name of a method that the paper proposes counts most, then one in the title, whole words more.
  function score(index, words) {
    const whole = new Set(titles[index].split(/[^\p{L}\p{N}]+/u));
    return words.reduce((sum, word) => sum + (proposed[index].includes(word) ? 4 : 0)
      + (titles[index].includes(word) ? 2 : 0) + (whole.has(word) ? 1 : 0), 0);
  }

  function ranked(indices, words) {
    const chosen = order.value;
    if (chosen !== "best") return indices.sort(orders[chosen]);
    const scores = new Map(indices.map((index) => [index, score(index, words)]));
    return indices.sort((a, b) => scores.get(b) - scores.get(a) || orders.date(a, b));
  }

  function showMethods(words) {
    const hits = words.length === 0 ? [] : methods.filter((_, index) => words.every((word) => methodNames[index].includes(word)));
    hits.sort((a, b) => b[PRINTED] - a[PRINTED]);
    foundMethods.replaceChildren();
    foundMethods.hidden = hits.length === 0;
    if (hits.length === 0) return;
    foundMethods.append("Methods: ");
    hits.slice(0, MOST_METHODS).forEach((row, place) => {
      const link = element("a", row[NAME]);
      link.href = `methods/${row[PAGE]}`;
      foundMethods.append(place ? ", " : "", link);
    });
    if (hits.length > MOST_METHODS) foundMethods.append(` and ${hits.length - MOST_METHODS} more`);
  }

  function search() {
    const words = plain(query.value).split(/\s+/).filter(Boolean);
    const matching = [];
    for (let index = 0; index < papers.length; index += 1) {
      if (words.every((word) => haystacks[index].includes(word))) matching.push(index);
    }
    found = ranked(matching, words);
    visible = 0;
    list.replaceChildren();
    count.textContent = found.length === 0 ? "No paper has all these words." : `${found.length} of ${papers.length} papers`;
    showMethods(words);
    showMore();
  }

  function changed() {
    const asked = new URLSearchParams();
    if (query.value) asked.set("q", query.value);
    if (order.value !== "best") asked.set("order", order.value);
    const hash = asked.size ? `#${asked}` : "#";
    // A file has no history of its own that a script may write, so the address is replaced.
    if (location.hash !== hash) location.replace(hash);
    search();
  }

  function readAddress() {
    const asked = new URLSearchParams(location.hash.slice(1));
    const wanted = asked.get("order") ?? "best";
    const queryDiffers = query.value !== (asked.get("q") ?? "");
    if (!queryDiffers && order.value === wanted && list.dataset.searched) return;
    if (queryDiffers) query.value = asked.get("q") ?? "";
    order.value = wanted in orders ? wanted : "best";
    list.dataset.searched = "yes";
    search();
  }

  // Arrow keys walk from the search through what it found.
  function walk(event) {
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [query, ...foundMethods.querySelectorAll("a"), ...list.querySelectorAll("a")];
    const place = stops.indexOf(document.activeElement);
    const next = stops[place + (event.key === "ArrowDown" ? 1 : -1)];
    if (place < 0 || !next) return;
    event.preventDefault();
    next.focus();
  }

  query.addEventListener("input", changed);
  order.addEventListener("change", changed);
  more.addEventListener("click", showMore);
  window.addEventListener("hashchange", readAddress);
  document.addEventListener("keydown", walk);
  finder.hidden = false;
  readAddress();
  // This is where the key that leads to the search leads from other pages.
  if (location.hash === "#q=") query.focus();
})();
