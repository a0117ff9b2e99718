// An invoice being typed: what its lines come to, as the server computes it again. Nothing is sent from here.
"use strict";

(() => {
  const form = document.getElementById("invoice"), sum = document.getElementById("sum");
  const cents = (text) => {
    const found = /^([0-9]{1,7})(?:[,.]([0-9]{1,2}))?$/.exec(text.replace(/[\s\u00a0\u202f€]/g, ""));
    return found ? Number(found[1]) * 100 + Number((found[2] || "0").padEnd(2, "0")) : null;
  };
  const value = (name, place) => form.elements[`${name}-${place}`].value.trim();
  const money = (amount) => (amount / 100).toLocaleString(document.documentElement.lang, { style: "currency", currency: "EUR" });

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

  form.addEventListener("input", add);
  add();
})();
