// Opens, in this page, the document of somebody who joins (docs/formats/enrolment.md). The operator's key comes from a
// file, is never sent and not kept.

import { Fault, bytes, named, piece, subtle, text, same } from "./hpke.mjs";
import { openWithFile } from "./opening.mjs";

const MAGIC = text.encode("rempart-enrolment/1\n");
const PKCS8 = Uint8Array.from("302e020100300506032b656e04220420".match(/../g), (pair) => parseInt(pair, 16));
const TYPES = { pdf: "application/pdf", jpeg: "image/jpeg", png: "image/png" };
const plain = (base64) => Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));

// The key as `rempart operator enrolment new-key` writes it: 32 bytes, base64url.
async function ownKey(written) {
  try {
    const raw = plain(written.trim());
    if (raw.length !== 32) throw new Fault("key");
    const secret = await subtle.importKey("pkcs8", bytes(PKCS8, raw), { name: "X25519" }, true, ["deriveBits"]);
    const open = plain((await subtle.exportKey("jwk", secret)).x);
    return { secret, public: open, name: await named(open) };
  } catch (error) {
    throw new Fault(error.name === "NotSupportedError" ? "none" : "key");
  }
}

// The few forms of msgpack that a package has: a map of texts and one piece of bytes.
function unpacked(packed) {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  let at = 0;
  const size = (width) => {
    const found = width === 1 ? view.getUint8(at) : width === 2 ? view.getUint16(at) : view.getUint32(at);
    at += width;
    return found;
  };
  const slice = (length) => packed.slice(at, at += length);
  const WIDTHS = { 0xc4: 1, 0xc5: 2, 0xc6: 4, 0xd9: 1, 0xda: 2, 0xdb: 4 };
  const value = () => {
    const mark = size(1);
    if (mark >= 0xa0 && mark <= 0xbf) return new TextDecoder().decode(slice(mark & 0x1f));
    if (!(mark in WIDTHS)) throw new Fault("other");
    const found = slice(size(WIDTHS[mark]));
    return mark < 0xd0 ? found : new TextDecoder().decode(found);
  };
  const mark = size(1);
  if (mark >> 4 !== 8) throw new Fault("other");
  return Object.fromEntries(Array.from({ length: mark & 15 }, () => [value(), value()]));
}

async function opened(sealed, own, bound) {
  if (!same(sealed.slice(0, MAGIC.length), MAGIC)) throw new Fault("other");
  return unpacked(await piece(sealed.slice(MAGIC.length), own, "enrolment", text.encode(bound)));
}

function show(box, found) {
  box.querySelector("[data-holder]").textContent = found.holder;
  box.querySelector("[data-iban]").textContent = found.iban.match(/.{1,4}/g).join(" ");
  const link = box.querySelector("a");
  link.href = URL.createObjectURL(new Blob([found.document], { type: TYPES[found.kind] ?? "application/octet-stream" }));
  link.download = `document.${found.kind}`;
  box.hidden = false;
}

const sealed = document.querySelector("#sealed-document");
if (sealed) {
  openWithFile(sealed, {
    own: ownKey, show,
    open: async (answer, own) => opened(new Uint8Array(await answer.arrayBuffer()), own, sealed.dataset.bound),
  });
}
