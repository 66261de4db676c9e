// Tables that sort: a click on a heading, or Enter on it; each body by itself, so that baselines stay below.
{
  const number = (text) => {
    const found = /-?[\d.]+(?:e[+-]?\d+)?/i.exec(text.replaceAll(",", "").replace("−", "-"));
    return found ? Number(found[0]) : NaN;
  };
  const key = (row, column, numeric) => {
    const cell = row.cells[column];
    if (!cell) return numeric ? NaN : "";
    return numeric ? number(cell.dataset.value ?? cell.textContent) : cell.textContent.trim().toLowerCase();
  };

  function order(table, heading, column) {
    const numeric = heading.classList.contains("number");
    const now = heading.getAttribute("aria-sort");
    const down = now ? now === "ascending" : numeric;
    table.querySelectorAll("thead th").forEach((other) => other.removeAttribute("aria-sort"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    for (const body of table.tBodies) {
      const kept = [...body.rows].filter((row) => row.classList.contains("parting"));
      // A sentence about a failure stays with the row above it.
      const groups = [];
      for (const row of body.rows) {
        if (row.classList.contains("parting")) continue;
        if (row.classList.contains("error") && groups.length) groups.at(-1).push(row);
        else groups.push([row]);
      }
      groups.sort(([a], [b]) => {
        const [one, other] = [key(a, column, numeric), key(b, column, numeric)];
        if (!numeric) return (down ? -1 : 1) * one.localeCompare(other);
        if (Number.isNaN(one) || Number.isNaN(other)) return Number.isNaN(one) - Number.isNaN(other);
        return down ? other - one : one - other;
      });
      body.append(...kept, ...groups.flat());
    }
  }

  begin((part) => part.querySelectorAll("table.sortable").forEach((table) => {
    [...table.querySelectorAll("thead th")].forEach((heading, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...[...heading.childNodes].filter((node) => node.nodeName !== "SMALL"));
      heading.prepend(button);
      button.addEventListener("click", () => order(table, heading, column));
    });
  }));
}
