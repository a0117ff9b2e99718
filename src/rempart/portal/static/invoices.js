// Invoices: sends the form without leaving the page, shows a file's progress, and looks again while the hub decides.
// What is typed stays in this page only; amounts shown here are those the server computes again.
"use strict";

function take(page) {
  document.title = page.title;
  document.querySelector("main").replaceWith(page.querySelector("main"));
  document.querySelector("header").replaceWith(page.querySelector("header"));
  document.querySelector("main").focus();
  start();
}

// The server proposes the day in Paris: overseas the counter's own may be another.
function own(field) {
  const day = (zone) => new Intl.DateTimeFormat("fr-FR", { dateStyle: "short", timeZone: zone }).format(new Date());
  if (field?.value === day("Europe/Paris")) field.value = field.defaultValue = day(undefined);
}

function read(text) {
  return new DOMParser().parseFromString(text, "text/html");
}

// While something is being decided: the same address again, less and less often; shown once it says something else.
async function watch(pause) {
  if (!document.querySelector("[data-poll]")) return;
  await new Promise((done) => setTimeout(done, pause));
  if (!document.hidden) {
    try {
      const answer = await fetch(location.href, { credentials: "same-origin", cache: "no-store" });
      const page = answer.ok ? read(await answer.text()) : null;
      if (page && page.querySelector("main .inv-stand") && !page.querySelector("[data-poll]")) { take(page); return; }
    } catch { /* the next look will tell */ }
  }
  watch(Math.min(pause * 1.3, 15000));
}

const cents = (text) => {
  const found = /^([0-9]{1,7})(?:[,.]([0-9]{1,2}))?$/.exec(text.replace(/[\s\u00a0\u202f€]/g, ""));
  return found ? Number(found[1]) * 100 + Number((found[2] || "0").padEnd(2, "0")) : null;
};

function invoice(form) {
  const value = (name, place) => form.elements[`${name}-${place}`].value.trim();
  const money = (amount) => (amount / 100).toLocaleString(document.documentElement.lang, { style: "currency", currency: "EUR" });
  const sum = document.getElementById("sum");

  function add() {
    const all = { spent: 0, amo: 0, amc: 0 };
    for (let place = 1; form.elements[`spent-${place}`]; place += 1) {
      const spent = cents(value("spent", place)), base = cents(value("base", place));
      if (spent === null) continue;
      const share = Math.min(Math.floor(((base || 0) * (parseInt(value("rate", place), 10) || 0) + 50) / 100), spent);
      const amo = cents(value("amo", place)) ?? share;
      all.spent += spent;
      all.amo += amo;
      all.amc += cents(value("amc", place)) ?? spent - amo;
    }
    sum.hidden = all.spent === 0;
    sum.textContent = sum.dataset.text.replace(/\{(\w+)\}/g, (_, name) => money(all[name]));
  }

  function show(page) {
    const next = page.getElementById("answer");
    if (!next) { take(page); return; }
    document.getElementById("answer").replaceWith(next);
    document.title = page.title;
    form.elements.key.value = page.querySelector("[name=key]").value;
    for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
    for (const error of form.querySelectorAll(".error")) error.hidden = true;
    for (const error of page.querySelectorAll("#invoice .error:not([hidden])")) {
      document.getElementById(error.id).hidden = false;
      const field = document.getElementById(error.id.replace("-error", ""));
      field.setAttribute("aria-invalid", "true");
      for (let around = field.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
    }
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }

  function lost() {
    const verdict = document.createElement("div");
    const title = document.createElement("h2");
    title.id = "answer-title";
    title.textContent = form.dataset.lost;
    verdict.className = "verdict calm";
    verdict.append(title);
    document.getElementById("answer").replaceChildren(verdict);
    document.getElementById("answer").focus();
  }

  form.addEventListener("input", add);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button.main");
    const label = button.querySelector("span");
    if (button.getAttribute("aria-disabled") === "true") return;
    const before = label.textContent;
    button.setAttribute("aria-disabled", "true");
    label.textContent = form.dataset.busy;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), credentials: "same-origin", cache: "no-store" });
      if (answer.redirected) { form.reset(); location.assign(answer.url); return; }
      show(read(await answer.text()));
    } catch {
      lost();
    }
    button.removeAttribute("aria-disabled");
    label.textContent = before;
  });
  window.addEventListener("pageshow", (event) => { if (event.persisted) form.reset(); });
  window.addEventListener("pagehide", () => form.reset());
  add();
}

function upload(form) {
  const field = document.getElementById("file"), error = document.getElementById("file-error");
  const going = document.getElementById("going"), bar = document.getElementById("bar"), far = document.getElementById("far");
  const button = form.querySelector("button.main");

  function stop(text) {
    going.hidden = true;
    button.removeAttribute("aria-disabled");
    error.textContent = text;
    error.hidden = false;
    field.setAttribute("aria-invalid", "true");
    field.focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const file = field.files[0];
    if (!file) { stop(form.dataset.none); return; }
    if (file.size > Number(form.dataset.most)) { stop(form.dataset.large); return; }
    const request = new XMLHttpRequest();
    error.hidden = true;
    field.removeAttribute("aria-invalid");
    going.hidden = false;
    button.setAttribute("aria-disabled", "true");
    request.upload.addEventListener("progress", (step) => {
      bar.value = step.total ? (100 * step.loaded) / step.total : 0;
      far.textContent = step.loaded < step.total ? `${Math.round(bar.value)} %` : form.dataset.sent;
    });
    request.addEventListener("load", () => {
      if (request.responseURL && request.responseURL !== form.action) location.assign(request.responseURL);
      else take(read(request.responseText));
    });
    request.addEventListener("error", () => stop(form.dataset.lost));
    request.open("POST", form.action);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.send(file);
  });
}

function start() {
  const typed = document.getElementById("invoice"), file = document.getElementById("upload");
  if (typed) {
    own(typed.elements.care_date);
    invoice(typed);
  }
  if (file) upload(file);
}

start();
watch(1000);
