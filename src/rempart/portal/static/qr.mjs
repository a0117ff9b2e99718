// QR codes (ISO/IEC 18004), model 2, level M, versions 1 to 20: a text to its squares, rows from the top. Alphanumeric
// where every sign allows it, bytes of UTF-8 otherwise. Nothing is fetched. Left out: kanji, other levels, ECI.
const SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const CHECK = [0, 10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26]; // codewords of a block
const BLOCKS = [0, 1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16];
const MOST = 20, LEVEL = 0; // M

const EXP = new Uint8Array(512), LOG = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power++) {
  EXP[power] = EXP[power + 255] = value;
  LOG[value] = power;
  value = value << 1 ^ (value & 128 ? 0x11d : 0);
}
const times = (one, other) => (one && other ? EXP[LOG[one] + LOG[other]] : 0);

function remainder(data, degree) {
  let divisor = [1];
  for (let root = 0; root < degree; root++) {
    const next = [...divisor, 0];
    divisor.forEach((factor, place) => { next[place + 1] ^= times(factor, EXP[root]); });
    divisor = next;
  }
  const rest = new Array(degree).fill(0);
  for (const byte of data) {
    const factor = byte ^ rest.shift();
    rest.push(0);
    for (let place = 0; place < degree; place++) rest[place] ^= times(divisor[place + 1], factor);
  }
  return rest;
}

// Every codeword that a version holds.
function capacity(version) {
  let squares = (16 * version + 128) * version + 64;
  if (version >= 2) {
    const along = Math.floor(version / 7) + 2;
    squares -= (25 * along - 10) * along - 55;
    if (version >= 7) squares -= 36;
  }
  return Math.floor(squares / 8);
}

const bitsOf = (value, length) => Array.from({ length }, (_, place) => value >>> (length - 1 - place) & 1);

function segment(text, version) {
  const small = version < 10;
  if (Array.from(text).every((sign) => SIGNS.includes(sign))) {
    const bits = [0, 0, 1, 0, ...bitsOf(text.length, small ? 9 : 11)];
    for (let at = 0; at + 1 < text.length; at += 2) bits.push(...bitsOf(SIGNS.indexOf(text[at]) * 45 + SIGNS.indexOf(text[at + 1]), 11));
    if (text.length % 2) bits.push(...bitsOf(SIGNS.indexOf(text.at(-1)), 6));
    return bits;
  }
  const bytes = new TextEncoder().encode(text);
  return [0, 1, 0, 0, ...bitsOf(bytes.length, small ? 8 : 16), ...Array.from(bytes).flatMap((byte) => bitsOf(byte, 8))];
}

function codewords(text) {
  for (let version = 1; version <= MOST; version++) {
    const room = capacity(version) - CHECK[version] * BLOCKS[version], bits = segment(text, version);
    if (bits.length > room * 8) continue;
    bits.push(...new Array(Math.min(4, room * 8 - bits.length)).fill(0));
    while (bits.length % 8) bits.push(0);
    const data = [];
    for (let at = 0; at < bits.length; at += 8) data.push(parseInt(bits.slice(at, at + 8).join(""), 2));
    for (let fill = 0xec; data.length < room; fill ^= 0xec ^ 0x11) data.push(fill);
    return { version, words: interleaved(data, version) };
  }
  throw new RangeError("too long for a code");
}

function interleaved(data, version) {
  const many = BLOCKS[version], all = capacity(version), short = many - all % many, size = Math.floor(all / many) - CHECK[version];
  const blocks = [];
  for (let number = 0, at = 0; number < many; number++) {
    const part = data.slice(at, at += size + (number < short ? 0 : 1));
    blocks.push({ part, check: remainder(part, CHECK[version]) });
  }
  const words = [];
  for (let place = 0; place <= size; place++) for (const { part } of blocks) if (place < part.length) words.push(part[place]);
  for (let place = 0; place < CHECK[version]; place++) for (const { check } of blocks) words.push(check[place]);
  return words;
}

function aligned(version) {
  if (version === 1) return [];
  const many = Math.floor(version / 7) + 2, step = Math.floor((version * 8 + many * 3 + 5) / (many * 4 - 4)) * 2, found = [6];
  for (let at = version * 4 + 10; found.length < many; at -= step) found.splice(1, 0, at);
  return found;
}

const MASKS = [
  (x, y) => (x + y) % 2, (x, y) => y % 2, (x) => x % 3, (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2, (x, y) => x * y % 2 + x * y % 3,
  (x, y) => (x * y % 2 + x * y % 3) % 2, (x, y) => ((x + y) % 2 + x * y % 3) % 2,
];

class Squares {
  constructor(version) {
    this.version = version;
    this.side = version * 4 + 17;
    this.dark = Array.from({ length: this.side }, () => new Array(this.side).fill(false));
    this.fixed = Array.from({ length: this.side }, () => new Array(this.side).fill(false));
    for (let at = 0; at < this.side; at++) { this.set(6, at, at % 2 === 0); this.set(at, 6, at % 2 === 0); }
    for (const [x, y] of [[3, 3], [this.side - 4, 3], [3, this.side - 4]]) this.ring(x, y, 4, (far) => far !== 2 && far !== 4);
    const centres = aligned(version), last = centres.length - 1;
    centres.forEach((x, i) => centres.forEach((y, j) => {
      if (!((i === 0 && j === 0) || (i === 0 && j === last) || (i === last && j === 0))) this.ring(x, y, 2, (far) => far !== 1);
    }));
    this.format(0);
    if (version >= 7) this.numbered();
  }
  set(x, y, dark) { this.dark[y][x] = dark; this.fixed[y][x] = true; }
  ring(x, y, reach, dark) {
    for (let dy = -reach; dy <= reach; dy++) for (let dx = -reach; dx <= reach; dx++) {
      if (x + dx >= 0 && x + dx < this.side && y + dy >= 0 && y + dy < this.side) this.set(x + dx, y + dy, dark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }
  format(mask) {
    const data = LEVEL << 3 | mask;
    let rest = data;
    for (let step = 0; step < 10; step++) rest = rest << 1 ^ (rest >>> 9) * 0x537;
    const bits = (data << 10 | rest) ^ 0x5412, bit = (place) => (bits >>> place & 1) !== 0;
    for (let place = 0; place < 6; place++) this.set(8, place, bit(place));
    this.set(8, 7, bit(6)); this.set(8, 8, bit(7)); this.set(7, 8, bit(8));
    for (let place = 9; place < 15; place++) this.set(14 - place, 8, bit(place));
    for (let place = 0; place < 8; place++) this.set(this.side - 1 - place, 8, bit(place));
    for (let place = 8; place < 15; place++) this.set(8, this.side - 15 + place, bit(place));
    this.set(8, this.side - 8, true);
  }
  numbered() {
    let rest = this.version;
    for (let step = 0; step < 12; step++) rest = rest << 1 ^ (rest >>> 11) * 0x1f25;
    const bits = this.version << 12 | rest;
    for (let place = 0; place < 18; place++) {
      const dark = (bits >>> place & 1) !== 0, far = this.side - 11 + place % 3, near = Math.floor(place / 3);
      this.set(far, near, dark);
      this.set(near, far, dark);
    }
  }
  fill(words) {
    let at = 0;
    for (let right = this.side - 1; right >= 1; right -= 2) {
      if (right === 6) right = 5;
      for (let step = 0; step < this.side; step++) for (const x of [right, right - 1]) {
        const y = (right + 1 & 2) === 0 ? this.side - 1 - step : step;
        if (!this.fixed[y][x] && at < words.length * 8) { this.dark[y][x] = (words[at >>> 3] >>> (7 - (at & 7)) & 1) !== 0; at++; }
      }
    }
  }
  mask(number) {
    for (let y = 0; y < this.side; y++) for (let x = 0; x < this.side; x++) if (!this.fixed[y][x] && MASKS[number](x, y) === 0) this.dark[y][x] = !this.dark[y][x];
  }
  // The four penalties of the standard; the mask with the least is used.
  penalty() {
    const side = this.side, columns = this.dark[0].map((_, x) => this.dark.map((row) => row[x]));
    let sum = 0;
    for (const row of [...this.dark, ...columns]) {
      const line = row.map((dark) => (dark ? "1" : "0")).join("");
      for (const [run] of line.matchAll(/0{5,}|1{5,}/g)) sum += run.length - 2;
      for (let at = 0; at + 11 <= side; at++) if (/^(00001011101|10111010000)$/.test(line.slice(at, at + 11))) sum += 40;
    }
    for (let y = 0; y + 1 < side; y++) for (let x = 0; x + 1 < side; x++) {
      const dark = this.dark[y][x];
      if (dark === this.dark[y][x + 1] && dark === this.dark[y + 1][x] && dark === this.dark[y + 1][x + 1]) sum += 3;
    }
    const part = this.dark.flat().filter(Boolean).length / (side * side);
    return sum + Math.floor(Math.abs(part * 20 - 10)) * 10;
  }
}

// The squares of a text: `true` is dark. Without the quiet zone of four squares. Throws RangeError when it is too long.
export function squares(text) {
  const { version, words } = codewords(text), made = new Squares(version);
  made.fill(words);
  let best = 0, least = Infinity;
  for (let number = 0; number < 8; number++) {
    made.mask(number);
    made.format(number);
    const penalty = made.penalty();
    if (penalty < least) [best, least] = [number, penalty];
    made.mask(number);
  }
  made.mask(best);
  made.format(best);
  return made.dark;
}

// The path of an SVG or of a canvas: dark squares that touch in a row are one.
export function path(rows, quiet = 4) {
  const strokes = [];
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x++) {
      if (!row[x]) continue;
      const from = x;
      while (row[x + 1]) x++;
      strokes.push(`M${from + quiet} ${y + quiet}h${x - from + 1}v1h-${x - from + 1}z`);
    }
  });
  return { side: rows.length + 2 * quiet, strokes: strokes.join("") };
}
