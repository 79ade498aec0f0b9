"use strict";
// What config.hpp says, as far as PM2 can: there are no tasks, so what counts is that the next process says it serves.
const { median, nowUs, rest, check, report } = require("../peers/node_pool.js");
const { Keeper } = require("../peers/node_pm2.js");

const rounds = 20, settleMs = 20;

(async () => {
  const keeper = new Keeper();
  await keeper.open(require.resolve("../peers/node_pm2_kept.js"));
  const ms = [];
  let victim = await keeper.next();
  for (let i = 0; i < rounds; ++i) {
    await rest(settleMs);
    const start = nowUs();
    process.kill(victim, "SIGKILL");
    const replacement = await keeper.next();
    ms.push((nowUs() - start) / 1000);
    check(replacement !== victim, "a process that had been killed says that it serves");
    victim = replacement;
  }
  await keeper.close();
  report(Keeper, { replaced_ms: median(ms), replaced_worst_ms: Math.max(...ms) });
  process.exit(0);
})();
