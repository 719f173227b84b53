// Shows what a search field matches while one types. Without script, the field leads to a page that shows the same.
const PAUSE = 150; // ms after a key

export function seek(form) {
  const input = form.querySelector("input");
  const results = document.getElementById(form.dataset.into);
  const below = results.hasAttribute("popover");
  let waiting, asked = input.value.trim();

  async function show() {
    const text = input.value.trim();
    if (text === asked) return below && text && results.childElementCount ? results.showPopover() : undefined;
    asked = text;
    const answer = text && await fetch(`/search?${new URLSearchParams({ q: text })}`, { headers: { "HX-Request-Type": "partial" } }).catch(() => null);
    if (text !== asked || (text && !answer?.ok)) return; // a later key was quicker, or the field's own page will say what is wrong
    const shown = text ? new DOMParser().parseFromString(await answer.text(), "text/html").body.childNodes : [];
    if (text !== asked) return;
    results.replaceChildren(...shown);
    if (below) text ? results.showPopover() : results.hidePopover();
  }

  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(show, PAUSE); });
  for (const part of [form, results]) part.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape" && below) { results.hidePopover(); input.focus(); }
    if (!step) return;
    event.preventDefault();
    const stops = [input, ...results.querySelectorAll("a")];
    stops[Math.min(Math.max(stops.indexOf(document.activeElement) + step, 0), stops.length - 1)].focus();
  });
  if (input.value.trim() && below) { asked = ""; show(); }
}
