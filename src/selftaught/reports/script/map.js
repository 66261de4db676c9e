// The linked maps: one large, the others small; what is pointed at or selected in one shows in all.
begin((part) => { if (data.map && part.querySelector("#plane")) explore(data.map); });

function explore({ columns, classes, labels: packedLabels, maps: packedMaps }) {
  const unpack = (text) => text && new Int16Array(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
  const labels = unpack(packedLabels);
  const maps = packedMaps.map((map) => ({
    ...map, pca: unpack(map.pca), tsne: unpack(map.tsne), near: unpack(map.near), predictions: unpack(map.predictions),
  }));
  const get = (id) => document.getElementById(id);
  const [plane, picture, said, strip, legend, note, nothing] = ["plane", "picture", "said", "strip", "classes", "method-note", "nothing"].map(get);
  const choices = [...document.querySelectorAll(".minis label")];
  const minis = choices.map((label) => label.querySelector("canvas"));
  const found = choices.map((label) => label.querySelector(".found"));
  const kinds = [...document.querySelectorAll("input[name=kind]")];
  const waiting = said.textContent;
  const FULL = 32767;
  const SHOWN = 40;

  const state = { encoder: 0, kind: "pca", hovered: -1, selected: new Set(), shown: [], moving: 0, from: null, frame: null, pressed: -1 };

  // Ten hues that stay apart for most eyes, then the golden angle for longer lists.
  const hues = ["#4a7fc1", "#e0637b", "#3c9a4b", "#c9a227", "#4fb6d8", "#a5478f", "#e8824a", "#8577cf", "#9a8577", "#3fb497"];
  const colour = (k) => hues[k] && classes.length <= hues.length ? hues[k] : `hsl(${(k * 137.508) % 360} 55% ${isDark() ? 64 : 46}%)`;
  const style = (name) => getComputedStyle(root).getPropertyValue(name).trim();
  const className = (k) => classes[k] ?? String(k);
  const places = (map) => map[state.kind];
  const count = () => state.shown.length / 2;
  const nearest = (encoder, i) => {
    const each = maps[encoder].near.length / labels.length;
    return [...maps[encoder].near.slice(i * each, (i + 1) * each)];
  };

  // Drawing ------------------------------------------------------------------------------------

  function frame(canvas, margin) {
    const [wide, tall] = [canvas.clientWidth || 112, canvas.clientHeight || 112];
    const ratio = devicePixelRatio || 1;
    if (canvas.width !== Math.round(wide * ratio) || canvas.height !== Math.round(tall * ratio)) {
      canvas.width = Math.round(wide * ratio);
      canvas.height = Math.round(tall * ratio);
    }
    const reach = Math.min(wide, tall) / 2 - margin;
    return { wide, tall, ratio, x: (v) => wide / 2 + (v / FULL) * reach, y: (v) => tall / 2 - (v / FULL) * reach };
  }

  function scatter(canvas, positions, radius, margin) {
    const { wide, tall, ratio, x, y } = frame(canvas, margin);
    const pen = canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, wide, tall);
    const dot = (i, size) => {
      const [a, b] = [x(positions[2 * i]), y(positions[2 * i + 1])];
      pen.moveTo(a + size, b);
      pen.arc(a, b, size, 0, 7);
    };
    if (!positions?.length) {
      // Where all features are one, so is their place.
      pen.fillStyle = style("--quiet");
      pen.beginPath();
      pen.arc(wide / 2, tall / 2, radius + 1.5, 0, 7);
      pen.fill();
      return { pen, x, y, dot };
    }
    const some = state.selected.size > 0;
    const amount = positions.length / 2;
    if (some) {
      pen.globalAlpha = 0.55;
      pen.fillStyle = style("--strong");
      pen.beginPath();
      for (let i = 0; i < amount; i++) if (!state.selected.has(i)) dot(i, radius);
      pen.fill();
    }
    pen.globalAlpha = 0.85;
    const size = some ? radius * 1.35 : radius;
    const byClass = new Map();
    for (let i = 0; i < amount; i++) {
      if (some && !state.selected.has(i)) continue;
      if (!byClass.has(labels[i])) byClass.set(labels[i], []);
      byClass.get(labels[i]).push(i);
    }
    for (const [k, own] of byClass) {
      pen.fillStyle = colour(k);
      pen.beginPath();
      for (const i of own) dot(i, size);
      pen.fill();
    }
    pen.globalAlpha = 1;
    return { pen, x, y, dot };
  }

  function ring(pen, dot, i, size, line) {
    pen.beginPath();
    dot(i, size);
    pen.fillStyle = colour(labels[i]);
    pen.fill();
    pen.lineWidth = line;
    pen.strokeStyle = style("--text");
    pen.stroke();
  }

  function paintPlane() {
    const { pen, x, y, dot } = scatter(plane, state.shown, plane.clientWidth < 420 ? 2.2 : 2.8, 26);
    const i = state.hovered;
    if (i >= 0 && i < count()) {
      pen.strokeStyle = style("--text");
      for (const other of nearest(state.encoder, i)) {
        if (other >= count()) continue;
        pen.beginPath();
        pen.moveTo(x(state.shown[2 * i]), y(state.shown[2 * i + 1]));
        pen.lineTo(x(state.shown[2 * other]), y(state.shown[2 * other + 1]));
        pen.lineWidth = 1;
        pen.globalAlpha = 0.55;
        pen.stroke();
        pen.globalAlpha = 1;
        ring(pen, dot, other, 4.6, 1);
      }
      ring(pen, dot, i, 6.5, 2);
    }
    if (state.frame) {
      const [x0, y0, x1, y1] = state.frame;
      pen.fillStyle = style("--text");
      pen.globalAlpha = 0.07;
      pen.fillRect(x0, y0, x1 - x0, y1 - y0);
      pen.globalAlpha = 1;
      pen.lineWidth = 1;
      pen.strokeStyle = style("--text");
      pen.strokeRect(x0, y0, x1 - x0, y1 - y0);
    }
  }

  function paintMinis() {
    minis.forEach((canvas, k) => {
      const positions = places(maps[k]);
      const { pen, dot } = scatter(canvas, positions, 1, 8);
      if (positions && state.hovered >= 0 && 2 * state.hovered < positions.length) ring(pen, dot, state.hovered, 4, 1.5);
    });
  }

  function paint() {
    paintPlane();
    paintMinis();
  }
  repaint.splice(0, repaint.length, () => { swatches(); paint(); });

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
      state.shown = t < 1 ? Array.from(goal, (v, i) => from[i] + (v - from[i]) * eased) : goal;
      paintPlane();
      if (t < 1) state.moving = requestAnimationFrame(step);
    };
    state.moving = requestAnimationFrame(step);
  }

  // Pointing -----------------------------------------------------------------------------------

  function place(node, index) {
    node.style.setProperty("--x", index % columns);
    node.style.setProperty("--y", Math.floor(index / columns));
    return node;
  }

  function tile(index, wrong) {
    const node = place(document.createElement("span"), index);
    node.className = wrong ? "tile wrong" : "tile";
    node.style.setProperty("--s", "30px");
    node.title = className(labels[index]);
    return node;
  }

  function point(index) {
    if (index === state.hovered) return;
    state.hovered = index;
    strip.replaceChildren();
    picture.classList.toggle("shown", index >= 0);
    tell();
    if (index < 0) {
      said.textContent = waiting;
      picture.removeAttribute("role");
    } else {
      place(picture, index);
      picture.setAttribute("role", "img");
      picture.setAttribute("aria-label", className(labels[index]));
      said.textContent = `${className(labels[index])}. Nearest for ${maps[state.encoder].name}:`;
      strip.append(...nearest(state.encoder, index).map((other) => tile(other, labels[other] !== labels[index])));
    }
    paint();
  }

  // Under each small map: what its encoder makes of the picture pointed at, or of those selected.
  function tell() {
    maps.forEach((map, k) => {
      found[k].className = "found";
      found[k].textContent = "";
      if (state.hovered >= 0 && map.predictions) {
        const right = map.predictions[state.hovered] === labels[state.hovered];
        found[k].textContent = right ? `${className(labels[state.hovered])} ✓` : `says ${className(map.predictions[state.hovered])}`;
        found[k].classList.add(right ? "right" : "misread");
      } else if (state.selected.size) {
        let inside = 0;
        let all = 0;
        for (const i of state.selected) for (const other of nearest(k, i)) { all += 1; inside += state.selected.has(other); }
        found[k].textContent = `${Math.round((100 * inside) / Math.max(all, 1))} % together`;
      }
    });
  }

  function closest(px, py, within) {
    const { x, y } = frame(plane, 26);
    let best = -1;
    let least = within ** 2;
    for (let i = 0; i < count(); i++) {
      const away = (x(state.shown[2 * i]) - px) ** 2 + (y(state.shown[2 * i + 1]) - py) ** 2;
      if (away < least) { least = away; best = i; }
    }
    return best;
  }

  // Selecting ----------------------------------------------------------------------------------

  function select(some, pressed = -1) {
    state.selected = new Set(some);
    state.pressed = pressed;
    [...legend.children].forEach((each, i) => each.setAttribute("aria-pressed", String(i === pressed)));
    const amount = state.selected.size;
    get("selection").hidden = amount === 0;
    get("selected-count").textContent = amount === 1 ? "1 picture" : `${amount.toLocaleString("en")} pictures`;
    const tally = new Map();
    for (const i of state.selected) tally.set(labels[i], (tally.get(labels[i]) ?? 0) + 1);
    const words = [...tally].sort((a, b) => b[1] - a[1]).slice(0, 6).map(([k, n]) => `${n} ${className(k)}`);
    get("selected-classes").textContent = words.join(", ") + (tally.size > 6 ? ", …" : "") + ". Under each map: how many of their nearest neighbours are among them.";
    get("selected").replaceChildren(...[...state.selected].slice(0, SHOWN).map((i) => tile(i, false)));
    tell();
    paint();
  }
  get("let-go").addEventListener("click", () => select([]));

  function inFrame([x0, y0, x1, y1]) {
    const { x, y } = frame(plane, 26);
    const within = [];
    for (let i = 0; i < count(); i++) {
      const [a, b] = [x(state.shown[2 * i]), y(state.shown[2 * i + 1])];
      if (a >= Math.min(x0, x1) && a <= Math.max(x0, x1) && b >= Math.min(y0, y1) && b <= Math.max(y0, y1)) within.push(i);
    }
    return within;
  }

  function pointer(event) {
    const box = plane.getBoundingClientRect();
    const [x, y] = [event.clientX - box.left, event.clientY - box.top];
    if (event.type === "pointerdown" && event.button === 0) {
      state.from = [x, y];
      if (event.pointerType === "mouse") plane.setPointerCapture(event.pointerId);
    }
    const dragging = state.from && (event.buttons & 1) && Math.hypot(x - state.from[0], y - state.from[1]) > 6;
    if (dragging) {
      state.frame = [...state.from, x, y];
      select(inFrame(state.frame));
      return;
    }
    const index = closest(x, y, event.pointerType === "touch" ? 32 : 18);
    if (index >= 0) point(index);
  }
  plane.addEventListener("pointermove", pointer);
  plane.addEventListener("pointerdown", pointer);
  const released = (event) => {
    if (state.from && !state.frame && event.type === "pointerup" && event.pointerType === "mouse" && state.selected.size) select([]);
    state.from = null;
    if (state.frame) { state.frame = null; paintPlane(); }
  };
  plane.addEventListener("pointerup", released);
  plane.addEventListener("pointercancel", released);

  const arrows = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  plane.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { if (state.selected.size) select([]); else point(-1); return; }
    if (event.key === " " && state.hovered >= 0) {
      event.preventDefault();
      const own = [state.hovered, ...nearest(state.encoder, state.hovered)];
      const held = state.selected.has(state.hovered);
      select(held ? [...state.selected].filter((i) => !own.includes(i)) : [...state.selected, ...own]);
      return;
    }
    const direction = arrows[event.key];
    if (!direction || !state.shown.length) return;
    event.preventDefault();
    if (state.hovered < 0 || state.hovered >= count()) { point(closest(plane.clientWidth / 2, plane.clientHeight / 2, Infinity)); return; }
    const [dx, dy] = direction;
    const [x0, y0] = [state.shown[2 * state.hovered], state.shown[2 * state.hovered + 1]];
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < count(); i++) {
      if (i === state.hovered) continue;
      const ahead = (state.shown[2 * i] - x0) * dx + (state.shown[2 * i + 1] - y0) * dy;
      const aside = Math.abs((state.shown[2 * i] - x0) * dy) + Math.abs((state.shown[2 * i + 1] - y0) * dx);
      if (ahead > 0 && aside <= 2 * ahead && ahead + 2 * aside < least) { least = ahead + 2 * aside; best = i; }
    }
    if (best >= 0) point(best);
  });

  // Choosing -----------------------------------------------------------------------------------

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
      button.setAttribute("aria-pressed", String(state.pressed === k));
      const dot = document.createElement("i");
      dot.style.background = colour(k);
      button.append(dot, name);
      button.addEventListener("click", () => {
        if (state.pressed === k) { select([]); return; }
        select([...labels.keys()].filter((i) => labels[i] === k), k);
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
  state.encoder = Number(document.querySelector("input[name=encoder]:checked")?.value ?? 0);
  state.kind = kinds.find((input) => input.checked)?.value ?? "pca";
  swatches();
  describe();
  state.shown = places(maps[state.encoder]) ?? [];
  new ResizeObserver(paint).observe(plane);
}
