// The waiting room: checks the form, seals it in this page to the keeper's key of this closing, and leaves it.
// What the card says is sealed here and sent to nobody in clear: not to the portal, not to the hub.
import { busy, forget, mark } from "/static/forms.mjs";

const form = document.querySelector("form[data-waiting]");
const leave = document.getElementById("leave");
const said = document.getElementById("waiting-said");
const ascii = new TextEncoder();
const BLOCK = 1024;

const web = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

function joined(...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.byteLength, 0));
  let at = 0;
  for (const part of parts) { whole.set(new Uint8Array(part), at); at += part.byteLength; }
  return whole;
}

// ECDH-ES on P-256, A256GCM, compact: RFC 7516, RFC 7518 § 4.6.2.
async function sealed(left) {
  const { x, y, kid } = form.dataset;
  const curve = { name: "ECDH", namedCurve: "P-256" };
  const room = await crypto.subtle.importKey("jwk", { kty: "EC", crv: "P-256", x, y }, curve, false, []);
  const own = await crypto.subtle.generateKey(curve, true, ["deriveBits"]);
  const shared = await crypto.subtle.deriveBits({ name: "ECDH", public: room }, own.privateKey, 256);
  const about = joined(Uint8Array.of(0, 0, 0, 7), ascii.encode("A256GCM"), new Uint8Array(8), Uint8Array.of(0, 0, 1, 0));
  const secret = await crypto.subtle.digest("SHA-256", joined(Uint8Array.of(0, 0, 0, 1), shared, about));
  const key = await crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt"]);
  const epk = await crypto.subtle.exportKey("jwk", own.publicKey);
  const header = web(ascii.encode(JSON.stringify({
    alg: "ECDH-ES", enc: "A256GCM", typ: "rempart-waiting/1", kid, epk: { kty: "EC", crv: "P-256", x: epk.x, y: epk.y },
  })));
  const content = ascii.encode(JSON.stringify(left));
  const padded = joined(content, new Uint8Array((BLOCK - (content.byteLength % BLOCK)) % BLOCK).fill(32));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const box = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: ascii.encode(header) }, key, padded));
  return `${header}..${web(iv)}.${web(box.slice(0, -16))}.${web(box.slice(-16))}`;
}

const bare = (text) => text.replace(/[\s\u00a0\u202f]/g, "");

function nir(text) {
  const plain = bare(text).toUpperCase();
  if (!/^[1-478][0-9]{4}([0-9]{2}|2[AB])[0-9]{6}([0-9]{2})?$/.test(plain)) return null;
  if (plain.length === 13) return plain;
  const number = BigInt(plain.slice(0, 13).replace("2A", "19").replace("2B", "18"));
  return 97n - (number % 97n) === BigInt(plain.slice(13)) ? plain : null;
}

function birth(text) {
  const found = /^([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})$|^([0-9]{2})([0-9]{2})([0-9]{4})$/.exec(text.trim());
  if (!found) return null;
  const [day, month, year] = found.slice(1).filter(Boolean);
  return /^(18|19|20)/.test(year) ? `${year}-${month.padStart(2, "0")}-${day.padStart(2, "0")}` : null;
}

const fits = (shape, text) => (shape.test(text) ? text : null);

// As the ordinary forms read a card, field by field.
const READ = {
  amc_number: (text) => fits(/^(?=.*[1-9])([0-9]{8}|[0-9]{10})$/, bare(text)),
  convention: (text) => fits(/^[0-9A-Z]{0,4}$/, bare(text).toUpperCase()),
  csr: (text) => fits(/^[0-9A-Z]{0,8}$/, bare(text).toUpperCase()),
  member: (text) => fits(/^[0-9A-Za-z][0-9A-Za-z ./-]{0,19}$/, text.trim()),
  nir, birth_date: birth,
  rank: (text) => fits(/^[1-9]$/, text.trim()),
};

function tell(text) {
  said.textContent = text;
  said.hidden = false;
  said.focus();
}

async function checked() {
  const card = Object.fromEntries(Object.entries(READ).map(([name, read]) => [name, read(form.elements[name].value)]));
  const wrong = Object.keys(card).filter((name) => card[name] === null);
  const rest = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (!(name in READ)) rest.append(name, value);
  const answer = await fetch(form.dataset.check, { method: "POST", body: rest, credentials: "same-origin", cache: "no-store" });
  if (answer.redirected) { location.assign(answer.url); return null; }
  if (!(answer.headers.get("content-type") || "").startsWith("application/json")) throw new Error("no answer of ours");
  const told = await answer.json();
  const all = [...wrong, ...(told.wrong || [])];
  if (all.length || !told.request) { mark(form, all); tell(said.dataset.amiss); return null; }
  return { ...told.request, ...card };
}

async function go() {
  const request = await checked();
  if (!request) return;
  const { account: client, site, kind } = form.dataset;
  leave.elements.sealed.value = await sealed({ client, site, kind, request });
  form.reset();
  leave.submit();
}

if (form && window.crypto && crypto.subtle) {
  let waiting = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (waiting) return;
    const given = busy(form);
    waiting = true;
    said.hidden = true;
    mark(form, []);
    try { await go(); } catch { tell(form.dataset.lost); }
    given();
    waiting = false;
  });
  forget("form[data-waiting]");
}
