"use strict";
// What config.hpp says, for Node, which cannot be a subreaper: who belongs to a host is seen by its environment.
const fs = require("fs");
const { spawn } = require("child_process");
const { median, nowUs, rest, check, report } = require("../peers/node_pool.js");

const rounds = 10, count = 4, settleMs = 20, limitUs = 1e6;
const mark = "WORKPOOL_BENCH_HOST";

function processesOf(value) {
  return fs.readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name)) return false;
    try {
      if (!fs.readFileSync(`/proc/${name}/environ`, "latin1").includes(`${mark}=${value}\0`)) return false;
      return !/\) [ZX] /.test(fs.readFileSync(`/proc/${name}/stat`, "latin1"));
    } catch {
      return false;
    }
  }).map(Number);
}

async function beHost(Pool) {
  const pool = new Pool(count);
  await Promise.all(Array.from({ length: count }, () => pool.submit("pause", 20)));
  for (let i = 0; i < count / 2; ++i) pool.submit("pause", 100000);
  await rest(settleMs);
  process.stdout.write("x");
  await rest(100000);
}

async function run(Pool) {
  if (process.env[mark]) return beHost(Pool);
  const ms = [];
  let left = 0;
  for (let i = 0; i < rounds; ++i) {
    const value = `${process.pid}.${i}`;
    const host = spawn(process.execPath, [process.argv[1]], {
      env: { ...process.env, [mark]: value }, stdio: ["ignore", "pipe", "inherit"],
    });
    const said = await new Promise((resolve) => {
      host.stdout.once("data", (data) => resolve(String(data)));
      host.once("exit", () => resolve("nothing"));
    });
    check(said === "x", `the host says ${said}`);
    const start = nowUs();
    host.kill("SIGKILL");
    let there = processesOf(value);
    while (there.length > 0 && nowUs() - start < limitUs) {
      await rest(0);
      there = processesOf(value);
    }
    ms.push(there.length > 0 ? 1000 : (nowUs() - start) / 1000);
    left += there.length;
    for (; there.length > 0; there = processesOf(value)) {
      for (const one of there) process.kill(one, "SIGKILL");
    }
  }
  report(Pool, { gone_ms: median(ms) }, { left: left / rounds });
}

module.exports = { run };
