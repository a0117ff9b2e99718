// The forms of a prise en charge: lines that come and go, the total, sending without leaving the page.
// What is typed stays in this page only: never in an address, a history or any storage.
"use strict";

const form = document.getElementById("quote");

// The server proposes the day in Paris: overseas the counter's own may be another.
function own(field) {
  const day = (zone) => new Intl.DateTimeFormat("fr-FR", { dateStyle: "short", timeZone: zone }).format(new Date());
  if (field?.value === day("Europe/Paris")) field.value = field.defaultValue = day(undefined);
}

function lines() {
  return [...form.querySelectorAll("[data-line]")];
}

function typed(line) {
  return [...line.querySelectorAll("input[type=text]")].some((field) => field.value.trim() !== "");
}

// Without script every row is there; with it, those that are of use, and one button for the next.
function arrange() {
  const first = Number(document.getElementById("lines").dataset.first);
  lines().forEach((line, place) => {
    const invalid = line.querySelector("[aria-invalid]");
    line.hidden = place >= first && !typed(line) && !invalid;
    line.querySelector("[data-drop]").hidden = false;
  });
  const add = form.querySelector("[data-add]");
  add.hidden = lines().every((line) => !line.hidden);
  add.addEventListener("click", () => {
    const next = lines().find((line) => line.hidden);
    next.hidden = false;
    next.querySelector("select, input").focus();
    add.hidden = lines().every((line) => !line.hidden);
  });
  form.addEventListener("click", (event) => {
    const drop = event.target.closest("[data-drop]");
    if (drop) remove(drop.closest("[data-line]"), add);
  });
  form.querySelector("[data-total]").hidden = false;
  form.addEventListener("input", total);
  total();
}

function remove(line, add) {
  for (const field of line.querySelectorAll("input[type=text]")) field.value = "";
  for (const error of line.querySelectorAll(".error")) error.hidden = true;
  for (const field of line.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  line.hidden = lines().filter((each) => !each.hidden).length > 1;
  add.hidden = false;
  add.focus();
  total();
}

function cents(text) {
  const found = text.replace(/[\s€]/g, "").match(/^(\d{1,8})(?:[.,](\d{1,2}))?$/);
  return found ? Number(found[1]) * 100 + Number((found[2] || "").padEnd(2, "0")) : 0;
}

function total() {
  const sum = lines().reduce((so_far, line) => {
    const days = line.querySelector("[name^=days_]");
    return so_far + cents(line.querySelector("[name^=price_]").value) * (days ? Number(days.value) || 0 : 1);
  }, 0);
  const money = new Intl.NumberFormat(document.documentElement.lang === "fr" ? "fr-FR" : "en-GB", { style: "currency", currency: "EUR" });
  document.getElementById("total").textContent = sum ? money.format(sum / 100) : "–";
}

// Only a lens has a correction.
function corrections() {
  for (const item of form.querySelectorAll("[name^=item_]")) {
    const change = () => {
      const lens = ["right", "left"].includes(item.value);
      for (const field of item.closest(".line-fields").querySelectorAll(".lens-only")) field.hidden = !lens;
    };
    if (item.closest(".line-fields").querySelector(".lens-only")) {
      item.addEventListener("change", change);
      change();
    }
  }
}

// The base that an agreed compulsory share says, at the rate that is chosen.
function bases() {
  const cover = document.getElementById("cover");
  if (!cover) return;
  cover.addEventListener("change", () => {
    const rate = Number(cover.selectedOptions[0].dataset.rate);
    for (const line of form.querySelectorAll("[data-amo]")) {
      const base = Math.floor((Number(line.dataset.amo) * 100) / rate);
      line.querySelector("[name^=base_]").value = `${Math.floor(base / 100)},${String(base % 100).padStart(2, "0")}`;
    }
  });
}

function clear() {
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const error of form.querySelectorAll(".error")) error.hidden = true;
}

function show(page) {
  const said = page.getElementById("said");
  document.title = page.title;
  if (!said || !page.getElementById("quote")) { // the answer, or another page: the session ended
    const at = page.querySelector("main [data-path]");
    document.querySelector("main").replaceWith(page.querySelector("main"));
    document.querySelector("header").replaceWith(page.querySelector("header"));
    if (at) history.replaceState(null, "", at.dataset.path);
    ready();
    window.scrollTo(0, 0);
    document.querySelector("main").focus();
    return;
  }
  document.getElementById("said").replaceWith(said);
  clear();
  for (const error of page.querySelectorAll("#quote .error:not([hidden])")) {
    document.getElementById(error.id).hidden = false;
    const field = document.getElementById(error.id.replace("-error", ""));
    if (field.matches("input, select")) field.setAttribute("aria-invalid", "true");
    const line = field.closest("[data-line]");
    if (line) line.hidden = false;
  }
  said.focus();
  said.scrollIntoView({ block: "nearest" });
}

function ready() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.replaceAll(" ", ""));
      button.textContent = button.dataset.done;
    });
  }
}

function lost() {
  const notice = document.createElement("p");
  notice.className = "notice calm";
  notice.setAttribute("role", "alert");
  notice.textContent = form.dataset.lost;
  document.getElementById("said").replaceChildren(notice);
  document.getElementById("said").focus();
}

async function send(event) {
  event.preventDefault();
  const button = form.querySelector("button.main");
  const label = button.querySelector("span");
  if (button.getAttribute("aria-disabled") === "true") return;
  const before = label.textContent;
  button.setAttribute("aria-disabled", "true");
  label.textContent = form.dataset.busy;
  try {
    const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin", cache: "no-store" });
    if (answer.redirected) { location.assign(answer.url); return; } // the session is gone
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    lost();
  }
  button.removeAttribute("aria-disabled");
  label.textContent = before;
}

if (form) {
  if (form.querySelector("[data-line]")) arrange();
  corrections();
  bases();
  own(form.elements.planned);
  form.addEventListener("submit", send);
  window.addEventListener("pageshow", (event) => { if (event.persisted) form.reset(); });
  window.addEventListener("pagehide", () => form.reset());
}
ready();
