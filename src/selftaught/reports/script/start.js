"use strict";
// Light and dark, the command to copy, and where the reader is.
const root = document.documentElement;
const repaint = [];
const still = matchMedia("(prefers-reduced-motion: reduce)");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);
const data = JSON.parse(document.getElementById("data").textContent);

document.getElementById("theme").addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("selftaught-theme", root.dataset.theme); } catch { /* kept for this visit */ }
  repaint.forEach((paint) => paint());
});
prefersDark.addEventListener("change", () => repaint.forEach((paint) => paint()));

const copyButton = document.getElementById("copy");
if (copyButton) {
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
}

{
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const bar = document.querySelector("nav > div");
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.removeAttribute("aria-current"));
      const link = links.get(entry.target.id);
      link.setAttribute("aria-current", "true");
      bar.scrollLeft = link.offsetLeft - bar.clientWidth / 2;
    }
  }, { rootMargin: "-25% 0px -70% 0px" });
  document.querySelectorAll("main > section").forEach((section) => watch.observe(section));
}
