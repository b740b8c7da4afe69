"use strict";
(() => {
  const tools = document.querySelector(".tools");
  const rows = [...document.querySelectorAll("[data-status]")];
  const search = document.querySelector("#search");
  let wanted = "";
  const show = () => {
    const words = search.value.toLowerCase();
    for (const row of rows) {
      row.hidden = (wanted && row.dataset.status !== wanted) || !row.dataset.words.includes(words);
    }
  };
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (target && target.tagName === "DETAILS") { target.hidden = false; target.open = true; target.scrollIntoView(); }
  };
  if (!tools) return;
  tools.hidden = false;
  search.addEventListener("input", show);
  for (const button of tools.querySelectorAll("[data-only]")) {
    button.addEventListener("click", () => {
      wanted = wanted === button.dataset.only ? "" : button.dataset.only;
      for (const other of tools.querySelectorAll("[data-only]")) other.setAttribute("aria-pressed", other.dataset.only === wanted);
      show();
    });
  }
  tools.querySelector("#sort").addEventListener("change", (event) => {
    const key = event.target.value;
    const value = (row) => key === "order" ? Number(row.dataset.order) : key === "seconds" ? -Number(row.dataset.seconds) : key === "attempts" ? -Number(row.dataset.attempts) : row.dataset.words;
    const sorted = [...rows].sort((a, b) => value(a) < value(b) ? -1 : value(a) > value(b) ? 1 : 0);
    for (const row of sorted) row.parentNode.appendChild(row);
  });
  addEventListener("hashchange", open);
  open();
})();
