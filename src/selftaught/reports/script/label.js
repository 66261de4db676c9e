// Labelling the sheet: a picture at a time, by pointing or by keys; kept in the browser, saved as a file.
if (data.label) labelling(data.label);

function labelling({ files, labels: known, nobody }) {
  const get = (id) => document.getElementById(id);
  const [piece, said, form, field, list, given, pieces, counted, progress] =
    ["piece", "piece-name", "naming", "class-name", "class-names", "given", "pieces", "counted", "progress"].map(get);
  const UNSURE = "?";
  const place = new Map(files.map((file, i) => [file, i]));
  const labels = new Map();
  let classes = [];
  let current = 0;

  // What another visit left; of another sheet nothing is taken.
  const key = `selftaught-labels-${files.reduce((sum, file) => [...file].reduce((h, c) => (h * 31 + c.codePointAt(0)) | 0, sum), 7)}`;
  const keep = () => {
    try { localStorage.setItem(key, JSON.stringify([...labels])); } catch { /* kept for this visit */ }
  };
  function give(i, label) {
    if (label && label !== UNSURE && !classes.includes(label)) classes.push(label);
    if (label) labels.set(files[i], label);
    else labels.delete(files[i]);
  }
  {
    let stored = null;
    try { stored = JSON.parse(localStorage.getItem(key)); } catch { /* none */ }
    const pairs = Array.isArray(stored) ? stored : [...Object.entries(known), ...nobody.map((file) => [file, UNSURE])];
    for (const [file, label] of pairs) if (place.has(file) && typeof label === "string") give(place.get(file), label);
  }

  // The pictures become a list in which one is current.
  pieces.setAttribute("role", "listbox");
  pieces.setAttribute("aria-label", "Pictures to label");
  pieces.tabIndex = 0;
  const options = [...pieces.children].map((own, i) => {
    const option = document.createElement("span");
    option.id = `piece-${i}`;
    option.setAttribute("role", "option");
    option.append(document.createElement("small"));
    own.replaceWith(option);
    option.prepend(own);
    option.addEventListener("click", () => { current = i; show(); pieces.focus({ preventScroll: true }); });
    return option;
  });

  function describe(i) {
    const label = labels.get(files[i]);
    return label === UNSURE ? "cannot tell" : label ?? "";
  }

  function show() {
    options.forEach((option, i) => {
      const label = describe(i);
      option.setAttribute("aria-selected", String(i === current));
      option.setAttribute("aria-label", `${files[i]}${label ? `, ${label}` : ""}`);
      option.classList.toggle("named-piece", Boolean(label));
      option.classList.toggle("unsure", labels.get(files[i]) === UNSURE);
      option.lastChild.textContent = label;
    });
    pieces.setAttribute("aria-activedescendant", options[current].id);
    const own = options[current].firstChild.style;
    for (const name of ["--x", "--y"]) piece.style.setProperty(name, own.getPropertyValue(name));
    piece.setAttribute("aria-label", `Picture ${files[current]}`);
    said.textContent = `${current + 1} of ${files.length}: ${files[current]}${describe(current) ? ` · ${describe(current)}` : ""}`;
    const counts = new Map();
    for (const label of labels.values()) counts.set(label, (counts.get(label) ?? 0) + 1);
    const button = (digit, words, label) => {
      const made = document.createElement("button");
      made.type = "button";
      made.dataset.label = label;
      made.setAttribute("aria-pressed", String(labels.get(files[current]) === label));
      const [mark, many] = [document.createElement("kbd"), document.createElement("small")];
      mark.textContent = digit;
      many.textContent = counts.get(label) ?? 0;
      made.append(...(digit ? [mark, " "] : []), words, " ", many);
      made.addEventListener("click", () => answer(label));
      return made;
    };
    given.replaceChildren(
      ...classes.map((label, k) => button(k < 9 ? String(k + 1) : "", label, label)),
      button("0", "Cannot tell", UNSURE),
    );
    list.replaceChildren(...classes.map((label) => new Option(label, label)));
    const unsure = counts.get(UNSURE) ?? 0;
    const done = labels.size - unsure;
    progress.value = labels.size;
    counted.textContent = `${done} of ${files.length} labelled${unsure ? `, ${unsure} cannot be told` : ""}${done < 20 ? `; ${20 - done} more are needed to rank` : ""}`;
  }

  function answer(label) {
    give(current, label);
    keep();
    // On to the next that has no label, from here around.
    const rest = files.map((_, k) => (current + 1 + k) % files.length).find((i) => !labels.has(files[i]));
    if (label && rest !== undefined) current = rest;
    show();
    options[current].scrollIntoView({ block: "nearest" });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (!name) return;
    field.value = "";
    answer(name);
    pieces.focus({ preventScroll: true });
  });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    field.value = "";
    pieces.focus({ preventScroll: true });
  });

  const across = () => {
    const top = options[0].offsetTop;
    const second = options.findIndex((option) => option.offsetTop > top);
    return second < 0 ? options.length : second;
  };
  pieces.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -across(), ArrowDown: across(), Home: -files.length, End: files.length };
    if (event.key in steps) {
      const to = current + steps[event.key];
      current = Math.abs(steps[event.key]) < files.length ? (files[to] === undefined ? current : to) : to < 0 ? 0 : files.length - 1;
      show();
      options[current].scrollIntoView({ block: "nearest" });
    } else if (event.key === "Backspace" || event.key === "Delete") answer("");
    else if (event.key === "0") answer(UNSURE);
    else if (/^[1-9]$/.test(event.key)) {
      if (classes[event.key - 1] === undefined) return;
      answer(classes[event.key - 1]);
    } else if (/^\p{L}$/u.test(event.key)) return field.focus(); // the letter is typed there
    else return;
    event.preventDefault();
  });

  const quoted = (text) => (/[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  get("save-labels").addEventListener("click", () => {
    const rows = files.map((file) => `${quoted(file)},${quoted(labels.get(file) ?? "")}`);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([`file,label\n${rows.join("\n")}\n`], { type: "text/csv" }));
    link.download = "labels.csv";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  });
  get("load-labels").addEventListener("change", async (event) => {
    const text = (await event.target.files[0].text()).replace(/^\uFEFF/, "");
    event.target.value = "";
    const first = text.split(/\r?\n/, 1)[0];
    const mark = [",", ";", "\t"].sort((a, b) => first.split(b).length - first.split(a).length)[0];
    const cell = new RegExp(`(?:^|${mark === "\t" ? "\\t" : mark})(?:"((?:[^"]|"")*)"|([^"${mark === "\t" ? "\\t" : mark}]*))`, "g");
    for (const line of text.split(/\r?\n/).slice(1)) {
      const [file, label] = [...line.matchAll(cell)].map((m) => (m[1]?.replaceAll('""', '"') ?? m[2]).trim());
      if (label && place.has(file)) give(place.get(file), label);
    }
    keep();
    show();
  });
  show();
}
