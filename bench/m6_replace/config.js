"use strict";
// What config.hpp says, for Node.
const { median, nowUs, rest, check, report } = require("../peers/node_pool.js");

const rounds = 20, settleMs = 20;

async function run(Pool) {
  const pool = new Pool(1);
  const ms = [];
  let lost = 0;
  for (let i = 0; i < rounds; ++i) {
    const victim = await pool.submit("ownPid");
    const doomed = pool.submit("pause", 100000).catch(() => ++lost);
    await rest(settleMs);
    const start = nowUs();
    process.kill(victim, "SIGKILL");
    const replacement = await pool.submit("ownPid");
    ms.push((nowUs() - start) / 1000);
    check(replacement !== victim, "the task ran in a process that had been killed");
    await doomed;
  }
  await pool.close();
  check(lost === rounds, `${lost} tasks are lost, expected ${rounds}`);
  report(Pool, { replaced_ms: median(ms), replaced_worst_ms: Math.max(...ms) });
}

module.exports = { run };
