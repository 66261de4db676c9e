// Press a contestant's name in the overview, and it stands out in every section until it is let go.
{
  const pill = document.getElementById("followed");
  const NAMES = ".ladder .named, .shares .named";
  let followed = null;

  function fade(part) {
    part.querySelectorAll("[data-place]:not(.named)").forEach((each) => {
      each.classList.toggle("faded", followed !== null && each.dataset.place !== followed);
    });
    part.querySelectorAll(NAMES).forEach((name) => name.setAttribute("aria-pressed", String(name.dataset.place === followed)));
  }

  function follow(place, words) {
    followed = place === followed ? null : place;
    fade(document);
    pill.hidden = followed === null;
    if (followed === null) return;
    const free = document.createElement("button");
    free.type = "button";
    free.textContent = "Let go";
    free.addEventListener("click", () => follow(followed));
    pill.replaceChildren(`Following ${words}`, free);
  }

  begin((part) => {
    for (const name of part.querySelectorAll(NAMES)) {
      name.setAttribute("role", "button");
      name.setAttribute("tabindex", "0");
      name.title = "Follow through the page";
      const act = () => follow(name.dataset.place, name.textContent.trim());
      name.addEventListener("click", act);
      name.addEventListener("keydown", (event) => {
        if (event.key !== "Enter" && event.key !== " ") return;
        event.preventDefault();
        act();
      });
    }
    fade(part);
  });
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && followed !== null) follow(followed);
  });
}
