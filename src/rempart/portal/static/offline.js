// Checks a signed card without network: the lists that the worker kept, the second reader, and sentences of this page.
import { judge, readFilter, readKeys } from "/static/card_reader.mjs";
import { path, squares } from "/static/qr.mjs";
import { kept as own, receipt } from "/static/receipt.mjs";

const WEEK = 7 * 86400, FILTER_DAYS = 8;
const form = document.getElementById("card");
const box = document.getElementById("answer");
const lists = document.getElementById("lists");
const language = document.documentElement.lang === "en" ? "en-GB" : "fr-FR";
const dayOf = (days) => new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: "UTC" }).format(new Date(days * 86400000));
const unbase64 = (text) => Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
let kept = null;

function today() {
  const now = new Date();
  return [now.getDate(), now.getMonth() + 1, now.getFullYear()].map((part) => String(part).padStart(2, "0")).join("/");
}

// Days since 1970 of jj/mm/aaaa; NaN for anything else.
function asked(text) {
  const found = /^\s*(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})\s*$/.exec(text);
  if (!found) return NaN;
  const [day, month, year] = found.slice(1).map(Number), instant = new Date(Date.UTC(year, month - 1, day));
  return instant.getUTCMonth() === month - 1 && instant.getUTCDate() === day ? instant / 86400000 : NaN;
}

async function load() {
  const answer = await fetch("/hors-ligne/lists", { credentials: "omit" });
  if (!answer.ok) throw new Error("no lists");
  kept = await answer.json();
  const created = Date.parse(JSON.parse(kept.keys.split("\n")[0]).created) / 1000;
  lists.textContent = lists.dataset.day.replace("{day}", dayOf(Math.floor(created / 86400)));
}

// The filters that may be gone by: signed, of one base, the newest at most eight days old.
async function filters(operator, day) {
  const found = [];
  for (const each of kept.filters) found.push(await readFilter(unbase64(each), operator));
  const one = found.every((each) => each.base === found[0].base);
  return found.length && one && day - Math.max(...found.map((each) => each.day)) <= FILTER_DAYS ? found : [];
}

async function check(text, day) {
  if (!kept) return { code: "lists-none" };
  const now = Math.floor(Date.now() / 1000), operator = unbase64(kept.operator_key);
  let keys;
  try {
    keys = await readKeys(kept.keys, operator, now);
  } catch (error) {
    return { code: error.message === "keys-old" ? "keys-old" : "lists-none" };
  }
  const revoked = await filters(operator, Math.floor(now / 86400)).catch(() => []);
  const found = { ...await judge(text, { keys, filters: revoked, day, now }), unchecked: revoked.length === 0 };
  return found.code === "card-covered" ? { ...found, signed: await signed(found.card, revoked, { day, now }) } : found;
}

// The receipt that an invoice cites, when this browser was enrolled for a site; null when it was not.
async function signed(card, revoked, { day, now }) {
  try {
    const signer = await own("signer");
    if (!signer) return null;
    const created = Date.parse(JSON.parse(kept.keys.split("\n")[0]).created) / 1000;
    const known = { base: revoked.length ? revoked[0].base : 0, known: revoked.length ? Math.max(...revoked.map((each) => each.day)) : 0 };
    return { site: signer.site, text: await receipt(signer, card, { seconds: now, care: day, keys: created, ...known }) };
  } catch {
    return null;
  }
}

const sentence = (code) => document.querySelector(`#sentences [data-code="${code}"]`) ?? document.querySelector('#sentences [data-code="card-text"]');

function paragraph(text) {
  const made = document.createElement("p");
  made.textContent = text;
  return made;
}

// The receipt: its text to copy, and the same as a code for another screen.
function receipted({ site, text }) {
  const made = document.getElementById("receipt").content.cloneNode(true);
  const { side, strokes } = path(squares(text)), code = made.querySelector("svg"), said = made.querySelector(".quiet");
  code.setAttribute("viewBox", `0 0 ${side} ${side}`);
  code.querySelector("path").setAttribute("d", strokes);
  made.querySelector(".site").textContent = site.replace(/^(..)(....)(...)$/, "$1 $2 $3");
  made.querySelector("textarea").value = text;
  said.addEventListener("click", async () => {
    document.getElementById("receipt-text").select();
    try { await navigator.clipboard.writeText(text); } catch { document.execCommand("copy"); }
    said.querySelector("span").textContent = said.dataset.copied;
  });
  return made;
}

function show({ code, card, unchecked, signed: proof }) {
  const said = sentence(code), until = card ? dayOf(card.last) : "";
  const verdict = document.createElement("div"), title = document.createElement("h2");
  verdict.className = `verdict ${said.dataset.look}`;
  title.id = "answer-title";
  title.textContent = said.querySelector("b").textContent.replace("{until}", until);
  verdict.append(title, paragraph(said.querySelector("span").textContent));
  const parts = [verdict];
  if (code === "card-covered") {
    const list = document.createElement("ul");
    list.className = "domains";
    for (const domain of card.domains) {
      const item = document.createElement("li"), name = document.createElement("b");
      name.textContent = document.querySelector(`#columns [data-domain="${domain}"]`).textContent;
      item.append(name);
      list.append(item);
    }
    parts.push(list);
    if (unchecked) parts.push(paragraph(sentence("unchecked").querySelector("span").textContent));
    parts.push(proof ? receipted(proof) : document.getElementById("no-receipt").content.cloneNode(true));
  }
  lists.className = "code";
  box.classList.remove("empty");
  box.replaceChildren(...parts, lists);
  box.focus();
  box.scrollIntoView({ block: "nearest" });
}

form.elements.care_date.value = today();
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const day = asked(form.elements.care_date.value), text = form.elements.scanned.value.trim();
  document.getElementById("care_date-error").hidden = !Number.isNaN(day);
  document.getElementById("scanned-error").hidden = text !== "";
  if (Number.isNaN(day) || !text) return;
  show(await check(text, day));
});
window.addEventListener("pagehide", () => { form.elements.scanned.value = ""; });
const ready = navigator.serviceWorker?.register("/hors-ligne/worker.js", { scope: "/hors-ligne" });
load().catch(() => { lists.textContent = lists.dataset.none; });
ready?.catch(() => {});
