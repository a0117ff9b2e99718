// Opens, in this page, what is sealed to the insurer: docs/formats/sealed-list.md. The key comes from a file, is never
// sent and not kept.

import { ATTACHMENT, Fault, bytes, decoded, named, piece, row, same, subtle, text, unwrapped } from "./hpke.mjs";
import { openWithFile } from "./opening.mjs";

const hex = (found) => Uint8Array.from(found.replaceAll("-", "").match(/../g), (pair) => parseInt(pair, 16));

// An X25519 key in PEM (PKCS 8), as `rempart insurer keygen` writes opening.pem.
export async function ownKey(pem) {
  const inner = pem.match(/-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/);
  if (!inner) throw new Fault("key");
  try {
    const der = decoded(inner[1].replace(/\s/g, ""));
    const whole = await subtle.importKey("pkcs8", der, { name: "X25519" }, true, ["deriveBits"]);
    const { x } = await subtle.exportKey("jwk", whole);
    const open = decoded(x.replaceAll("-", "+").replaceAll("_", "/"));
    return { secret: whole, public: open, name: await named(open) };
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

const sealed = globalThis.document?.querySelector("#sealed");
if (sealed) {
  openWithFile(sealed, {
    accept: "application/json", own: ownKey,
    open: async (answer, own) => openCase(await answer.json(), own),
    show: (box, found) => show(box, found, sealed.dataset),
  });
}
globalThis.document?.querySelector("#said")?.focus();
