// What hinders a reader of this page, a sentence each: evaluated by tools/browser.py in the page itself.
(() => {
  const found = [];
  const rgb = (text) => text.match(/[\d.]+/g).map(Number);
  const over = ([r, g, b, a = 1], below) => [r, g, b].map((value, i) => value * a + below[i] * (1 - a));
  const light = (colour) => {
    const [r, g, b] = colour.map((value) => value / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const dark = matchMedia("(prefers-color-scheme: dark)").matches;
  const canvas = dark ? [18, 18, 18] : [255, 255, 255];
  const background = (element) => {
    if (!element) return canvas;
    return over(rgb(getComputedStyle(element).backgroundColor), background(element.parentElement));
  };
  const opacity = (element) => (element ? Number(getComputedStyle(element).opacity) * opacity(element.parentElement) : 1);
  for (const element of document.body.querySelectorAll("*")) {
    const text = [...element.childNodes].filter((n) => n.nodeType === Node.TEXT_NODE && n.data.trim()).map((n) => n.data.trim()).join(" ");
    if (!text) continue;
    const below = background(element);
    const [r, g, b, a = 1] = rgb(getComputedStyle(element).color);
    const [low, high] = [light(over([r, g, b, a * opacity(element)], below)), light(below)].sort((x, y) => x - y);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) found.push(`contrast ${contrast.toFixed(2)} of "${text.slice(0, 40)}"`);
  }
  const texts = document.createTreeWalker(document.querySelector("main") ?? document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    for (const { 0: word, index } of text.data.matchAll(/\b[A-Za-z]{2,14}\b/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(`the word "${word}" is broken`);
    }
  }
  const count = (selector) => document.querySelectorAll(selector).length;
  if (!document.documentElement.lang) found.push("the page has no language");
  if (!document.title.trim()) found.push("the page has no title");
  for (const [selector, wanted] of [["main", 1], ["h1", 1]]) if (count(selector) !== wanted) found.push(`${count(selector)} ${selector}`);
  for (const table of document.querySelectorAll("table")) if (!table.caption) found.push("a table has no caption");
  for (const cell of document.querySelectorAll("th:not([scope])")) found.push(`the heading "${cell.innerText}" has no scope`);
  for (const one of document.querySelectorAll("button, a[href]")) if (!one.innerText.trim()) found.push(`a ${one.tagName} has no words`);
  for (const one of document.querySelectorAll("button")) {
    const { width, height } = one.getBoundingClientRect();
    if (Math.min(width, height) < 24) found.push(`the button "${one.innerText}" is ${width} x ${height}`);
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`${wide} pixels are to the right of the window`);
  return found;
})()
