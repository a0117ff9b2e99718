"""Another implementation, in JavaScript with WebCrypto, reads the samples as ours does: the page is enough."""

from __future__ import annotations

import json
import subprocess
from datetime import date
from pathlib import Path

import pytest

from support import card_samples as samples
from support.node import node

pytestmark = pytest.mark.node

HERE = Path(__file__).parent
READER = HERE.parents[1] / "src" / "rempart" / "portal" / "static" / "card_reader.mjs"
FOLDER = HERE.parents[1] / "docs" / "formats" / "samples" / "cards"
EXPECTED = json.loads((FOLDER / "expected.json").read_text("utf-8"))["expected"]
PROGRAM = """
import { readFileSync } from "node:fs";
const { answer, readFilter, readKeys } = await import(process.argv[1]);
const [folder, now, day] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const operator = new Uint8Array(Buffer.from(readFileSync(folder + "/operator.pub", "ascii"), "base64"));
const keys = await readKeys(readFileSync(folder + "/keys.json", "utf-8"), operator, now);
const filters = [];
for (const name of ["revoked-base.bin", "revoked-delta.bin"])
  filters.push(await readFilter(new Uint8Array(readFileSync(folder + "/" + name)), operator));
const said = {};
for (const name of Object.keys(JSON.parse(readFileSync(folder + "/expected.json")).expected))
  said[name] = await answer(readFileSync(folder + "/" + name + ".txt", "ascii"), { keys, filters, day, now });
console.log(JSON.stringify(said));
"""


def test_another_implementation_gives_every_sample_its_answer() -> None:
    """Good ones, refused ones, both forms, the keys' list and both filters."""
    day = (samples.DAY - date(1970, 1, 1)).days
    command = [str(node()), "--input-type=module", "--no-warnings", "--eval", PROGRAM]
    command += [READER.as_uri(), str(FOLDER), str(samples.SECONDS), str(day)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == EXPECTED
