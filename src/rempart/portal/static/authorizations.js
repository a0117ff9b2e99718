// The forms of a prise en charge: lines that come and go, corrections of lenses, the total. Nothing is sent from here.
"use strict";

const form = document.getElementById("quote");

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

// Days that are left empty follow the stay, as the server counts them: each day begun, of a bed the nights.
function counted(line) {
  const [first, last] = ["planned", "leaving"].map((name) => {
    const found = (form.elements[name]?.value ?? "").match(/^(\d{1,2})[/. -](\d{1,2})[/. -](\d{4})$/);
    return found ? Date.UTC(Number(found[3]), Number(found[2]) - 1, Number(found[1])) / 86_400_000 : NaN;
  });
  const nights = last - first, bed = ["room", "companion"].includes(line.querySelector("[name^=item_]").value);
  return nights >= 0 ? (bed ? Math.max(nights, 1) : nights + 1) : 0;
}

function total() {
  const sum = lines().reduce((so_far, line) => {
    const days = line.querySelector("[name^=days_]");
    const units = days && !line.querySelector("[name^=item_] :checked")?.hasAttribute("data-once") ? Number(days.value) || counted(line) : 1;
    return so_far + cents(line.querySelector("[name^=price_]").value) * units;
  }, 0);
  const money = new Intl.NumberFormat(document.documentElement.lang === "fr" ? "fr-FR" : "en-GB", { style: "currency", currency: "EUR" });
  document.getElementById("total").textContent = sum ? money.format(sum / 100) : "–";
}

// Only a lens has a correction, only a stay its group; what is once a stay has no days.
function corrections() {
  for (const item of form.querySelectorAll("[name^=item_]")) {
    const around = item.closest(".line-fields");
    const change = () => {
      const once = item.selectedOptions[0].hasAttribute("data-once");
      for (const field of around.querySelectorAll(".lens-only")) field.hidden = !["right", "left"].includes(item.value);
      for (const field of around.querySelectorAll(".stay-only")) field.hidden = item.value !== "stay";
      for (const field of around.querySelectorAll(".by-day")) field.hidden = once;
    };
    if (around.querySelector(".lens-only, .stay-only")) {
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

if (form.querySelector("[data-line]")) arrange();
corrections();
bases();
