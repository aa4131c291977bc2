// What hinders a reader of this page, a sentence each: evaluated by tools/browser.py in the page, after axe-core.
(async () => {
  // A page that reloads itself would end the audit.
  stop();
  await Promise.all(document.getAnimations().map(({ finished }) => finished));
  const { violations, incomplete } = await axe.run({ preload: false, rules: { "target-size": { enabled: true } } });
  const found = [...violations, ...incomplete].flatMap(({ id, help, nodes }) => nodes.map(({ html }) => `${id}: ${help}: ${html}`));
  const texts = document.createTreeWalker(document.querySelector("main") ?? document.body, NodeFilter.SHOW_TEXT);
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!text.parentElement.checkVisibility()) continue;
    for (const { 0: word, index } of text.data.matchAll(/\b[A-Za-z]{2,14}\b/g)) {
      const range = document.createRange();
      range.setStart(text, index);
      range.setEnd(text, index + word.length);
      if (new Set([...range.getClientRects()].map(({ top }) => top)).size > 1) found.push(`broken-word: ${word}`);
    }
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) found.push(`too-wide: ${wide} pixels are to the right of the window`);
  return found;
})()
