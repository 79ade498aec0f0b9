"use strict";
// What config.hpp says, for Node.
const fs = require("fs");
const { rest, check, report } = require("../peers/node_pool.js");

const count = 4, tasks = 400, restMs = 300;

const pssOf = (pid) => Number(/^Pss: *(\d+)/m.exec(fs.readFileSync(`/proc/${pid}/smaps_rollup`, "ascii"))[1]);

async function run(Pool) {
  const pool = new Pool(count);
  for (let i = 0; i < tasks; i += count) {
    const results = await Promise.all(Array.from({ length: count }, (_, j) => pool.submit("addOne", i + j)));
    check(results.every((one, j) => one === i + j + 1), "a result is another");
  }
  await rest(restMs);
  const pids = pool.pids();
  check(pids.length === count, `${pids.length} workers`);
  const each = pids.map(pssOf);
  const host = pssOf(process.pid);
  await pool.close();
  report(Pool, { worker_pss_kb: each.reduce((a, b) => a + b) / count }, { host_pss_kb: host });
}

module.exports = { run };
