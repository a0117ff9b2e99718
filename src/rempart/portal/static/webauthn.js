// Passkeys: asks for a challenge, lets the browser sign it, and posts the form with what was signed.
"use strict";

const said = document.getElementById("said");

function tell(title, todo) {
  const [first, second] = said.querySelectorAll("p");
  first.textContent = title;
  second.textContent = todo || "";
  said.hidden = false;
  said.focus();
}

function bytes(text) {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (one) => one.charCodeAt(0));
}

function text(buffer) {
  let plain = "";
  for (const one of new Uint8Array(buffer)) plain += String.fromCharCode(one);
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

// Passkeys of the account: a device that has one is not offered again, and only these may sign.
const known = (told) => (told.credentials || []).map((id) => ({ type: "public-key", id: bytes(id) }));

async function made(form, told) {
  const options = {
    challenge: bytes(told.challenge),
    rp: { id: told.rp_id, name: form.dataset.name },
    user: { id: bytes(told.handle), name: `${form.dataset.name} ${form.site.value.trim()}`, displayName: form.dataset.name },
    pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
    authenticatorSelection: { residentKey: "required", requireResidentKey: true, userVerification: "required" },
    excludeCredentials: known(told),
    attestation: "none",
    timeout: told.seconds * 1000,
  };
  const found = await navigator.credentials.create({ publicKey: options });
  return { client_data: found.response.clientDataJSON, attestation: found.response.attestationObject };
}

async function signed(form, told) {
  const options = {
    challenge: bytes(told.challenge), rpId: told.rp_id, allowCredentials: known(told), userVerification: "required",
    timeout: told.seconds * 1000,
  };
  const { rawId, response } = await navigator.credentials.get({ publicKey: options });
  return {
    credential: rawId, client_data: response.clientDataJSON, authenticator_data: response.authenticatorData,
    signature: response.signature,
  };
}

// One more passkey: one that the account has signs the same challenge first.
async function added(form, told) {
  const proof = told.proof ? Object.entries(await signed(form, told)) : [];
  return { ...await made(form, told), ...Object.fromEntries(proof.map(([name, value]) => [`proof_${name}`, value])) };
}

const WAYS = { create: made, get: signed, add: added };

// Which fields the server finds wrong; their sentences are in the page already.
function mark(form, wrong) {
  for (const field of form.querySelectorAll("input[aria-describedby]")) {
    const bad = wrong.includes(field.name);
    field.toggleAttribute("aria-invalid", false);
    if (bad) field.setAttribute("aria-invalid", "true");
    document.getElementById(`${field.name}-error`).hidden = !bad;
  }
  if (wrong.length) form.elements[wrong[0]].focus();
}

async function challenged(form) {
  const body = new URLSearchParams();
  for (const name of ["code", "site"]) if (form.elements[name]) body.set(name, form.elements[name].value);
  for (const field of form.querySelectorAll("[data-told]")) body.set(field.name, field.value);  // what is signed
  const answer = await fetch(form.dataset.challenge, { method: "POST", body, credentials: "same-origin" });
  const told = await answer.json();
  if (told.wrong) { mark(form, told.wrong); return null; }
  if (told.go) { location.assign(told.go); return null; }
  if (!answer.ok) { tell(told.title, told.todo); return null; }
  return told;
}

async function go(form) {
  if (!window.PublicKeyCredential) { tell(form.dataset.unsupported); return; }
  let told;
  try { told = await challenged(form); } catch { tell(form.dataset.failed); return; }
  if (!told) return;
  let parts;
  try { parts = await WAYS[form.dataset.webauthn](form, told); } catch { tell(form.dataset.cancelled); return; }
  form.elements.challenge.value = told.challenge;
  for (const [name, buffer] of Object.entries(parts)) form.elements[name].value = text(buffer);
  form.submit();
}

for (const form of document.querySelectorAll("form[data-webauthn]")) {
  const button = form.querySelector("button.main");
  const label = button.querySelector("span");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (button.getAttribute("aria-disabled") === "true") return;
    const before = label.textContent;
    said.hidden = true;
    button.setAttribute("aria-disabled", "true");
    label.textContent = button.dataset.busy;
    await go(form);
    button.removeAttribute("aria-disabled");
    label.textContent = before;
  });
}

const code = document.getElementById("code");
if (code) code.addEventListener("change", () => {
  const plain = code.value.toUpperCase().replace(/[^0-9A-Z]/g, "");
  if (plain.length === 16) code.value = plain.match(/.{4}/g).join(" ");
});
