// Opens, in this page, something sealed to whoever chooses a key file. The key is never sent and not kept.

import { Fault, subtle } from "./hpke.mjs";

// `own(text)` reads the key file, `open(answer, own)` what was fetched from the section's `data-path`, `show(box, found)` draws it.
export function openWithFile(section, { accept = "*/*", own, open, show }) {
  const words = section.dataset, said = section.querySelector("[role=status]");
  const chosen = section.querySelector("input[type=file]");
  section.querySelector("[data-with-script]").hidden = false;
  chosen.addEventListener("change", async () => {
    const [file] = chosen.files;
    if (!file) return;
    said.textContent = words.opening;
    try {
      if (!subtle) throw new Fault("none");
      const key = await own(await file.text());
      const answer = await fetch(words.path, { headers: { accept } });
      if (!answer.ok || answer.redirected) throw new Fault("away");
      show(section.querySelector("[data-opened]"), await open(answer, key));
      said.textContent = "";
    } catch (error) {
      said.textContent = error instanceof Fault ? words[error.message] : error.name === "OperationError" ? words.other : words.away;
    } finally {
      chosen.value = "";
    }
  });
}
