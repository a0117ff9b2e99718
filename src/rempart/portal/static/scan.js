// Scans the signed card with the camera: each picture is read in this page by a vendored WebAssembly, and goes nowhere.
// What was read is put into the form and asked as if it were typed; then it is forgotten. A form that says more than a
// card (`data-fill`) gets what the card prints in its fields instead, for whoever sees it to complete and send.
"use strict";

const scan = document.getElementById("scan");
const view = document.getElementById("scan-view");
const video = view.querySelector("video");
const startButton = document.getElementById("scan-start");
const told = document.getElementById("scan-said");
const scanned = document.getElementById("scanned");
const asking = scan.closest("form");
const VENDOR = "/static/vendor/zxing-wasm-3.1.4/";
const WIDEST = 1280; // pixels of a picture that is read
const PAUSE = 80; // milliseconds between two readings
const PATIENCE = 90000; // after which the camera is turned off
const OPTIONS = { formats: ["QRCode", "DataMatrix"], tryHarder: true, tryInvert: false, maxNumberOfSymbols: 1 };
const filling = "fill" in scan.dataset;
let stream = null;

function say(key) {
  told.textContent = scan.dataset[key];
  told.hidden = false;
}

function reader() {
  if (window.ZXingWASM) return Promise.resolve(window.ZXingWASM);
  return new Promise((done, failed) => {
    const script = document.createElement("script");
    script.src = `${VENDOR}reader.js`;
    script.onload = () => done(window.ZXingWASM);
    script.onerror = failed;
    document.head.append(script);
  });
}

async function ready() {
  const zxing = await reader();
  await zxing.prepareZXingModule({ overrides: { locateFile: (name) => VENDOR + name }, fireImmediately: true });
  return zxing;
}

function stop() {
  for (const track of stream?.getTracks() ?? []) track.stop();
  stream = null;
  video.srcObject = null;
  view.hidden = true;
  startButton.hidden = false;
}

const pause = () => new Promise((done) => setTimeout(done, PAUSE));

async function watch(zxing, mine) {
  const canvas = document.createElement("canvas");
  const drawing = canvas.getContext("2d", { willReadFrequently: true });
  const until = Date.now() + PATIENCE;
  while (stream === mine) {
    if (Date.now() > until) { stop(); say("nothing"); startButton.focus(); return; }
    if (video.videoWidth) {
      const ratio = Math.min(1, WIDEST / video.videoWidth);
      canvas.width = Math.round(video.videoWidth * ratio);
      canvas.height = Math.round(video.videoHeight * ratio);
      drawing.drawImage(video, 0, 0, canvas.width, canvas.height);
      const [found] = await zxing.readBarcodes(drawing.getImageData(0, 0, canvas.width, canvas.height), OPTIONS);
      if (stream !== mine) return;
      if (found && /^RP[CM]1:/.test(found.text)) { stop(); ask(found.text); return; }
      if (found) say("other");
    }
    await pause();
  }
}

function ask(text) {
  told.hidden = true;
  navigator.vibrate?.(60);
  if (filling) { fill(text); return; }
  scanned.value = text;
  asking.requestSubmit();
}

async function fill(text) {
  scanned.value = "";
  const { printed } = await import("/static/card_reader.mjs");
  const card = printed(text);
  if (!card) { say("other"); return; }
  for (const [name, value] of Object.entries(card)) {
    asking.elements[name].value = value;
    asking.elements[name].dispatchEvent(new Event("change", { bubbles: true }));
  }
  say("fill");
  asking.elements.nir.focus();
}

function refused(error) {
  if (error?.name === "NotAllowedError") return "denied";
  return ["NotFoundError", "OverconstrainedError"].includes(error?.name) ? "absent" : "broken";
}

async function start() {
  told.hidden = true;
  startButton.hidden = true;
  try {
    const mine = stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } } });
    video.srcObject = mine;
    view.hidden = false;
    view.querySelector("button").focus();
    view.scrollIntoView({ block: "nearest" });
    await video.play();
    await watch(await ready(), mine);
  } catch (error) {
    stop();
    say(refused(error));
  }
}

if (navigator.mediaDevices?.getUserMedia && window.WebAssembly) {
  startButton.hidden = false;
  startButton.addEventListener("click", start);
  view.querySelector("button").addEventListener("click", () => { stop(); startButton.focus(); });
  document.addEventListener("visibilitychange", () => { if (document.hidden && stream) stop(); });
  window.addEventListener("pagehide", stop);
}
if (filling) { // a reader that types ends with Enter: it sends nothing here
  scan.hidden = false;
  scanned.removeAttribute("name");
  scanned.addEventListener("keydown", (event) => { if (event.key === "Enter") { event.preventDefault(); if (scanned.value) fill(scanned.value); } });
  scanned.addEventListener("change", () => { if (/^RP[CM]1:/.test(scanned.value)) fill(scanned.value); });
}
// A card is asked once: whatever the answer, the next question starts without it.
asking.addEventListener("submit", () => setTimeout(() => { scanned.value = ""; }));
// What checks cards without network is fetched while there is one.
if ("offline" in scan.dataset) navigator.serviceWorker?.register("/hors-ligne/worker.js", { scope: "/hors-ligne" }).catch(() => {});
