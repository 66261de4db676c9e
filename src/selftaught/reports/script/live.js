// A page that is served while runs go on: it asks for itself again, and puts in the sections that are others now,
// where the reader left them. A section in which something is selected waits until it is let go.
{
  const GONE = 5000; // milliseconds until a server that does not answer is asked again
  let line = document.getElementById("live");
  let mark = null;
  let waiting = null;

  // Where the reader is: the first words at or below the top of the window, and how far from it they stand.
  const WORDS = "h2, h3, figcaption, th[scope=row], .rung, .going li, dt, summary, p, .tile";
  const spoken = (node) => `${node.localName} ${node.textContent.trim().slice(0, 40)}`;

  function reading() {
    if (scrollY === 0) return null;
    const section = [...document.querySelectorAll("main > section")].find((each) => each.getBoundingClientRect().bottom > 0);
    if (!section) return null;
    const words = [...section.querySelectorAll(WORDS)].find((each) => each.checkVisibility() && each.getBoundingClientRect().top >= 0);
    const places = { section: section.id, from: section.getBoundingClientRect().top };
    return words ? { ...places, words: spoken(words), top: words.getBoundingClientRect().top } : places;
  }

  function goTo(place) {
    const section = place && document.getElementById(place.section);
    if (!section) return;
    const words = place.words && [...section.querySelectorAll(WORDS)].find((each) => spoken(each) === place.words);
    const moved = words ? words.getBoundingClientRect().top - place.top : section.getBoundingClientRect().top - place.from;
    if (moved) scrollTo({ top: scrollY + moved, behavior: "instant" });
  }

  // What a reader has chosen in a section, by the words beside it, because numbers change.
  const label = (input) => `${input.name} ${input.closest("label")?.textContent.trim()}`;
  const named = (node) => `${node.localName} ${node.getAttribute("aria-label") ?? ""} ${node.matches("input") ? label(node) : node.textContent.trim().slice(0, 40)}`;

  function carry(old, fresh) {
    const inputs = new Set([...old.querySelectorAll("input:checked")].map(label));
    const opened = new Map([...old.querySelectorAll("details")].map((each) => [spoken(each.querySelector("summary")), each.open]));
    const sorted = [...old.querySelectorAll("th[aria-sort]")].map((each) => [each.cellIndex, each.closest("table").caption?.textContent, each.ariaSort]);
    const scrolled = [...old.querySelectorAll(".scroller, .minis, .wall")].map((each) => [each.scrollLeft, each.scrollTop]);
    const focused = old.contains(document.activeElement) ? named(document.activeElement) : null;
    return () => {
      fresh.querySelectorAll("input").forEach((each) => { if (inputs.has(label(each))) each.checked = true; });
      fresh.querySelectorAll("details").forEach((each) => { each.open = opened.get(spoken(each.querySelector("summary"))) ?? each.open; });
      for (const [column, caption, way] of sorted) {
        const table = [...fresh.querySelectorAll("table.sortable")].find((each) => each.caption?.textContent === caption);
        const heading = table?.tHead.rows[0].cells[column];
        for (let turn = 0; heading && heading.ariaSort !== way && turn < 2; turn++) heading.querySelector("button").click();
      }
      fresh.querySelectorAll(".scroller, .minis, .wall").forEach((each, i) => { [each.scrollLeft, each.scrollTop] = scrolled[i] ?? [0, 0]; });
      if (focused === null) return;
      const again = [...fresh.querySelectorAll("a, button, input, summary, canvas, [tabindex]")].find((each) => named(each) === focused);
      again?.focus({ preventScroll: true });
    };
  }

  const held = (section) => {
    const chosen = getSelection();
    return !chosen.isCollapsed && chosen.containsNode(section, true);
  };

  // True where all of the page is as it is told.
  function update(page) {
    const place = reading();
    let whole = true;
    data = written(page);
    document.title = page.title;
    const current = document.querySelector("nav a[aria-current]")?.hash;
    for (const part of ["head style", ".masthead h1", ".standfirst", ".setup", "nav > div", "#live"]) {
      const [old, fresh] = [document.querySelector(part), page.querySelector(part)];
      if (old.textContent !== fresh.textContent || part === "#live") old.replaceWith(fresh);
    }
    line = document.getElementById("live");
    document.querySelector(`nav a[href="${current}"]`)?.setAttribute("aria-current", "true");
    const main = document.querySelector("main");
    const told = [...page.querySelectorAll("main > section")];
    for (const old of [...main.querySelectorAll(":scope > section")]) {
      if (!told.some((fresh) => fresh.id === old.id)) old.remove();
    }
    let before = null;
    for (const fresh of told) {
      const old = document.getElementById(fresh.id);
      if (old && old.dataset.mark === fresh.dataset.mark) { before = old; continue; }
      if (old && held(old)) { before = old; whole = false; continue; }
      const restore = old ? carry(old, fresh) : () => {};
      if (old) old.replaceWith(fresh);
      else if (before) before.after(fresh);
      else main.prepend(fresh);
      begins.forEach((act) => act(fresh));
      restore();
      before = fresh;
    }
    goTo(place);
    return whole;
  }

  async function answered() {
    try {
      const answer = await fetch("./", { cache: "no-store", headers: mark ? { "If-None-Match": mark } : {} });
      if (answer.ok) {
        mark = answer.headers.get("ETag");
        waiting = await answer.text();
      }
      return true;
    } catch {
      return false;
    }
  }

  async function ask() {
    const there = await answered();
    const page = waiting === null ? null : new DOMParser().parseFromString(waiting, "text/html");
    if (page?.getElementById("live") && update(page)) waiting = null;
    const word = line.classList.contains("over") ? "Finished" : "Live";
    line.classList.toggle("lost", !there);
    line.querySelector("b").textContent = there ? word : "No longer live: what served this page was ended";
    setTimeout(soon, there ? Number(line.dataset.every) : GONE);
  }

  // A page that nobody looks at asks for nothing.
  function soon() {
    if (document.visibilityState === "visible") ask();
    else document.addEventListener("visibilitychange", soon, { once: true });
  }
  setTimeout(soon, Number(line.dataset.every));
}
