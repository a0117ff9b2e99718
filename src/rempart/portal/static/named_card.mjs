// A member's own card with a name on it: read from a picture, a PDF or its text, drawn here, saved or printed. This page
// may connect nowhere (its policy says so); the name stays in its field and in the drawing, and is kept by nothing.
import { contents } from "/static/card_reader.mjs";
import { path, squares } from "/static/qr.mjs";

const form = document.getElementById("named");
const said = document.getElementById("named-said");
const name = document.getElementById("name");
const canvas = document.getElementById("drawn");
const acts = document.getElementById("named-acts");
const columns = Object.fromEntries(Array.from(document.querySelectorAll("#columns [data-domain]"), (each) => [each.dataset.domain, each.textContent]));
const CODE = /RPC1:[0-9A-Z $%*+\-./:]{60,400}/g;
const MOST = 16 * 1024 * 1024, WIDEST = 2400;
const OPTIONS = { formats: ["QRCode", "DataMatrix"], tryHarder: true, maxNumberOfSymbols: 4 };
let card = null;

function tell(key, good = false) {
  said.textContent = said.dataset[key];
  said.className = `notice ${good ? "calm" : "warn"}`;
  said.hidden = false;
}

function script(source) {
  return new Promise((done, failed) => {
    const made = document.createElement("script");
    made.src = source;
    made.onload = done;
    made.onerror = failed;
    document.head.append(made);
  });
}

let decoding = null;
function decoder() {
  decoding ??= (async () => {
    await Promise.all([script(form.dataset.reader), script(form.dataset.decoder)]);
    const wasmBinary = Uint8Array.from(atob(globalThis.rempartDecoder), (sign) => sign.charCodeAt(0)).buffer;
    await globalThis.ZXingWASM.prepareZXingModule({ overrides: { wasmBinary }, fireImmediately: true });
    return globalThis.ZXingWASM;
  })();
  return decoding;
}

async function pictured(file) {
  const image = await createImageBitmap(file), ratio = Math.min(1, WIDEST / Math.max(image.width, image.height));
  const drawing = new OffscreenCanvas(Math.round(image.width * ratio), Math.round(image.height * ratio)).getContext("2d");
  drawing.drawImage(image, 0, 0, drawing.canvas.width, drawing.canvas.height);
  const pixels = drawing.getImageData(0, 0, drawing.canvas.width, drawing.canvas.height);
  return (await (await decoder()).readBarcodes(pixels, OPTIONS)).map((each) => each.text);
}

// A PDF of one card says its code among its keywords, in clear.
async function written(file) {
  const text = new TextDecoder("latin1").decode(await file.arrayBuffer());
  return Array.from(text.matchAll(CODE), ([found]) => found);
}

function taken(texts) {
  const codes = [...new Set(texts.map((text) => text.trim()))].filter((text) => text.startsWith("RPC1:") && contents(text));
  if (codes.length !== 1) { tell(codes.length ? "several" : texts.some((text) => text.startsWith("RPM1:")) ? "phone" : "none"); return; }
  card = { text: codes[0], ...contents(codes[0]) };
  tell("read", true);
  name.disabled = false;
  acts.hidden = false;
  canvas.hidden = false;
  draw();
  name.focus();
}

async function choose(file) {
  if (!file) return;
  if (file.size > MOST) { tell("large"); return; }
  form.setAttribute("aria-busy", "true");
  try { taken(file.type === "application/pdf" || /\.pdf$/i.test(file.name) ? await written(file) : await pictured(file)); }
  catch { tell("none"); }
  form.removeAttribute("aria-busy");
}

const two = (number) => String(number).padStart(2, "0");
function day(days) {
  const at = new Date(days * 86400000);
  return `${two(at.getUTCDate())}/${two(at.getUTCMonth() + 1)}/${at.getUTCFullYear()}`;
}

// 85.6 × 54 mm at 300 points an inch.
const WIDE = 1011, HIGH = 638, EDGE = 44;
function fitted(pen, text, size, most, weight = "") {
  let at = size;
  do pen.font = `${weight} ${at}px system-ui, sans-serif`; while (pen.measureText(text).width > most && --at > 14);
}
function draw() {
  const words = canvas.dataset, pen = canvas.getContext("2d"), accent = getComputedStyle(document.documentElement).getPropertyValue("--brand").trim() || "#0b5c55";
  canvas.width = WIDE;
  canvas.height = HIGH;
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, WIDE, HIGH);
  pen.fillStyle = accent;
  pen.fillRect(0, 0, WIDE, 14);
  const { side, strokes } = path(squares(card.text)), size = 372, scale = size / side;
  pen.save();
  pen.translate(WIDE - size - 12, 30);
  pen.scale(scale, scale);
  pen.fillStyle = "#000";
  pen.fill(new Path2D(strokes));
  pen.restore();
  const labelled = (label, value, x, y) => {
    pen.fillStyle = "#51666a";
    pen.font = "22px system-ui, sans-serif";
    pen.fillText(label, x, y);
    pen.fillStyle = "#16302f";
    pen.font = "30px ui-monospace, monospace";
    pen.fillText(value || "–", x, y + 34);
  };
  const shown = name.value.trim().replace(/\s+/g, " ") || words.nobody;
  pen.fillStyle = name.value.trim() ? "#16302f" : "#51666a";
  fitted(pen, shown, 46, WIDE - size - EDGE - 40, "700");
  pen.fillText(shown, EDGE, 92);
  const birth = String(card.birth).padStart(6, "0");
  labelled(words.birth, `${birth.slice(4)}/${birth.slice(2, 4)}/${birth.slice(0, 2)}`, EDGE, 146);
  labelled(words.rank, String(card.rank), EDGE + 260, 146);
  labelled(words.member, card.member, EDGE, 232);
  labelled(words.amc, String(card.amc).padStart(10, "0"), EDGE, 318);
  labelled(words.convention, card.convention, EDGE + 260, 318);
  labelled(words.csr, card.csr, EDGE + 400, 318);
  labelled(words.valid, `${day(card.first)} – ${day(card.last)}`, EDGE, 404);
  pen.fillStyle = "#51666a";
  pen.font = "22px system-ui, sans-serif";
  pen.fillText(words.covers, EDGE, 490);
  pen.fillStyle = "#16302f";
  pen.font = "25px system-ui, sans-serif";
  let line = "", y = 524;
  for (const word of card.domains.map((each) => columns[each])) {
    const longer = line ? `${line}, ${word}` : word;
    if (pen.measureText(longer).width > WIDE - 2 * EDGE && y < 590) { pen.fillText(`${line},`, EDGE, y); line = word; y += 32; } else line = longer;
  }
  fitted(pen, line, 25, WIDE - 2 * EDGE);
  pen.fillText(line, EDGE, y);
  canvas.setAttribute("aria-label", `${words.alt} ${shown}`);
}

form.elements.file.addEventListener("change", () => choose(form.elements.file.files[0]));
form.elements.code.addEventListener("input", () => { const text = form.elements.code.value.replace(/[\r\n]+/g, "").trim(); if (contents(text)) taken([text]); });
form.elements.code.addEventListener("change", () => { if (!card && form.elements.code.value.trim()) taken([form.elements.code.value.replace(/[\r\n]+/g, "").trim()]); });
const drop = form.querySelector(".named-drop");
for (const kind of ["dragover", "dragenter"]) drop.addEventListener(kind, (event) => { event.preventDefault(); drop.dataset.over = ""; });
for (const kind of ["dragleave", "drop"]) drop.addEventListener(kind, () => { delete drop.dataset.over; });
drop.addEventListener("drop", (event) => { event.preventDefault(); choose(event.dataTransfer.files[0]); });
name.addEventListener("input", () => { if (card) draw(); });
form.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("named-print").addEventListener("click", () => window.print());
document.getElementById("named-save").addEventListener("click", () => canvas.toBlob((image) => {
  const link = document.createElement("a"), source = URL.createObjectURL(image);
  link.href = source;
  link.download = acts.dataset.file;
  link.click();
  setTimeout(() => URL.revokeObjectURL(source), 1000);
}, "image/png"));
window.addEventListener("pagehide", () => { form.reset(); card = null; canvas.width = canvas.height = 0; });
form.hidden = false;
