"use strict";
// Keys for whoever marks: digits set points, Enter with Ctrl saves, n, j and k walk.
const form = document.getElementById("form");
const points = document.getElementById("points");
const follow = (id) => document.getElementById(id)?.click();
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") document.activeElement.blur();
  if (event.target.matches("input, textarea, select")) return;
  if (/^[0-9]$/.test(event.key) && Number(event.key) <= Number(points.max)) points.value = event.key;
  else if (event.key === "n") follow("unmarked");
  else if (event.key === "j") follow("following");
  else if (event.key === "k") follow("previous");
  else if (event.key === "c") { event.preventDefault(); document.getElementById("comment").focus(); }
});
