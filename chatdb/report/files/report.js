"use strict";
{
  const data = JSON.parse(document.getElementById("data").textContent);
  const graph = document.getElementById("graph");
  const note = document.getElementById("note");
  const dialog = document.getElementById("detail");
  const before = new Map(data.graph.components.map((one) => [one.name, one.after]));
  const behind = new Map(data.graph.components.map((one) => [one.name, []]));
  for (const [name, after] of before) for (const other of after) behind.get(other).push(name);
  for (const names of behind.values()) names.sort();
  const title = document.getElementById("detail-title");
  const hint = note.textContent;
  let opened = null;

  const reached = (name, next) => {
    const names = new Set();
    const todo = [...next.get(name)];
    while (todo.length) {
      const other = todo.pop();
      if (!names.has(other)) {
        names.add(other);
        todo.push(...next.get(other));
      }
    }
    return names;
  };

  const listed = (names) => (names.length ? names.join(", ") : "nothing");

  // Everything that the component depends on, and everything that depends on it; null: all as it was.
  const trace = (name) => {
    graph.classList.toggle("traced", name !== null);
    const above = name === null ? new Set() : reached(name, before);
    const below = name === null ? new Set() : reached(name, behind);
    for (const node of graph.querySelectorAll(".node")) {
      const own = node.dataset.name;
      node.classList.toggle("self", own === name);
      node.classList.toggle("above", above.has(own));
      node.classList.toggle("below", below.has(own));
    }
    for (const line of graph.querySelectorAll("path[data-from]")) {
      const { from, to } = line.dataset;
      const touches = from === name || to === name;
      const direct = line.classList.contains("direct");
      line.classList.toggle("near", touches);
      line.classList.toggle("above", direct && above.has(from) && (to === name || above.has(to)));
      line.classList.toggle("below", direct && below.has(to) && (from === name || below.has(from)));
    }
    note.textContent =
      name === null
        ? hint
        : `${name} starts after ${listed(before.get(name))}. Dependents: ${listed(behind.get(name))}` +
          (below.size > behind.get(name).length ? `, and through them ${below.size - behind.get(name).length} more.` : ".");
  };

  // What does not scroll is no stop of the keyboard.
  const fit = () => {
    for (const one of document.querySelectorAll(".scroll")) {
      const scrolls = one.scrollWidth > one.clientWidth || one.scrollHeight > one.clientHeight;
      if (scrolls) one.tabIndex = 0;
      else one.removeAttribute("tabindex");
    }
  };
  addEventListener("resize", fit);
  document.addEventListener("toggle", fit, true);
  fit();

  const nodeOf = (event) => event.target.closest?.(".node")?.dataset.name ?? null;
  const settle = () => trace(opened ?? nodeOf({ target: document.activeElement }));
  graph.addEventListener("pointerover", (event) => nodeOf(event) && trace(nodeOf(event)));
  graph.addEventListener("pointerout", settle);
  graph.addEventListener("focusin", (event) => trace(nodeOf(event)));
  graph.addEventListener("focusout", () => trace(opened));

  const open = (name) => {
    const article = document.getElementById(`c-${name}`);
    if (!article) return false;
    const copy = article.cloneNode(true);
    copy.removeAttribute("id");
    const body = dialog.querySelector(".body");
    body.replaceChildren(copy);
    title.textContent = name;
    opened = name;
    trace(name);
    if (!dialog.open) dialog.showModal();
    body.scrollTop = 0;
    fit();
    title.focus();
    return true;
  };

  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#c-']");
    const plain = !(event.ctrlKey || event.metaKey || event.shiftKey || event.altKey);
    if (link && plain && open(link.getAttribute("href").slice(3))) event.preventDefault();
    // Outside of what it shows: its own box is covered by its contents.
    if (event.target === dialog) dialog.close();
  });
  dialog.querySelector("button").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => {
    opened = null;
    settle();
  });

  document.addEventListener("keydown", (event) => {
    const details = event.key === "Escape" && !dialog.open && event.target.closest?.("details[open]");
    if (details) {
      details.open = false;
      details.querySelector("summary").focus();
    }
  });

  // Paper has no folds.
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => {
    for (const one of closed) one.open = false;
  });
}
