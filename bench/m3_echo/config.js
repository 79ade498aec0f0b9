"use strict";
// What config.hpp says, for Node.
const { workers, median, nowUs, check, report } = require("../peers/node_pool.js");

const sizes = {
  echo_1kib_us: [1 << 10, 2000], echo_64kib_us: [64 << 10, 500], echo_1mib_us: [1 << 20, 60],
  echo_64mib_us: [64 << 20, 3],
};

async function run(Pool) {
  const pool = new Pool(workers, "advanced");
  const metrics = {};
  for (const [name, [size, rounds]] of Object.entries(sizes)) {
    const sent = Buffer.allocUnsafe(size);
    for (let i = 0; i < size; ++i) sent[i] = Math.floor((i * 7) / 3) & 255;
    const took = [];
    for (let i = 0; i <= rounds; ++i) { // the first warms up
      const start = nowUs();
      const back = await pool.submit("echo", sent);
      took.push(nowUs() - start);
      check(sent.equals(back), `${sent.length} bytes came back as ${back.length}, or as others`);
    }
    metrics[name] = median(took.slice(1));
  }
  await pool.close();
  report(Pool, metrics);
}

module.exports = { run };
