// Keeps the last looked-up units readable when the network drops, and shows how old they are. Online, every page is fetched again.
// The server puts SHELL (the assets such a page needs), VERSION and POLICY above this line.
const ASSETS = `assets-${VERSION}`;
const KEPT = "kept"; // answers, of the person signed in only: wiped at every sign-out and sign-in
const MOST = 30; // answers and as many unit pages
const LONGEST = 7 * 24 * 3600e3; // ms an answer is kept
const PATIENCE = 8000; // ms after which a registry that does not answer counts as out of reach

self.addEventListener("install", (event) => event.waitUntil(caches.open(ASSETS).then((cache) => cache.addAll(SHELL)).then(() => self.skipWaiting())));

self.addEventListener("activate", (event) => event.waitUntil((async () => {
  for (const name of await caches.keys()) if (name !== ASSETS && name !== KEPT) await caches.delete(name);
  await self.clients.claim();
})()));

// The page that was open before this worker was there.
self.addEventListener("message", (event) => event.waitUntil(fetch(event.data.keep).then((answer) => keep(answer)).catch(() => {})));

self.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (url.pathname.startsWith("/assets/")) return event.respondWith(asset(request));
  if (request.mode !== "navigate") return;
  if (url.pathname.startsWith("/sign-")) return event.waitUntil(caches.delete(KEPT));
  if (request.method === "GET" && asks(url)) event.respondWith(answer(request, url, event));
  else if (request.method === "POST" && url.pathname.startsWith("/units/")) event.respondWith(fetch(request).catch(() => unsent()));
});

const asks = (url) => url.pathname === "/" || /^\/(u|U|units)\/[^/]+$/.test(url.pathname);

async function asset(request) {
  return (await caches.match(request, { cacheName: ASSETS })) ?? fetch(request);
}

async function answer(request, url, event) {
  const kept = await find(url);
  const late = new Promise((_, fail) => { if (kept) setTimeout(fail, PATIENCE, new Error("late")); });
  try {
    const fresh = await Promise.race([fetch(request), late]);
    event.waitUntil(keep(fresh.clone()));
    return fresh;
  } catch {
    return kept ? shown(kept) : listed(url);
  }
}

// Only pages about one unit say so, in a header; nothing else is kept.
async function keep(answer) {
  const about = answer.ok && answer.headers.get("X-Unit");
  if (!about) return;
  const headers = { "Content-Type": "text/html; charset=utf-8", "X-Unit": about, "X-Kept-At": String(Date.now()) };
  const cache = await caches.open(KEPT);
  const kind = new URL(answer.url).pathname === "/" ? "answer" : "unit";
  await cache.put(`/kept/${kind}/${told(about).uid}`, new Response(await answer.text(), { headers }));
  const all = (await everything()).filter((one) => one.kind === kind);
  for (const one of all.filter((one, n) => n >= MOST || Date.now() - one.at > LONGEST)) await cache.delete(one.address);
}

// All that is kept, the newest first.
async function everything() {
  const cache = await caches.open(KEPT);
  const found = await Promise.all((await cache.keys()).map(async ({ url }) => {
    const { headers } = await cache.match(url);
    return { address: url, kind: url.split("/").at(-2), at: Number(headers.get("X-Kept-At")), ...told(headers.get("X-Unit")) };
  }));
  return found.sort((a, b) => b.at - a.at);
}

const told = (header) => JSON.parse(decodeURIComponent(header));

async function find(url) {
  const all = (await everything()).filter((one) => Date.now() - one.at <= LONGEST);
  const link = /\/(?:u|units)\/([\w-]+)/i;
  const code = url.searchParams.get("code")?.trim();
  const uid = (url.pathname === "/" ? link.exec(code)?.[1] : link.exec(url.pathname)[1])?.toLowerCase();
  const serial = (/\(21\)([^(]+)/.exec(code) ?? /^(?:\][a-z]\d)?01\d{14}21([^\x1d]+)/i.exec(code))?.[1] ?? code;
  const key = serial?.toUpperCase().replace(/[\s\-./_:]/g, "");
  const same = all.filter((one) => (uid ? one.uid.toLowerCase() === uid : code && (one.key === key || one.uid === code.toLowerCase())));
  const wanted = url.pathname === "/" ? "answer" : "unit";
  if (new Set(same.map((one) => one.uid)).size > 1) return undefined; // one serial of several makers: the list is shown
  const best = same.find((one) => one.kind === wanted) ?? same[0];
  return best && (await caches.open(KEPT)).match(best.address);
}

async function shown(kept) {
  const at = Number(kept.headers.get("X-Kept-At"));
  const banner = `<div class="notice is-late offline" role="alert" data-offline><span><b>Offline. Saved at ${clock(at)}, ${ago(at)}.</b> It may be out of date.</span> <a href="">Try again</a></div>`;
  return page((await kept.text()).replace(/<main[^>]*>/, (main) => main + banner));
}

async function listed(url) {
  const seen = new Map();
  for (const one of await everything()) if (!seen.has(one.uid)) seen.set(one.uid, one);
  const code = url.searchParams.get("code") ?? (url.pathname === "/" ? "" : url.pathname.split("/").pop());
  const missing = code ? `<p><b class="serial">${safe(code)}</b> is not saved on this device.</p>` : "";
  const rows = [...seen.values()].map((one) => `<li><a class="card choice" href="/units/${safe(one.uid)}"><span><b class="serial">${safe(one.serial)}</b><span class="product">${safe(one.says)}</span></span><span class="kept-at">saved at ${clock(one.at)}, ${ago(one.at)}</span></a></li>`);
  const units = rows.length ? `<h2>Recent units on this device</h2><ul class="choices">${rows.join("")}</ul>` : "<p>No units saved on this device since you signed in.</p>";
  return plain("Offline", `<p class="notice is-late offline" role="alert" data-offline><span><b>Offline.</b> The registry cannot be reached.</span> <a href="">Try again</a></p>${FIELD}${missing}${units}`);
}

const FIELD = '<form class="finder again" action="/" role="search"><input id="code" name="code" aria-label="Serial, unit ID or link" placeholder="Next serial" autocomplete="off" autocapitalize="characters" spellcheck="false" maxlength="400" required><button class="button" aria-label="Look up">→</button></form>';

const unsent = () => plain("Not sent", '<p class="notice is-stale offline" role="alert"><span><b>No connection.</b> Your last action was probably not saved. Check the unit when you are back online.</span></p><p><a class="button second" href="/">Look up a unit</a></p>');

const plain = (title, main) => page(`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title} · Musterroll</title>${SHELL.filter((name) => name.endsWith("app.css")).map((name) => `<link rel="stylesheet" href="${name}">`)}${SHELL.filter((name) => name.endsWith("app.js")).map((name) => `<script src="${name}" defer></script>`)}</head><body><main class="slim" id="main"><h1>${title}</h1>${main}</main></body></html>`, 503);

const page = (html, status = 200) => new Response(html, { status, headers: { "Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY } });

const safe = (text) => String(text).replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);

function clock(at) {
  const time = { hour: "2-digit", minute: "2-digit" };
  const today = new Date(at).toDateString() === new Date().toDateString();
  return new Date(at).toLocaleString("en-GB", today ? time : { day: "numeric", month: "short", ...time });
}

function ago(at) {
  const minutes = Math.floor((Date.now() - at) / 60e3);
  if (minutes < 1) return "under a minute ago";
  if (minutes < 60) return `${minutes} min ago`;
  return minutes < 48 * 60 ? `${Math.floor(minutes / 60)} h ago` : `${Math.floor(minutes / 1440)} days ago`;
}
