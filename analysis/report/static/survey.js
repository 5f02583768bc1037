// Sorting and filtering of tables, deep links into folded tables, and the key that leads to the search; on every page.
"use strict";

(() => {
  const FEWEST_TO_FILTER = 8;

  function sortValue(cell) {
    const given = cell.dataset.sort;
    if (given !== undefined) return given;
    return cell.textContent.trim();
  }

  // Numbers as the survey writes them: 76.15 %, −0.4, 4.09 G, 1.9×, 12,345.
  function number(text) {
    const match = /^([+\-−]?[\d,]*\.?\d+(?:e[+-]?\d+)?)\s*([KMGT])?/i.exec(text);
    if (!match) return NaN;
    const size = { K: 1e3, M: 1e6, G: 1e9, T: 1e12 }[match[2]] ?? 1;
    return Number(match[1].replaceAll(",", "").replace("−", "-")) * size;
  }

  function compare(one, other, numeric) {
    if (!numeric) return one.localeCompare(other, undefined, { numeric: true, sensitivity: "base" });
    const [a, b] = [number(one), number(other)];
    // What has no number stands last in either order.
    if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b) || NaN;
    return a - b;
  }

  function sortBy(table, column, heading) {
    const body = table.tBodies[0];
    const ascending = heading.getAttribute("aria-sort") !== "ascending";
    const rows = [...body.rows].map((row) => [row, sortValue(row.cells[column])]);
    const numeric = rows.filter(([, text]) => !Number.isNaN(number(text))).length * 2 > rows.length;
    rows.sort(([, one], [, other]) => {
      const order = compare(one, other, numeric);
      if (numeric && (Number.isNaN(number(one)) || Number.isNaN(number(other)))) return Number.isNaN(order) ? 0 : order;
      return ascending ? order : -order;
    });
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    body.append(...rows.map(([row]) => row));
  }

  function makeSortable(table) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.className = "sort";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sortBy(table, column, heading));
      heading.append(button);
    });
  }

  function makeFilterable(table) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < FEWEST_TO_FILTER) return;
    const scroll = table.closest(".scroll");
    const name = scroll.getAttribute("aria-label");
    const label = document.createElement("label");
    label.className = "filter";
    const input = document.createElement("input");
    input.type = "search";
    input.autocomplete = "off";
    const count = document.createElement("output");
    label.append("Filter ", input, count);
    input.setAttribute("aria-label", `Filter: ${name}`);
    input.addEventListener("input", () => {
      const words = plain(input.value).split(/\s+/).filter(Boolean);
      let left = 0;
      for (const row of rows) {
        const text = plain(row.textContent);
        row.hidden = !words.every((word) => text.includes(word));
        if (!row.hidden) left += 1;
      }
      count.textContent = words.length ? `${left} of ${rows.length} rows` : "";
    });
    scroll.before(label);
  }

  // Without case and marks, so that Zoë is found by zoe.
  function plain(text) {
    return text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  }

  function openTarget() {
    const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = target?.closest("details");
    if (!target) return;
    if (folded) folded.open = true;
    target.scrollIntoView({ block: "center" });
  }

  function typing(element) {
    return element instanceof HTMLElement && element.matches("input, select, textarea");
  }

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    event.preventDefault();
    const query = document.getElementById("query");
    if (query) query.focus();
    else location.href = document.querySelector("link[rel=search]").href;
  });

  window.surveyPlain = plain;
  document.querySelectorAll("table.filterable").forEach(makeFilterable);
  document.querySelectorAll("table.sortable").forEach(makeSortable);
  window.addEventListener("hashchange", openTarget);
  if (location.hash) openTarget();
})();
