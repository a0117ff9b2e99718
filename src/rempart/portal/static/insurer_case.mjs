// Opens, in this page, what is sealed to the insurer: docs/formats/sealed-list.md, HPKE (RFC 9180) of X25519,
// HKDF-SHA256 and AES-256-GCM, by the browser's own WebCrypto. The key comes from a file, is never sent and not kept.

const READER = 8, WRAPPED = 80, NONCE = 8;
const ATTACHMENT = "rempart-attachment/1\n";
const text = new TextEncoder();
const subtle = globalThis.crypto?.subtle;

export class Fault extends Error {}

const bytes = (...pieces) => {
  const whole = new Uint8Array(pieces.reduce((sum, piece) => sum + piece.length, 0));
  let at = 0;
  for (const piece of pieces) { whole.set(piece, at); at += piece.length; }
  return whole;
};
const decoded = (base64) => Uint8Array.from(atob(base64), (each) => each.charCodeAt(0));
const same = (one, other) => one.length === other.length && one.every((each, at) => each === other[at]);
const hex = (found) => Uint8Array.from(found.replaceAll("-", "").match(/../g), (pair) => parseInt(pair, 16));

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

async function opened(key, nonce, content, bound) {
  const made = await subtle.importKey("raw", key, "AES-GCM", false, ["decrypt"]);
  const options = { name: "AES-GCM", iv: nonce, additionalData: bound };
  return new Uint8Array(await subtle.decrypt(options, made, content));
}

async function unwrapped(wrapped, own, purpose) {
  if (wrapped.length !== READER + WRAPPED || !same(wrapped.slice(0, READER), own.name)) throw new Fault("other");
  const point = wrapped.slice(READER, READER + 32), nothing = new Uint8Array();
  const theirs = await subtle.importKey("raw", point, { name: "X25519" }, false, []);
  const agreed = new Uint8Array(await subtle.deriveBits({ name: "X25519", public: theirs }, own.secret, 256));
  const shared = await KEM.expand(
    await KEM.extract(nothing, "eae_prk", agreed), "shared_secret", bytes(point, own.public), 32,
  );
  const info = text.encode("rempart-batch/1\n" + purpose);
  const context = bytes(
    [0], await SUITE.extract(nothing, "psk_id_hash", nothing), await SUITE.extract(nothing, "info_hash", info),
  );
  const secret = await SUITE.extract(shared, "secret", nothing);
  const nonce = await SUITE.expand(secret, "base_nonce", context, 12);
  return opened(await SUITE.expand(secret, "key", context, 32), nonce, wrapped.slice(READER + 32), nothing);
}

async function row(key, sealed, bound) {
  const nonce = bytes(new Uint8Array(4), sealed.slice(0, NONCE));
  const padded = await opened(key, nonce, sealed.slice(NONCE), bound);
  return padded.slice(0, padded.lastIndexOf(0x80));
}

const piece = async (sealed, own, purpose, bound) => row(
  await unwrapped(sealed.slice(0, READER + WRAPPED), own, purpose), sealed.slice(READER + WRAPPED), bound,
);

// An X25519 key in PEM (PKCS 8), as `rempart insurer keygen` writes opening.pem.
export async function ownKey(pem) {
  const inner = pem.match(/-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/);
  if (!inner) throw new Fault("key");
  try {
    const der = decoded(inner[1].replace(/\s/g, ""));
    const whole = await subtle.importKey("pkcs8", der, { name: "X25519" }, true, ["deriveBits"]);
    const { x } = await subtle.exportKey("jwk", whole);
    const open = decoded(x.replaceAll("-", "+").replaceAll("_", "/"));
    const name = new Uint8Array(await subtle.digest("SHA-256", open)).slice(0, READER);
    return { secret: whole, public: open, name };
  } catch (error) {
    throw new Fault(error.name === "NotSupportedError" ? "none" : "key");
  }
}

// The case whole: the quote, the member's reference ("" when there is none), attachments as { kind, content }.
export async function openCase(found, own) {
  const place = (part) => bytes(text.encode(found.insurer), hex(found.authorization), [part.place]);
  const [first, ...others] = found.parts;
  const read = async (part) => piece(decoded(part.sealed), own, "authorization", place(part));
  const quote = JSON.parse(new TextDecoder().decode(await read(first)));
  let reference = "";
  if (quote.reference) {
    const key = await unwrapped(decoded(quote.reference.wrapped), own, "references");
    const clear = await row(key, decoded(quote.reference.sealed), decoded(quote.reference.bound));
    reference = new TextDecoder().decode(clear);
  }
  const attachments = [];
  for (const part of others) {
    const clear = await read(part), magic = text.encode(ATTACHMENT);
    const bound = text.encode([found.insurer, found.site, quote.planned, part.kind].join("\n"));
    const content = same(clear.slice(0, magic.length), magic)
      ? await piece(clear.slice(magic.length), own, "attachment", bound) : clear;
    attachments.push({ kind: part.kind, content });
  }
  return { quote, reference, attachments };
}

const TYPES = [["%PDF", "application/pdf", "pdf"], ["\x89PNG", "image/png", "png"], ["\xff\xd8\xff", "image/jpeg", "jpg"]];

function kindOf(content) {
  const start = String.fromCharCode(...content.slice(0, 4));
  return TYPES.find(([magic]) => start.startsWith(magic)) ?? ["", "application/octet-stream", "bin"];
}

function element(name, content, properties = {}) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...[content].flat());
  return made;
}

// What else a line says (correction, ear, teeth), as `name value`.
function told(value, name = "") {
  if (value === null || value === undefined || value === "") return [];
  if (typeof value !== "object") return [`${name} ${value}`.trim()];
  return Object.entries(value).flatMap(([each, inner]) => told(inner, Array.isArray(value) ? name : each));
}

function show(box, { quote, reference, attachments }, words) {
  for (const line of quote.lines) {
    const act = document.querySelector(`[data-line="${line.number}"] [data-act]`);
    if (!act) continue;
    const many = line.quantity > 1 ? `, ${words.quantity} ${line.quantity}` : "";
    const more = [...(line.detail ?? []).map((coded) => coded.slice(1).join(" × ")), ...told(line.particulars)];
    act.replaceChildren(line.code + many, ...(more.length ? [element("small", more.join(", "))] : []));
    act.hidden = false;
  }
  const facts = element("dl", element("div", [
    element("dt", words.member), element("dd", reference || words.noMember),
  ]), { className: "facts stacked" });
  const papers = attachments.map(({ kind, content }, at) => {
    const [, type, ending] = kindOf(content);
    const href = URL.createObjectURL(new Blob([content], { type }));
    return element("li", element("a", words[kind] ?? kind, { href, download: `${at + 1}-${kind}.${ending}` }));
  });
  box.replaceChildren(facts);
  if (papers.length) box.append(element("h3", words.papers), element("ul", papers, { className: "plain" }));
  box.hidden = false;
}

function start(section) {
  const words = section.dataset, said = section.querySelector("[role=status]");
  const chosen = section.querySelector("input[type=file]");
  section.querySelector("[data-with-script]").hidden = false;
  chosen.addEventListener("change", async () => {
    const [file] = chosen.files;
    if (!file) return;
    said.textContent = words.opening;
    try {
      if (!subtle) throw new Fault("none");
      const own = await ownKey(await file.text());
      const answer = await fetch(words.path, { headers: { accept: "application/json" } });
      if (!answer.ok || answer.redirected) throw new Fault("away");
      show(section.querySelector("[data-opened]"), await openCase(await answer.json(), own), words);
      said.textContent = "";
    } catch (error) {
      said.textContent = error instanceof Fault ? words[error.message] : error.name === "OperationError" ? words.other : words.away;
    } finally {
      chosen.value = "";
    }
  });
}

const sealed = globalThis.document?.querySelector("#sealed");
if (sealed) start(sealed);
document.querySelector("#said")?.focus();
