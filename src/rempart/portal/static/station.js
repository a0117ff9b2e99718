// A workstation that people share. Its two keys are made here and given to nobody: one signs for this browser, one turns
// a PIN into a proof. Who is seated, and the label each person chose, stay here too.
const STORE = "own";
const said = document.getElementById("said");
const utf8 = new TextEncoder();
const hex = (bytes) => Array.from(new Uint8Array(bytes), (one) => one.toString(16).padStart(2, "0")).join("");
const unhex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16));
const raw = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
const told = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const joined = (...parts) => { const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0)); let at = 0; for (const part of parts) { all.set(part, at); at += part.length; } return all; };

function tell(title, todo) {
  const [first, second] = said.querySelectorAll("p");
  first.textContent = title;
  second.textContent = todo || "";
  said.hidden = false;
  said.focus();
}

const opened = new Promise((done, failed) => {
  const asked = indexedDB.open("rempart-station", 1);
  asked.onupgradeneeded = () => asked.result.createObjectStore(STORE);
  asked.onsuccess = () => done(asked.result);
  asked.onerror = () => failed(asked.error);
});

async function at(mode, work) {
  const store = (await opened).transaction(STORE, mode).objectStore(STORE);
  return new Promise((done, failed) => {
    const asked = work(store);
    asked.onsuccess = () => done(asked.result);
    asked.onerror = () => failed(asked.error);
  });
}
const kept = (name) => at("readonly", (store) => store.get(name));
const keep = (name, value) => at("readwrite", (store) => store.put(value, name));

async function seats() {
  const now = Date.now();
  return ((await kept("seats")) || []).filter((one) => Date.parse(one.until) > now);
}

const sign = async (keys, message) => told(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, keys.sign.privateKey, message));
const proof = async (keys, salt, pin) => new Uint8Array(await crypto.subtle.sign("HMAC", keys.secret, joined(utf8.encode("rempart/1/station/pin\n"), unhex(salt), utf8.encode(pin))));

async function post(path, fields) {
  const answer = await fetch(path, { method: "POST", body: new URLSearchParams(fields), credentials: "same-origin" });
  if (answer.redirected) { window.location.assign(answer.url); return null; }
  const found = await answer.json();
  if (answer.ok) return found;
  tell(found.title, found.todo);
  return { refused: found.code };
}

// Enrolling: fresh keys, of which the page posts the public one; they become this browser's when the answer names it.
async function enrolling(form) {
  const sign = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
  const secret = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  await keep("fresh", { sign, secret });
  form.elements.key.value = told(await crypto.subtle.exportKey("raw", sign.publicKey));
  form.querySelector("button.main").disabled = false;
}

async function enrolled(page) {
  await keep("keys", await kept("fresh"));
  await keep("station", { name: page.dataset.enrolled, site: page.dataset.site });
  await keep("seats", []);
}

// Who are you? One's label, then the PIN.
async function choosing(form) {
  const station = await kept("station");
  const people = station ? await seats() : [];
  document.getElementById("no-station").hidden = Boolean(station);
  document.getElementById("nobody").hidden = !station || people.length > 0;
  form.hidden = people.length === 0;
  const places = form.querySelector(".counter-people");
  places.replaceChildren(...people.map((one, place) => {
    const choice = document.createElement("label");
    const radio = Object.assign(document.createElement("input"), { type: "radio", name: "who", value: one.seat, required: true, checked: people.length === 1 });
    const name = document.createElement("b");
    name.textContent = one.label;
    choice.append(radio, name);
    radio.addEventListener("change", () => { pin.value = ""; pin.focus(); });
    choice.dataset.place = place;
    return choice;
  }));
  const pin = form.querySelector("#pin");
  busied(form, async () => {
    const one = people.find((each) => each.seat === new FormData(form).get("who"));
    if (!one) { tell(form.dataset.choose); return; }
    if (!/^\d{4,6}$/.test(pin.value)) { tell(form.dataset.digits); pin.focus(); return; }
    const keys = await kept("keys"), asked = await post(form.dataset.challenge, {});
    if (!asked || asked.refused) return;
    const made = await proof(keys, one.salt, pin.value);
    const signature = await sign(keys, joined(utf8.encode("rempart/1/station/switch\n"), raw(asked.challenge), unhex(one.seat), made));
    pin.value = "";
    const found = await post(form.action, { challenge: asked.challenge, station: station.name, seat: one.seat, proof: told(made), signature });
    if (!found) return;
    if (!found.refused) { window.location.assign(found.to); return; }
    if (found.refused === "seat-unknown") await keep("seats", (await seats()).filter((each) => each.seat !== one.seat));
    if (found.refused === "station-unknown") { await keep("seats", []); await keep("station", null); }
    if (found.refused === "seat-unknown" || found.refused === "station-unknown") await choosing(form);
    else pin.focus();
  });
}

// Taking a seat: a label that stays here, a PIN that is told to nobody.
async function seating(form) {
  const station = await kept("station");
  const here = station && station.site === form.dataset.site;
  document.getElementById("no-station").hidden = Boolean(here);
  form.hidden = !here;
  if (!here) return;
  const [label, pin, again] = ["label", "pin", "again"].map((id) => form.querySelector(`#${id}`));
  busied(form, async () => {
    if (!label.value.trim()) { tell(form.dataset.label); label.focus(); return; }
    if (!/^\d{4,6}$/.test(pin.value)) { tell(form.dataset.digits); pin.focus(); return; }
    if (/^(\d)\1+$/.test(pin.value) || "01234567890".includes(pin.value) || "9876543210".includes(pin.value)) { tell(form.dataset.simple); pin.focus(); return; }
    if (pin.value !== again.value) { tell(form.dataset.differ); again.focus(); return; }
    const keys = await kept("keys"), asked = await post(form.dataset.challenge, {});
    if (!asked || asked.refused) return;
    const salt = hex(crypto.getRandomValues(new Uint8Array(16)));
    const made = await proof(keys, salt, pin.value);
    const message = joined(utf8.encode("rempart/1/station/sit\n"), raw(asked.challenge), utf8.encode(form.dataset.account), made);
    const found = await post(form.action, { challenge: asked.challenge, station: station.name, proof: told(made), signature: await sign(keys, message) });
    if (!found || found.refused) return;
    const named = label.value.trim().toUpperCase();
    const others = (await seats()).filter((each) => each.label !== named);
    await keep("seats", [...others, { seat: found.seat, label: named, salt, until: found.until }]);
    window.location.assign(found.to);
  });
}

function busied(form, work) {
  const button = form.querySelector("button.main");
  form.onsubmit = async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    said.hidden = true;
    button.setAttribute("aria-disabled", "true");
    try { await work(); } catch { tell(form.dataset.failed); }
    button.removeAttribute("aria-disabled");
  };
}

const WAYS = { enrol: enrolling, enrolled, choose: choosing, sit: seating };
for (const part of document.querySelectorAll("[data-station]")) {
  WAYS[part.dataset.station](part).catch(() => tell(part.dataset.failed || ""));
}
