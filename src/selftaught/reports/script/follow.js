// Press a contestant's name in the overview, and it stands out in every section until it is let go.
{
  const pill = document.getElementById("followed");
  const names = [...document.querySelectorAll(".ladder .named, .shares .named")];
  let followed = null;

  function follow(place, words) {
    followed = place === followed ? null : place;
    document.querySelectorAll("[data-place]:not(.named)").forEach((each) => {
      each.classList.toggle("faded", followed !== null && each.dataset.place !== followed);
    });
    names.forEach((name) => name.setAttribute("aria-pressed", String(name.dataset.place === followed)));
    pill.hidden = followed === null;
    if (followed === null) return;
    const free = document.createElement("button");
    free.type = "button";
    free.textContent = "Let go";
    free.addEventListener("click", () => follow(followed));
    pill.replaceChildren(`Following ${words}`, free);
  }

  for (const name of names) {
    name.setAttribute("role", "button");
    name.setAttribute("tabindex", "0");
    name.setAttribute("aria-pressed", "false");
    name.title = "Follow through the page";
    const act = () => follow(name.dataset.place, name.textContent.trim());
    name.addEventListener("click", act);
    name.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      act();
    });
  }
  addEventListener("keydown", (event) => {
    if (event.key === "Escape" && followed !== null) follow(followed);
  });
}
