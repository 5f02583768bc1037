// Search and order of the index of papers. The rows come from the shards loaded before, so that it also works from a file.
"use strict";

(() => {
  const ID = 0, FILE = 1, TITLE = 2, AUTHORS = 3, DATE = 4, STRUCTURE = 5, ARCHITECTURE = 6, PROPOSED = 7, RESULTS = 8, SYNTHETIC = 9;
  const STEP = 100;
  const papers = window.surveyPapers ?? [];
  const finder = document.getElementById("finder");
  if (!finder || papers.length === 0) return;

  const query = document.getElementById("query");
  const order = document.getElementById("order");
  const list = document.getElementById("list");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const haystacks = papers.map((row) => row.slice(ID, RESULTS).join("\n").toLowerCase());
  const orders = {
    date: (a, b) => b[DATE].localeCompare(a[DATE]),
    oldest: (a, b) => a[DATE].localeCompare(b[DATE]),
    title: (a, b) => a[TITLE].localeCompare(b[TITLE]),
    results: (a, b) => b[RESULTS] - a[RESULTS],
  };
  let found = [];
  let visible = 0;

  function element(name, text, className) {
    const made = document.createElement(name);
    made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  function item(row) {
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

  function search() {
    const words = query.value.toLowerCase().split(/\s+/).filter(Boolean);
    found = papers.filter((_, index) => words.every((word) => haystacks[index].includes(word)));
    found.sort(orders[order.value]);
    visible = 0;
    list.replaceChildren();
    count.textContent = found.length === 0 ? "No paper has all these words." : `${found.length} of ${papers.length} papers`;
    showMore();
  }

  query.addEventListener("input", search);
  order.addEventListener("change", search);
  more.addEventListener("click", showMore);
  finder.hidden = false;
  search();
})();
