// The card's form: groups what is typed, asks without leaving the page, and empties itself once answered.
// What is typed stays in this page only: never in an address, a history or any storage.
"use strict";

const form = document.getElementById("card");

function today() {
  const now = new Date();
  const two = (number) => String(number).padStart(2, "0");
  return `${two(now.getDate())}/${two(now.getMonth() + 1)}/${now.getFullYear()}`;
}

// The counter's own day, which overseas may not be the server's.
function begin() {
  form.elements.care_date.value = form.elements.care_date.defaultValue = today();
}

function empty() {
  form.reset();
  begin();
  clear();
}

function clear() {
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const error of form.querySelectorAll(".error")) error.hidden = true;
}

const groups = {
  nir: (plain) => plain.toUpperCase().replace(/[^0-9AB]/g, "").slice(0, 15).replace(/^(.)(..)?(..)?(..)?(...)?(...)?(..)?.*$/, "$1 $2 $3 $4 $5 $6 $7").trim(),
  amc_number: (plain) => plain.replace(/[^0-9]/g, "").slice(0, 10),
  birth_date: dated,
  care_date: dated,
};

function dated(plain) {
  const digits = plain.replace(/[^0-9]/g, "");
  return digits.length === 8 ? `${digits.slice(0, 2)}/${digits.slice(2, 4)}/${digits.slice(4)}` : plain;
}

for (const [name, group] of Object.entries(groups)) {
  const field = form.elements[name];
  field.addEventListener("change", () => {
    const made = group(field.value);
    if (name !== "nir" || [13, 15].includes(made.replaceAll(" ", "").length)) field.value = made;
  });
}

function show(page) {
  const next = page.getElementById("answer");
  if (!next) { // another page: the session ended, or the account was stopped
    document.title = page.title;
    document.querySelector("main").replaceWith(page.querySelector("main"));
    document.querySelector("header").replaceWith(page.querySelector("header"));
    document.querySelector("main").focus();
    return;
  }
  document.getElementById("answer").replaceWith(next);
  document.title = page.title;
  clear();
  for (const error of page.querySelectorAll("#card .error:not([hidden])")) {
    document.getElementById(error.id).hidden = false;
    const field = document.getElementById(error.id.replace("-error", ""));
    if (field.matches("input")) field.setAttribute("aria-invalid", "true");
  }
  if (next.hasAttribute("data-answered")) empty();
  ready(next);
  next.focus();
  next.scrollIntoView({ block: "nearest" });
}

function ready(answer) {
  for (const button of answer.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent.replaceAll(" ", ""));
      button.textContent = button.dataset.done;
    });
  }
}

function lost() {
  const answer = document.getElementById("answer");
  const verdict = document.createElement("div");
  const title = document.createElement("h2");
  title.id = "answer-title";
  title.textContent = form.dataset.lost;
  verdict.className = "verdict calm";
  verdict.append(title);
  answer.replaceChildren(verdict);
  answer.classList.remove("empty");
  answer.focus();
}

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const button = form.querySelector("button.main");
  const label = button.querySelector("span");
  if (button.getAttribute("aria-disabled") === "true") return;
  const before = label.textContent;
  button.setAttribute("aria-disabled", "true");
  label.textContent = form.dataset.busy;
  try {
    const answer = await fetch("/patient", { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin", cache: "no-store" });
    if (answer.redirected) { location.assign(answer.url); return; } // the session is gone
    show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    lost();
  }
  button.removeAttribute("aria-disabled");
  label.textContent = before;
});

form.addEventListener("reset", () => { clear(); setTimeout(begin); });
window.addEventListener("pageshow", (event) => { if (event.persisted) empty(); });
window.addEventListener("pagehide", () => form.reset());
begin();
ready(document.getElementById("answer"));
