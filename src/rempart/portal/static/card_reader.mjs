// A second reader of signed cards, written from docs/formats/card.md alone: WebCrypto and nothing else, so it runs in a
// page: that of /hors-ligne. A test holds it to the samples. Times are seconds since 1970, days are counted from 1970-01-01.

const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const DOMAINS = ["PHAR", "MED", "SVIL", "HOSP", "OPTI", "DESO", "DEPR", "AUDI", "RADL", "LABO", "AUXM", "TRAN", "EXTE"];
const utf8 = new TextEncoder();
const hex = (bytes) => Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
const unbase64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
const joined = (...parts) => Uint8Array.from(parts.flatMap((part) => Array.from(part)));

class Refused extends Error {}
const need = (right, code) => { if (!right) throw new Refused(code); };

function unbase45(text) {
  const found = [];
  for (let at = 0; at < text.length; at += 3) {
    const digits = Array.from(text.slice(at, at + 3), (sign) => SIGNS.indexOf(sign));
    const value = digits.reduceRight((sum, digit) => sum * 45 + digit, 0), size = digits.length - 1;
    need(size > 0 && !digits.includes(-1) && value < 256 ** size, "card-text");
    found.push(...(size === 2 ? [value >> 8, value & 255] : [value]));
  }
  need(found.length > 0, "card-text");
  return Uint8Array.from(found);
}

// CBOR: integers, bytes, text, arrays, maps, each in its shortest form; null for anything else.
function decode(bytes) {
  let at = 0;
  function head() {
    const first = bytes[at++], kind = first >> 5, low = first & 31;
    if (low < 24) return [kind, low];
    const size = [1, 2, 4, 8][low - 24];
    if (size === undefined || at + size > bytes.length) throw new RangeError();
    let value = 0;
    for (const end = at + size; at < end; at++) value = value * 256 + bytes[at];
    if (value < [24, 256, 65536, 4294967296][low - 24] || !Number.isSafeInteger(value)) throw new RangeError();
    return [kind, value];
  }
  function taken(size) {
    if (at + size > bytes.length) throw new RangeError();
    return bytes.slice(at, (at += size));
  }
  function item(depth) {
    if (depth > 8 || at >= bytes.length) throw new RangeError();
    const [kind, value] = head();
    if (kind === 0) return value;
    if (kind === 1) return -1 - value;
    if (kind === 2) return taken(value);
    if (kind === 3) return new TextDecoder("utf-8", { fatal: true }).decode(taken(value));
    if (kind !== 4 && kind !== 5) throw new RangeError();
    const members = [];
    for (let left = kind === 5 ? value * 2 : value; left > 0; left--) members.push(item(depth + 1));
    return kind === 4 ? members : new Map(members.flatMap((key, place) => (place % 2 ? [] : [[key, members[place + 1]]])));
  }
  try {
    const value = item(0);
    return at === bytes.length ? value : null;
  } catch {
    return null;
  }
}

function head(kind, size) {
  if (size < 24) return [kind << 5 | size];
  if (size < 256) return [kind << 5 | 24, size];
  if (size < 65536) return [kind << 5 | 25, size >> 8, size & 255];
  return [kind << 5 | 26, size >>> 24, size >> 16 & 255, size >> 8 & 255, size & 255];
}
const signedBytes = (protectedBytes, use, payload) => joined(
  [0x84], head(3, 10), utf8.encode("Signature1"), ...[protectedBytes, utf8.encode(use), payload].flatMap((one) => [head(2, one.length), one]),
);

function message(bytes, most) {
  need(bytes.length <= most, "card-too-large");
  const found = decode(bytes), isBytes = (one) => one instanceof Uint8Array;
  need(Array.isArray(found) && found.length === 4 && [0, 2, 3].every((place) => isBytes(found[place])), "cose-shape");
  need(found[1] instanceof Map && found[3].length === 64, "cose-shape");
  const headers = decode(found[0]), [alg, kid] = headers instanceof Map ? [headers.get(1), headers.get(4)] : [];
  need(found[1].size === 0 && Number.isInteger(alg) && headers.size === (kid === undefined ? 1 : 2), "cose-header");
  return { alg, kid, headers: found[0], payload: found[2], signature: found[3] };
}

const imported = (name, raw) => crypto.subtle.importKey("raw", raw, name, false, ["verify"]);
const ED25519 = { name: "Ed25519" }, ES256 = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const verified = async (name, raw, signature, content) => {
  try {
    return await crypto.subtle.verify(name, await imported(name, raw), signature, content);
  } catch {
    return false;
  }
};

export async function readKeys(document, operatorKey, now) {
  const [line, signature] = document.split("\n");
  const said = utf8.encode(`rempart-card-keys/1\n${line}`);
  need(await verified(ED25519, operatorKey, unbase64(signature), said), "keys-signature-differs");
  const found = JSON.parse(line), age = now - Date.parse(found.created) / 1000;
  need(found.format === "rempart-card-keys/1" && age <= 7 * 86400, "keys-old");
  need(age >= -300, "keys-ahead");
  const byId = new Map();
  for (const key of found.keys) {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", unbase64(key.key)));
    byId.set(key.insurer + hex(digest.slice(0, 4)), key);
  }
  return byId;
}

async function signedCard(bytes, keys) {
  const found = message(bytes, 384);
  need(found.alg === -8, "card-algorithm");
  const key = keys.get(hex(found.kid ?? []));
  need(key, "card-key-unknown");
  const content = signedBytes(found.headers, "rempart-card/1", found.payload);
  need(await verified(ED25519, unbase64(key.key), found.signature, content), "card-signature-differs");
  const all = decode(found.payload);
  need(Array.isArray(all) && (all.length === 12 || all.length === 15), "card-content");
  const [amc, convention, csr, member, first, last, birth, rank, product, domains, serial, handle, issued, expires, cnf] = all;
  need(first <= last && rank >= 1 && rank <= 9 && domains >= 1 && domains < 8192 && handle.length === 16, "card-content");
  need(key.amc_numbers.includes(String(amc).padStart(10, "0")), "card-other-insurer");
  const live = cnf && { issued, expires, key: joined([4], cnf.get(1).get(-2), cnf.get(1).get(-3)) };
  return { insurer: key.insurer, amc, convention, csr, member, first, last, birth, rank, product, serial, handle, live,
    domains: DOMAINS.filter((_, place) => domains >> place & 1) };
}

export async function readCard(text, keys, now) {
  text = text.replace(/[\r\n]+$/, "");
  if (text.startsWith("RPC1:")) {
    const card = await signedCard(unbase45(text.slice(5)), keys);
    need(!card.live, "card-proof-missing");
    return card;
  }
  need(text.startsWith("RPM1:"), "card-text");
  const proof = message(unbase45(text.slice(5)), 640), inner = decode(proof.payload);
  need(proof.alg === -7, "card-algorithm");
  need(Array.isArray(inner) && inner.length === 2, "card-proof-shape");
  const card = await signedCard(inner[1], keys);
  need(card.live, "card-proof-shape");
  const content = signedBytes(proof.headers, "rempart-card-minute/1", proof.payload);
  need(await verified(ES256, card.live.key, proof.signature, content), "card-proof-differs");
  need(card.live.issued <= now && now < card.live.expires, "card-live-ended");
  const late = Math.floor(now / 60) - inner[0];
  need(-1 <= late && late <= 2, "card-minute-other");
  return card;
}

export async function readFilter(bytes, operatorKey) {
  const found = message(bytes, 16777216);
  const said = signedBytes(found.headers, "rempart-card-revocations/1", found.payload);
  need(found.alg === -8 && await verified(ED25519, operatorKey, found.signature, said), "filter-signature-differs");
  const [base, day, salt, count, packed] = decode(found.payload), places = new Set();
  const bit = (at) => packed[at >> 3] >> (7 - (at & 7)) & 1;
  for (let at = 0, place = 0, left = count; left > 0; left--) {
    for (; bit(at); at++) place += 8192;
    at++;
    let rest = 0;
    for (const end = at + 13; at < end; at++) rest = rest * 2 + bit(at);
    places.add((place += rest));
  }
  return { base, day, hits: async (insurer, serial) => {
    const number = new DataView(new ArrayBuffer(8));
    number.setBigUint64(0, BigInt(serial));
    const asked = joined(salt, utf8.encode(insurer), new Uint8Array(number.buffer));
    const digest = new DataView(await crypto.subtle.digest("SHA-256", asked));
    return places.has(Number(digest.getBigUint64(0) * BigInt(count * 8192) >> 64n));
  } };
}

// What is said of a card on a day: a code, and the card once it is genuine.
export async function judge(text, { keys, filters, day, now }) {
  try {
    const card = await readCard(text, keys, now);
    if (day < card.first) return { code: "card-not-yet", card };
    if (day > card.last) return { code: "card-ended", card };
    for (const filter of filters) if (await filter.hits(card.insurer, card.serial)) return { code: "card-ask-on-line", card };
    return { code: "card-covered", card };
  } catch (error) {
    if (error instanceof Refused) return { code: error.message };
    throw error;
  }
}

// What a card prints, in the fields of a form: nothing is verified, for somebody reads and sends it as if it were typed.
export function printed(text) {
  try {
    text = text.replace(/[\r\n]+$/, "");
    let bytes = unbase45(text.slice(5));
    if (text.startsWith("RPM1:")) bytes = decode(message(bytes, 640).payload)[1];
    else need(text.startsWith("RPC1:"), "card-text");
    const all = decode(message(bytes, 384).payload);
    need(Array.isArray(all) && (all.length === 12 || all.length === 15), "card-content");
    const [amc, convention, csr, member, , , birth, rank] = all;
    const digits = String(birth).padStart(6, "0"), years = Number(digits.slice(0, 2));
    const century = years > new Date().getFullYear() % 100 ? 19 : 20; // the hub itself goes by the two digits
    return { amc_number: String(amc).padStart(10, "0"), convention, csr, member, rank: String(rank),
      birth_date: `${digits.slice(4)}/${digits.slice(2, 4)}/${century}${digits.slice(0, 2)}` };
  } catch (error) {
    if (error instanceof Refused || error instanceof TypeError) return null;
    throw error;
  }
}

// All that a card on paper says, nothing verified: for its own holder, who draws it again. Null for what is none.
export function contents(text) {
  try {
    text = text.replace(/[\r\n]+$/, "");
    need(text.startsWith("RPC1:"), "card-text");
    const all = decode(message(unbase45(text.slice(5)), 384).payload);
    need(Array.isArray(all) && all.length === 12, "card-content");
    const [amc, convention, csr, member, first, last, birth, rank, product, domains] = all;
    return { amc, convention, csr, member, first, last, birth, rank, product, domains: DOMAINS.filter((_, place) => domains >> place & 1) };
  } catch (error) {
    if (error instanceof Refused || error instanceof TypeError) return null;
    throw error;
  }
}

export const answer = async (text, told) => (await judge(text, told)).code;
