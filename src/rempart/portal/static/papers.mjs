// Documents of a request: chosen here, sealed here to the insurer's own key, and sent as nobody else can read them.
// A file's name stays in this page. What is sealed stays as it is when the form is sent again: docs/formats/identity-jwe.md.

import { ATTACHMENT, bytes, decoded, sealed, subtle, text } from "./hpke.mjs";

const STARTS = [[0x25, 0x50, 0x44, 0x46], [0xff, 0xd8, 0xff], [0x89, 0x50, 0x4e, 0x47]]; // PDF, JPEG, PNG
const chosen = []; // { file, kind, bound, text }
let passing = false, keys = { about: "", told: null };

const box = () => document.querySelector("[data-papers]");
const magic = text.encode(ATTACHMENT);

function web(content) {
  let binary = "";
  for (let at = 0; at < content.length; at += 0x8000) binary += String.fromCharCode(...content.subarray(at, at + 0x8000));
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function size(count) {
  const unit = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 1, style: "unit", unit: count < 1e6 ? "kilobyte" : "megabyte", unitDisplay: "short" });
  return unit.format(count < 1e6 ? Math.ceil(count / 1e3) : count / 1e6);
}

function said(sentence, wrong = false) {
  const error = box().querySelector("[data-amiss]"), status = box().querySelector("[role=status]");
  box().querySelector("#papers-error").hidden = true;
  error.hidden = !wrong;
  if (wrong) error.textContent = sentence;
  status.textContent = wrong ? "" : sentence;
  const input = box().querySelector("input[type=file]");
  if (wrong) input.setAttribute("aria-invalid", "true"); else input.removeAttribute("aria-invalid");
  if (wrong) error.scrollIntoView({ block: "nearest" });
}

function arrange() {
  const here = box(), list = here.querySelector("ul"), row = here.querySelector("template");
  list.replaceChildren(...chosen.map((each) => {
    const made = row.content.cloneNode(true).firstElementChild, kind = made.querySelector("select");
    made.querySelector("b").textContent = each.file.name;
    made.querySelector("small").textContent = size(each.file.size);
    kind.setAttribute("aria-label", `${kind.getAttribute("aria-label")} – ${each.file.name}`);
    kind.value = each.kind;
    kind.addEventListener("change", () => { each.kind = kind.value; });
    made.querySelector("button").addEventListener("click", () => {
      chosen.splice(chosen.indexOf(each), 1);
      arrange();
      here.querySelector("input[type=file]").focus();
    });
    return made;
  }));
  list.hidden = !chosen.length;
  clear();
}

function clear() {
  for (const field of box().querySelectorAll("input[type=hidden]")) field.remove();
}

async function take(files) {
  const words = box().dataset;
  for (const file of files) {
    const start = new Uint8Array(await file.slice(0, 4).arrayBuffer());
    const together = chosen.reduce((sum, each) => sum + each.file.size, file.size);
    let why = "";
    if (!STARTS.some((each) => each.every((one, at) => start[at] === one))) why = words.type;
    else if (file.size > Number(words.each)) why = words.large;
    else if (chosen.length >= Number(words.most)) why = words.many;
    else if (together > Number(words.together)) why = words.whole;
    if (why) { arrange(); said(`${file.name} : ${why}`, true); return; }
    chosen.push({ file, kind: "prescription", bound: "", text: "" });
  }
  arrange();
  said("");
}

// The insurer's key and what a document is bound to, as the portal verified it; null when the form is at fault.
async function key(form) {
  const about = new URLSearchParams(["amc_number", "convention", "csr", "planned"].map((name) => [name, form.elements[name].value]));
  if (keys.about === about.toString()) return keys.told;
  const answer = await fetch(box().dataset.key, { method: "POST", body: about, credentials: "same-origin", cache: "no-store" });
  if (answer.redirected) { location.assign(answer.url); throw new Error("gone"); }
  const told = await answer.json();
  if (told.title) throw Object.assign(new Error("no"), { said: `${told.title}. ${told.todo}` });
  keys = { about: about.toString(), told: told.wrong ? null : told };
  return keys.told;
}

async function seal(form) {
  const words = box().dataset, reader = await key(form);
  if (!reader) return; // the form itself is sent without them, and comes back with its faults
  const open = decoded(reader.key.replaceAll("-", "+").replaceAll("_", "/"));
  for (const [at, each] of chosen.entries()) {
    said(`${words.sealing} ${at + 1}/${chosen.length}`);
    const bound = [reader.insurer, reader.site, reader.planned, each.kind].join("\n");
    if (each.bound === bound) continue;
    const content = new Uint8Array(await each.file.arrayBuffer());
    each.text = web(bytes(magic, await sealed(content, open, "attachment", text.encode(bound))));
    each.bound = bound;
  }
  for (const [at, each] of chosen.entries()) {
    hidden(`paper_kind_${at + 1}`, each.kind);
    hidden(`paper_${at + 1}`, each.text);
  }
}

function hidden(name, value) {
  box().append(Object.assign(document.createElement("input"), { type: "hidden", name, value }));
}

async function before(event) {
  const form = event.target;
  if (passing || !box() || !form.contains(box())) return;
  clear();
  if (!chosen.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  try {
    hidden("papers_due", String(chosen.length));
    await seal(form);
    said(box().dataset.sending);
    await new Promise((after) => { setTimeout(after); }); // while this submission is still told of, no other can begin
    passing = true;
    form.requestSubmit();
  } catch (error) {
    if (error.message !== "gone") said(error.said || box().dataset.away, true);
  } finally {
    passing = false;
  }
}

function start() {
  const here = box();
  if (!here || here.dataset.started) return;
  here.dataset.started = "yes";
  here.hidden = false;
  if (!subtle) return said(here.dataset.none, true);
  const input = here.querySelector("input[type=file]");
  input.addEventListener("change", async () => { await take([...input.files]); input.value = ""; });
  arrange();
}

document.addEventListener("submit", before, true);
document.addEventListener("htmx:afterRequest", () => { if (box()) said(""); });
document.addEventListener("htmx:xhr:progress", ({ detail }) => {
  const bar = box()?.querySelector("progress");
  if (!bar || !chosen.length || !detail.lengthComputable) return;
  bar.hidden = detail.loaded >= detail.total;
  bar.value = detail.loaded / detail.total;
});
window.addEventListener("pagehide", () => chosen.splice(0));
start();
