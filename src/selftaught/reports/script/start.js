"use strict";
// Light and dark, the command to copy, and where the reader is.
const root = document.documentElement;
const repaint = [];
const still = matchMedia("(prefers-reduced-motion: reduce)");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
const written = (page) => JSON.parse(page.getElementById("data").textContent);
let data = written(document);

// What a script does to a part of the page: to all of it now, and to a section that the live page puts in later.
const begins = [];
function begin(act) {
  begins.push(act);
  act(document);
}

document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("selftaught-theme", root.dataset.theme); } catch { /* kept for this visit */ }
  repaint.forEach((paint) => paint());
});
prefersDark.addEventListener("change", () => repaint.forEach((paint) => paint()));

begin((part) => {
  const copyButton = part.querySelector("#copy");
  if (!copyButton) return;
  copyButton.hidden = false;
  copyButton.addEventListener("click", async () => {
    const command = document.getElementById("command");
    try {
      await navigator.clipboard.writeText(command.textContent);
      copyButton.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(command);
      copyButton.textContent = "Selected";
    }
    setTimeout(() => { copyButton.textContent = "Copy"; }, 1600);
  });
});

{
  const here = new IntersectionObserver((entries) => {
    const bar = document.querySelector("nav > div");
    const links = new Map([...bar.querySelectorAll("a")].map((link) => [link.hash.slice(1), link]));
    for (const entry of entries) {
      const link = links.get(entry.target.id);
      if (!entry.isIntersecting || !link) continue;
      links.forEach((each) => each.removeAttribute("aria-current"));
      link.setAttribute("aria-current", "true");
      bar.scrollLeft = link.offsetLeft - bar.clientWidth / 2;
    }
  }, { rootMargin: "-25% 0px -70% 0px" });
  begin((part) => (part === document ? document.querySelectorAll("main > section") : [part]).forEach((section) => here.observe(section)));
}
