"use strict";
// Sorts and filters the table of students. It reads text and writes none.
const table = document.getElementById("students");
const body = table.tBodies[0];
const rows = Array.from(body.rows);
const shown = document.getElementById("shown");
const search = document.getElementById("search");
const only = document.getElementById("only");
const valueOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.value === undefined ? cell.textContent.trim().toLowerCase() : Number(cell.dataset.value);
};
const compare = (a, b) => (typeof a === "number" ? a - b : a.localeCompare(b));
for (const button of table.querySelectorAll("thead button")) {
  button.addEventListener("click", () => {
    const heading = button.closest("th");
    const down = heading.getAttribute("aria-sort") === "ascending";
    for (const other of table.querySelectorAll("thead th")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const sign = down ? -1 : 1;
    rows.sort((a, b) => sign * compare(valueOf(a, heading.cellIndex), valueOf(b, heading.cellIndex)));
    body.append(...rows);
  });
}
const filter = () => {
  const words = search.value.trim().toLowerCase();
  let count = 0;
  for (const row of rows) {
    const fits = row.textContent.toLowerCase().includes(words) &&
      (only.value === "" || row.dataset.state.split(" ").includes(only.value));
    row.hidden = !fits;
    count += fits ? 1 : 0;
  }
  shown.textContent = `${count} of ${rows.length} shown`;
};
search.addEventListener("input", filter);
only.addEventListener("change", filter);
document.getElementById("controls").hidden = false;
filter();
