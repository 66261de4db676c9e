"use strict";
const root = document.documentElement;
const themeButton = document.getElementById("theme");
const prefersDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches);

const repaint = [];
themeButton.addEventListener("click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  try { localStorage.setItem("selftaught-theme", root.dataset.theme); } catch { /* kept for this visit */ }
  repaint.forEach((paint) => paint());
});
prefersDark.addEventListener("change", () => repaint.forEach((paint) => paint()));

const copyButton = document.getElementById("copy");
copyButton?.addEventListener("click", async () => {
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

const data = JSON.parse(document.getElementById("data").textContent);
if (data.maps) explore(data);

function explore({ columns, classes, labels, neighbours, maps }) {
  const plane = document.getElementById("plane");
  const picture = document.getElementById("picture");
  const said = document.getElementById("said");
  const strip = document.getElementById("strip");
  const guesses = document.getElementById("guesses");
  const legend = document.getElementById("classes");
  const note = document.getElementById("method-note");
  const nothing = document.getElementById("nothing");
  const minis = [...document.querySelectorAll(".minis canvas")];
  const kinds = [...document.querySelectorAll("input[name=kind]")];
  const waiting = said.textContent;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const brush = plane.getContext("2d");

  const state = { encoder: 0, kind: "pca", hovered: -1, alone: -1, shown: [], moving: 0 };

  // Ten hues that stay apart for most eyes, then the golden angle for longer lists.
  const hues = ["#4a7fc1", "#e0637b", "#3c9a4b", "#c9a227", "#4fb6d8", "#a5478f", "#e8824a", "#8577cf", "#9a8577", "#3fb497"];
  const colour = (k) => hues[k] && classes.length <= hues.length ? hues[k] : `hsl(${(k * 137.508) % 360} 55% ${isDark() ? 64 : 46}%)`;
  const style = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const className = (k) => classes[k] ?? String(k);
  const places = (map) => map[state.kind];

  function frame(canvas, margin) {
    const side = canvas.clientWidth || 104;
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(side * ratio)) canvas.width = canvas.height = Math.round(side * ratio);
    return { side, ratio, at: (v) => side / 2 + (v / 1000) * (side / 2 - margin) };
  }

  function scatter(canvas, positions, radius, margin, marked) {
    const { side, ratio, at } = frame(canvas, margin);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, side, side);
    if (!positions) {
      // Where all features are one, so is their place.
      pen.fillStyle = style("--quiet");
      pen.beginPath();
      pen.arc(side / 2, side / 2, radius + 1.5, 0, 7);
      pen.fill();
      return;
    }
    const count = positions.length / 2;
    const order = state.alone < 0 ? [false] : [true, false];
    for (const faint of order) {
      pen.globalAlpha = faint ? 0.5 : 0.82;
      for (let k = 0; k < Math.max(classes.length, 1); k++) {
        if (state.alone >= 0 && faint === (k === state.alone)) continue;
        pen.fillStyle = faint ? style("--strong") : colour(k);
        pen.beginPath();
        for (let i = 0; i < count; i++) {
          if (labels[i] !== k) continue;
          const x = at(positions[2 * i]);
          const y = at(-positions[2 * i + 1]);
          pen.moveTo(x + radius, y);
          pen.arc(x, y, radius, 0, 7);
        }
        pen.fill();
      }
    }
    pen.globalAlpha = 1;
    if (marked >= 0 && marked < count) {
      pen.beginPath();
      pen.arc(at(positions[2 * marked]), at(-positions[2 * marked + 1]), radius + 3, 0, 7);
      pen.fillStyle = colour(labels[marked]);
      pen.fill();
      pen.lineWidth = 2;
      pen.strokeStyle = style("--text");
      pen.stroke();
    }
  }

  function threads() {
    const { hovered, shown } = state;
    const count = shown.length / 2;
    if (hovered < 0 || hovered >= count) return;
    const { at } = frame(plane, 26);
    brush.strokeStyle = style("--text");
    brush.lineWidth = 1;
    for (const other of nearest(state.encoder, hovered)) {
      if (other >= count) continue;
      brush.beginPath();
      brush.moveTo(at(shown[2 * hovered]), at(-shown[2 * hovered + 1]));
      brush.lineTo(at(shown[2 * other]), at(-shown[2 * other + 1]));
      brush.globalAlpha = 0.55;
      brush.stroke();
      brush.globalAlpha = 1;
      brush.beginPath();
      brush.arc(at(shown[2 * other]), at(-shown[2 * other + 1]), 4.6, 0, 7);
      brush.fillStyle = colour(labels[other]);
      brush.fill();
      brush.stroke();
    }
  }

  const nearest = (encoder, i) => {
    const each = maps[encoder].near.length / labels.length;
    return maps[encoder].near.slice(i * each, (i + 1) * each);
  };

  function paintPlane() {
    scatter(plane, state.shown.length ? state.shown : null, plane.clientWidth < 420 ? 2.2 : 2.8, 26, -1);
    threads();
    if (state.hovered >= 0 && state.hovered < state.shown.length / 2) {
      const { at } = frame(plane, 26);
      brush.beginPath();
      brush.arc(at(state.shown[2 * state.hovered]), at(-state.shown[2 * state.hovered + 1]), 6.5, 0, 7);
      brush.fillStyle = colour(labels[state.hovered]);
      brush.fill();
      brush.lineWidth = 2;
      brush.strokeStyle = style("--text");
      brush.stroke();
    }
  }

  function paintMinis() {
    minis.forEach((canvas, k) => scatter(canvas, places(maps[k]), 0.9, 8, state.hovered));
  }

  function paint() {
    paintPlane();
    paintMinis();
  }
  repaint.push(() => { swatches(); paint(); });

  function glide() {
    const goal = places(maps[state.encoder]) ?? [];
    const from = state.shown;
    cancelAnimationFrame(state.moving);
    if (still.matches || from.length !== goal.length) {
      state.shown = goal;
      paintPlane();
      return;
    }
    const begun = performance.now();
    const step = (now) => {
      const t = Math.min((now - begun) / 480, 1);
      const eased = t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2;
      state.shown = t < 1 ? goal.map((v, i) => from[i] + (v - from[i]) * eased) : goal;
      paintPlane();
      if (t < 1) state.moving = requestAnimationFrame(step);
    };
    state.moving = requestAnimationFrame(step);
  }

  function place(node, index) {
    node.style.setProperty("--x", index % columns);
    node.style.setProperty("--y", Math.floor(index / columns));
  }

  function point(index) {
    if (index === state.hovered) return;
    state.hovered = index;
    strip.replaceChildren();
    guesses.replaceChildren();
    picture.classList.toggle("shown", index >= 0);
    document.getElementById("guesses-heading").hidden = index < 0 || maps.every((map) => !map.predictions);
    if (index < 0) {
      said.textContent = waiting;
      picture.removeAttribute("role");
      paint();
      return;
    }
    place(picture, index);
    picture.setAttribute("role", "img");
    picture.setAttribute("aria-label", className(labels[index]));
    said.textContent = `${className(labels[index])}. Nearest for ${maps[state.encoder].name}:`;
    for (const other of nearest(state.encoder, index)) {
      const tile = document.createElement("span");
      tile.className = labels[other] === labels[index] ? "tile" : "tile wrong";
      tile.style.setProperty("--s", "30px");
      tile.title = className(labels[other]);
      place(tile, other);
      strip.append(tile);
    }
    for (const map of maps) {
      if (!map.predictions) continue;
      const name = document.createElement("dt");
      name.textContent = map.name;
      name.style.setProperty("--ink", `var(${map.ink})`);
      const guess = document.createElement("dd");
      const right = map.predictions[index] === labels[index];
      guess.textContent = right ? `${className(labels[index])} ✓` : `says ${className(map.predictions[index])}`;
      if (right) guess.className = "quiet";
      guesses.append(name, guess);
    }
    paint();
  }

  function closest(x, y, within) {
    const { at } = frame(plane, 26);
    let best = -1;
    let least = within ** 2;
    for (let i = 0; i < state.shown.length / 2; i++) {
      if (state.alone >= 0 && labels[i] !== state.alone) continue;
      const away = (at(state.shown[2 * i]) - x) ** 2 + (at(-state.shown[2 * i + 1]) - y) ** 2;
      if (away < least) { least = away; best = i; }
    }
    return best;
  }

  function pointer(event) {
    const box = plane.getBoundingClientRect();
    const found = closest(event.clientX - box.left, event.clientY - box.top, event.pointerType === "touch" ? 32 : 18);
    if (found >= 0) point(found);
  }
  plane.addEventListener("pointermove", pointer);
  plane.addEventListener("pointerdown", pointer);

  const arrows = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  plane.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { point(-1); return; }
    const direction = arrows[event.key];
    if (!direction || !state.shown.length) return;
    event.preventDefault();
    if (state.hovered < 0 || state.hovered >= state.shown.length / 2) { point(closest(plane.clientWidth / 2, plane.clientWidth / 2, Infinity)); return; }
    const [dx, dy] = direction;
    const x0 = state.shown[2 * state.hovered];
    const y0 = state.shown[2 * state.hovered + 1];
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < state.shown.length / 2; i++) {
      if (i === state.hovered || (state.alone >= 0 && labels[i] !== state.alone)) continue;
      const ahead = (state.shown[2 * i] - x0) * dx + (state.shown[2 * i + 1] - y0) * dy;
      const aside = Math.abs((state.shown[2 * i] - x0) * dy) + Math.abs((state.shown[2 * i + 1] - y0) * dx);
      if (ahead > 0 && aside <= 2 * ahead && ahead + 2 * aside < least) { least = ahead + 2 * aside; best = i; }
    }
    if (best >= 0) point(best);
  });

  function describe() {
    const map = maps[state.encoder];
    const positions = places(map);
    kinds[1].disabled = maps.every((each) => !each.tsne);
    nothing.hidden = Boolean(positions);
    nothing.textContent = map.pca ? "There are too few pictures for t-SNE." : `All features of ${map.name} are the same: there is nothing to map.`;
    const amount = positions ? (positions.length / 2).toLocaleString("en") : "0";
    note.textContent = state.kind === "pca"
      ? `PCA of ${amount} pictures: the two directions of largest variance${map.share === null ? "" : `, ${map.share} % of it for ${map.name}`}. Distances are true to those two directions alone. Features are scaled to length one, as the kNN reads them.`
      : `t-SNE of ${amount} pictures (at most ${note.dataset.most}; perplexity ${Math.round(Math.min(30, ((positions?.length ?? 0) / 2 - 1) / 3))}, seed 0): neighbours are kept, distances between groups and their sizes mean nothing.`;
  }

  function swatches() {
    legend.replaceChildren(...classes.map((name, k) => {
      const button = document.createElement("button");
      button.type = "button";
      button.setAttribute("aria-pressed", String(state.alone === k));
      const dot = document.createElement("i");
      dot.className = "swatch";
      dot.style.background = colour(k);
      button.append(dot, name);
      button.addEventListener("click", () => {
        state.alone = state.alone === k ? -1 : k;
        [...legend.children].forEach((each, i) => each.setAttribute("aria-pressed", String(state.alone === i)));
        paint();
      });
      return button;
    }));
  }

  document.querySelectorAll("input[name=encoder]").forEach((input) => input.addEventListener("change", () => {
    state.encoder = Number(input.value);
    const kept = state.hovered;
    state.hovered = -1;
    if (kept >= 0) point(kept);
    describe();
    glide();
  }));
  kinds.forEach((input) => input.addEventListener("change", () => {
    state.kind = input.value;
    describe();
    paintMinis();
    glide();
  }));

  // A reload may restore the controls' state without telling anyone.
  const chosen = document.querySelector("input[name=encoder]:checked");
  state.encoder = Number(chosen?.value ?? 0);
  state.kind = kinds.find((input) => input.checked)?.value ?? "pca";
  swatches();
  describe();
  state.shown = places(maps[state.encoder]) ?? [];
  new ResizeObserver(paint).observe(plane);
}
