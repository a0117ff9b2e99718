// Keeps what the page /hors-ligne needs, and the signed lists, for when there is no network. Nothing of a patient is kept.
"use strict";

const KEPT = "rempart-hors-ligne-1";
const VENDOR = "/static/vendor/zxing-wasm-3.1.4/";
const LISTS = "/hors-ligne/lists";
const PARTS = [
  "/hors-ligne", "/brand.css", "/static/portal.css", "/static/icon.svg", "/static/scan.js", "/static/offline.js",
  "/static/card_reader.mjs", "/static/receipt.mjs", "/static/qr.mjs", `${VENDOR}reader.js`, `${VENDOR}zxing_reader.wasm`,
];
const PATIENCE = 4000; // milliseconds for the network, before what was kept is shown

self.addEventListener("install", (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(KEPT);
    await cache.addAll(PARTS);
    await cache.add(LISTS).catch(() => {}); // the operator may publish none yet
    await self.skipWaiting();
  })());
});

self.addEventListener("activate", (event) => {
  event.waitUntil((async () => {
    for (const name of await caches.keys()) if (name !== KEPT && name.startsWith("rempart-hors-ligne")) await caches.delete(name);
    await self.clients.claim();
  })());
});

// The network first, so that lists and page are of today; what was kept when it does not answer.
async function found(request, path) {
  const cache = await caches.open(KEPT);
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE) });
    if (answer.ok) await cache.put(path, answer.clone());
    if (answer.ok || answer.status < 500) return answer;
  } catch { /* no network: below */ }
  return (await cache.match(path)) ?? Response.error();
}

self.addEventListener("fetch", (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== "GET" || url.origin !== self.location.origin) return;
  if (PARTS.includes(url.pathname) || url.pathname === LISTS) event.respondWith(found(event.request, url.pathname));
});
