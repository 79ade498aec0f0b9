"use strict";
// What config.hpp says, for Node. Threads have no pid to look for.
const { median, nowUs, check, report } = require("../peers/node_pool.js");

const rounds = 5, count = 16; // rounds: a third of the others', since a pool of sixteen takes a second to make

function there(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function run(Pool) {
  const ms = [];
  for (let i = 0; i < rounds; ++i) {
    const pool = new Pool(count);
    await Promise.all(Array.from({ length: count }, () => pool.submit("pause", 20)));
    const pids = pool.pids ? pool.pids() : [];
    const start = nowUs();
    await pool.close();
    ms.push((nowUs() - start) / 1000);
    check(!pids.some(there), `one of ${pids.length} workers is still there`);
  }
  report(Pool, { gone_16_ms: median(ms) });
}

module.exports = { run };
