// The signed receipt of a card check made without network (docs/formats/card.md, rempart-card-receipt/1), and the key of
// this browser that signs it: made here, given to nobody (`extractable: false`), kept in IndexedDB for one site.
const DOMAINS = ["PHAR", "MED", "SVIL", "HOSP", "OPTI", "DESO", "DEPR", "AUDI", "RADL", "LABO", "AUXM", "TRAN", "EXTE"];
const KIND = { name: "ECDSA", namedCurve: "P-256" };
const utf8 = new TextEncoder();
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => Array.from(part)));
export const web = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

const opened = () => new Promise((done, failed) => {
  const asked = indexedDB.open("rempart-receipts", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore("own");
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
});

async function at(mode, work) {
  const store = (await opened()).transaction("own", mode).objectStore("own");
  return new Promise((done, failed) => {
    const asked = work(store);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}
// `signer`: {site, key, keys}, its name as the hub calls it; `fresh`: keys that no hub knows yet.
export const kept = (name) => at("readonly", (store) => store.get(name));
export const keep = (name, value) => at("readwrite", (store) => store.put(value, name));
export const forget = (name) => at("readwrite", (store) => store.delete(name));
export const fresh = () => crypto.subtle.generateKey(KIND, false, ["sign", "verify"]);
export const point = (keys) => crypto.subtle.exportKey("raw", keys.publicKey);

// CBOR in its shortest form: integers from 0, bytes, text, arrays.
function head(kind, value) {
  if (value < 24) return [kind << 5 | value];
  const size = value < 256 ? 1 : value < 65536 ? 2 : value < 4294967296 ? 4 : 8;
  const bytes = [];
  for (let left = BigInt(value), step = 0; step < size; step++, left >>= 8n) bytes.unshift(Number(left & 255n));
  return [kind << 5 | { 1: 24, 2: 25, 4: 26, 8: 27 }[size], ...bytes];
}
function cbor(value) {
  if (typeof value === "number") return value < 0 ? head(1, -1 - value) : head(0, value);
  if (typeof value === "string") { const bytes = utf8.encode(value); return [...head(3, bytes.length), ...bytes]; }
  if (value instanceof Uint8Array) return [...head(2, value.length), ...value];
  return [...head(4, value.length), ...value.flatMap(cbor)];
}

// `card` as the second reader gives it, verified; `checked`: {seconds, care, keys, base, known}, days since 1970, 0 for none.
export function payload(site, card, checked) {
  const domains = card.domains.reduce((bits, name) => bits | 1 << DOMAINS.indexOf(name), 0);
  return Uint8Array.from(cbor([
    site, Number(card.insurer), card.serial, Uint8Array.from(card.handle), checked.seconds, checked.care, card.last, domains,
    checked.keys, checked.base, checked.known, card.live ? 2 : 1,
  ]));
}

export async function receipt(signer, card, checked) {
  const content = payload(signer.site, card, checked), raw = await point(signer.keys);
  const kid = new Uint8Array(await crypto.subtle.digest("SHA-256", raw)).slice(0, 16);
  const headers = Uint8Array.from([0xa2, 0x01, 0x26, 0x04, ...cbor(kid)]); // {1: -7, 4: kid}
  const said = Uint8Array.from(cbor(["Signature1", headers, utf8.encode("rempart-card-receipt/1"), content]));
  const signature = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signer.keys.privateKey, said));
  return `RPR1.${web(joined([0x84], cbor(headers), [0xa0], cbor(content), cbor(signature)))}`;
}
