// Small improvements; every page works without them.
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(() => {
    button.querySelector("span").textContent = "Copied";
  });
});
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
if (navigator.clipboard) for (const button of document.querySelectorAll("[data-copy]")) button.hidden = false;

// One key leads to the search field; what it matches is shown once there is something in it.
const seeks = [...document.querySelectorAll("[data-seek]")];
for (const form of seeks) {
  const input = form.querySelector("input");
  const begin = () => import(form.dataset.script).then((search) => search.seek(form));
  if (document.activeElement === input) begin(); else input.addEventListener("focus", begin, { once: true });
}
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select, [contenteditable]");
  const asks = (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey);
  if (!asks || !seeks.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  const input = seeks.map((form) => form.querySelector("input")).find((field) => field.checkVisibility());
  if (input) { input.focus(); input.select(); } else location.href = "/search";
});

// A wedge scanner types wherever the person last tapped: letters typed outside any field go to the look-up field.
const code = document.getElementById("code");
if (code) document.addEventListener("keydown", (event) => {
  if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && !event.altKey && document.activeElement === document.body) code.focus();
});

// Fields that ask for a record offer those that match. Without script, a name or a number is typed.
for (const input of document.querySelectorAll("[data-pick]")) {
  const choices = document.getElementById(input.getAttribute("list")) ?? document.body.appendChild(Object.assign(document.createElement("datalist"), { id: input.getAttribute("list") }));
  let waiting;
  input.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(async () => {
      const [, before, text] = input.value.match(/^((?:.*,)?\s*)(.*)$/); // of several, the last is being typed
      if (!text.trim()) return;
      const answer = await fetch(`/api/v1/search?${new URLSearchParams({ q: text, kind: input.dataset.pick })}`).catch(() => null);
      if (!answer?.ok) return;
      const { items } = await answer.json();
      choices.replaceChildren(...items.map((hit) => new Option(`${hit.name} · ${hit.detail}`, before + hit.key)));
    }, 150);
  });
}

// The scanner is fetched only when it is needed.
for (const button of document.querySelectorAll("[data-scan]")) button.addEventListener("click", async () => {
  button.disabled = true;
  await import(button.dataset.script).then((scanner) => scanner.scan(button)).finally(() => { button.disabled = false; });
});
for (const form of document.querySelectorAll("[data-photo]")) {
  const input = form.querySelector("input[type=file]");
  input.addEventListener("change", async () => {
    if (!input.files.length) return;
    form.querySelector("label span").textContent = "Reading…";
    const kept = new DataTransfer();
    const { shrink } = await import(document.querySelector("[data-scan]").dataset.script);
    kept.items.add(await shrink(input.files[0]).catch(() => input.files[0]));
    input.files = kept.files;
    form.requestSubmit();
  });
}

// An open menu closes by Escape and by a tap beside it.
for (const menu of document.querySelectorAll("[data-menu]")) {
  document.addEventListener("click", (event) => { if (!menu.contains(event.target)) menu.open = false; });
  menu.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !menu.open) return;
    menu.open = false;
    menu.querySelector("summary").focus();
  });
  menu.addEventListener("keydown", (event) => {
    const step = {ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity}[event.key];
    if (!step) return;
    event.preventDefault();
    menu.open = true;
    const links = [...menu.querySelectorAll("a")].filter((link) => link.checkVisibility());
    const here = links.indexOf(document.activeElement);
    links[Math.min(Math.max(here + step, 0), links.length - 1)].focus();
  });
}

// A form that opens comes into view, above the bar of a phone, with its first field ready to type in.
for (const act of document.querySelectorAll("details.act")) act.addEventListener("toggle", () => {
  if (!act.open) return;
  act.querySelector("input:not([type=hidden]), textarea, select")?.focus({ preventScroll: true });
  act.scrollIntoView({ block: "nearest" });
});

// A file may be dropped on the field; the field says which file it has.
for (const drop of document.querySelectorAll("[data-drop]")) {
  const input = drop.querySelector("input");
  const say = () => { if (input.files.length) drop.querySelector("[data-file]").textContent = input.files[0].name; };
  input.addEventListener("change", say);
  for (const kind of ["dragover", "dragleave", "drop"]) drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop" && event.dataTransfer.files.length) { input.files = event.dataTransfer.files; say(); }
  });
}

// One checkbox selects all on the page.
for (const all of document.querySelectorAll("[data-all]")) {
  all.hidden = false;
  all.addEventListener("change", () => { for (const one of document.forms[all.dataset.all].querySelectorAll("[name=finding]")) one.checked = all.checked; });
}

// A page that renews itself tells the server which pieces it shows, and is sent those that changed; a hidden tab asks for nothing.
document.addEventListener("htmx:before:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.sourceElement.id !== "live") return;
  if (document.hidden) return event.preventDefault();
  ctx.request.headers["X-Pieces"] = [...document.querySelectorAll("#live [data-piece]")].map((piece) => piece.dataset.piece).filter(Boolean).join(" ");
});

// "3 minutes ago" goes on by itself, in the words of the server and by its clock.
let ahead; // ms of the server's clock
document.addEventListener("htmx:after:request", ({ detail: { ctx } }) => {
  const date = Date.parse(ctx.response.headers.get("Date"));
  if (date) ahead = date - Date.now();
});
const span = (seconds) => {
  const [size, name] = [[86400, "day"], [3600, "hour"], [60, "minute"], [1, "second"]].find(([size]) => seconds >= size);
  const number = Math.floor(seconds / size);
  return `${number.toLocaleString("en")} ${name}${number === 1 ? "" : "s"}`;
};
if (document.getElementById("live")) setInterval(() => {
  if (document.hidden || ahead === undefined) return;
  for (const time of document.querySelectorAll("#live time")) {
    const seconds = Math.floor((Date.now() + ahead - new Date(time.dateTime)) / 1000);
    if (seconds >= 2) time.textContent = `${span(seconds)} ago`;
  }
}, 5000);

// The last looked-up units stay readable offline. A page shown from the cache says so, and is fetched again as soon as possible.
if (document.body.dataset.worker && navigator.serviceWorker) {
  const [loaded] = performance.getEntriesByType("navigation");
  navigator.serviceWorker.register(document.body.dataset.worker).then(() => navigator.serviceWorker.ready).then((ready) => {
    if (!loaded?.workerStart) ready.active.postMessage({ keep: location.href }); // the page was asked for before there was a worker
  }).catch(() => {});
}
if (document.querySelector("[data-offline]")) addEventListener("online", () => setTimeout(() => { if (navigator.onLine) location.reload(); }, 500)); // no flicker
// Going back may show a stale page; a unit's status is fetched again.
if (document.querySelector(".verdict")) addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
