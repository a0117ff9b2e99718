// HPKE (RFC 9180, base mode) of X25519, HKDF-SHA256 and AES-256-GCM by the browser's own WebCrypto, and the rows that
// docs/formats/sealed-list.md seals under it: what the insurer's desk opens, and what a site's page seals.

export const READER = 8, WRAPPED = 80;
export const ATTACHMENT = "rempart-attachment/1\n";
export const subtle = globalThis.crypto?.subtle;
export const text = new TextEncoder();
const NONCE = 8, BLOCK = 1024, nothing = new Uint8Array();

export class Fault extends Error {}

export const bytes = (...pieces) => {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) { whole.set(piece, at); at += piece.length; }
  return whole;
};
export const decoded = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
export const same = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);
export const named = async (key) => new Uint8Array(await subtle.digest("SHA-256", key)).slice(0, READER);

async function mac(key, content) {
  const raw = key.length ? key : new Uint8Array(32);
  const made = await subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await subtle.sign("HMAC", made, content));
}

// RFC 9180, 4: labelled extract and expand; nothing here is longer than one block of SHA-256.
const labelled = (suite) => ({
  extract: (salt, label, input) => mac(salt, bytes(text.encode("HPKE-v1"), suite, text.encode(label), input)),
  expand: async (secret, label, info, length) => (await mac(
    secret, bytes([length >> 8, length & 255], text.encode("HPKE-v1"), suite, text.encode(label), info, [1]),
  )).slice(0, length),
});
const KEM = labelled(bytes(text.encode("KEM"), [0, 0x20]));
const SUITE = labelled(bytes(text.encode("HPKE"), [0, 0x20, 0, 1, 0, 2]));

// Key and nonce of one message: of whoever holds one of the two private keys, and knows both public ones.
async function schedule(secret, theirs, point, reader, purpose) {
  const other = await subtle.importKey("raw", theirs, { name: "X25519" }, false, []);
  const agreed = new Uint8Array(await subtle.deriveBits({ name: "X25519", public: other }, secret, 256));
  const extracted = await KEM.extract(nothing, "eae_prk", agreed);
  const shared = await KEM.expand(extracted, "shared_secret", bytes(point, reader), 32);
  const info = text.encode("rempart-batch/1\n" + purpose);
  const context = bytes(
    [0], await SUITE.extract(nothing, "psk_id_hash", nothing), await SUITE.extract(nothing, "info_hash", info),
  );
  const whole = await SUITE.extract(shared, "secret", nothing);
  return [await SUITE.expand(whole, "key", context, 32), await SUITE.expand(whole, "base_nonce", context, 12)];
}

async function cipher(use, key, nonce, content, bound) {
  const made = await subtle.importKey("raw", key, "AES-GCM", false, [use]);
  return new Uint8Array(await subtle[use]({ name: "AES-GCM", iv: nonce, additionalData: bound }, made, content));
}

// `own`: { name, public, secret } of the reader. Throws a Fault for what was sealed to another.
export async function unwrapped(wrapped, own, purpose) {
  if (wrapped.length !== READER + WRAPPED || !same(wrapped.slice(0, READER), own.name)) throw new Fault("other");
  const point = wrapped.slice(READER, READER + 32);
  const [key, nonce] = await schedule(own.secret, point, point, own.public, purpose);
  return cipher("decrypt", key, nonce, wrapped.slice(READER + 32), nothing);
}

export async function row(key, sealed, bound) {
  const padded = await cipher("decrypt", key, bytes(new Uint8Array(4), sealed.slice(0, NONCE)), sealed.slice(NONCE), bound);
  return padded.slice(0, padded.lastIndexOf(0x80));
}

export const piece = async (sealed, own, purpose, bound) => row(
  await unwrapped(sealed.slice(0, READER + WRAPPED), own, purpose), sealed.slice(READER + WRAPPED), bound,
);

// What `piece` opens: one content under a fresh key, for the X25519 public key `reader` of 32 bytes.
export async function sealed(content, reader, purpose, bound) {
  const fresh = crypto.getRandomValues(new Uint8Array(32));
  const once = await subtle.generateKey({ name: "X25519" }, true, ["deriveBits"]);
  const point = new Uint8Array(await subtle.exportKey("raw", once.publicKey));
  const [key, nonce] = await schedule(once.privateKey, reader, point, reader, purpose);
  const wrapped = bytes(await named(reader), point, await cipher("encrypt", key, nonce, fresh, nothing));
  const padded = bytes(content, [0x80], new Uint8Array((BLOCK - ((content.length + 1) % BLOCK)) % BLOCK));
  return bytes(wrapped, new Uint8Array(NONCE), await cipher("encrypt", fresh, new Uint8Array(12), padded, bound));
}
