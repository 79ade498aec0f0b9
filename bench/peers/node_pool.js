"use strict";
// A pool of child processes as Node has the parts for: child_process.fork, one task at a time for each child, the rest
// waits here. And what the workloads share.
const { fork } = require("child_process");
const path = require("path");

const workers = 2;

class Pool {
  static version = "Node " + process.version;

  // serialization: "json", Node's default, or "advanced", which is the faster one for buffers.
  constructor(count = workers, serialization = "json") {
    this.serialization = serialization;
    this.idle = [];
    this.all = new Set();
    this.waiting = [];
    this.first = 0; // of those in waiting that have not been sent
    this.closed = false;
    for (let i = 0; i < count; ++i) this.start();
  }

  start() {
    const child = fork(path.join(__dirname, "node_child.js"), { serialization: this.serialization });
    this.all.add(child);
    child.on("message", (value) => {
      const { resolve } = child.task;
      child.task = null;
      this.idle.push(child);
      this.next();
      resolve(value);
    });
    child.on("exit", () => {
      this.all.delete(child);
      const at = this.idle.indexOf(child);
      if (at >= 0) this.idle.splice(at, 1);
      if (child.task) child.task.reject(new Error("lost"));
      if (!this.closed) this.start();
      else if (this.all.size === 0) this.gone();
    });
    this.idle.push(child);
    this.next();
  }

  submit(name, value) {
    return new Promise((resolve, reject) => {
      this.waiting.push({ name, value, resolve, reject });
      this.next();
    });
  }

  next() {
    while (this.idle.length > 0 && this.first < this.waiting.length) {
      const child = this.idle.pop();
      child.task = this.waiting[this.first];
      this.waiting[this.first++] = null;
      child.send([child.task.name, child.task.value]);
    }
    if (this.first === this.waiting.length) {
      this.waiting.length = 0;
      this.first = 0;
    }
  }

  pids() {
    return [...this.all].map((child) => child.pid);
  }

  close() {
    this.closed = true;
    return new Promise((resolve) => {
      this.gone = resolve;
      for (const child of this.all) child.kill("SIGKILL");
    });
  }
}

function percentile(samples, share) {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(Math.ceil(share * sorted.length), 1) - 1];
}

const median = (samples) => percentile(samples, 0.5);
const nowUs = () => Number(process.hrtime.bigint()) / 1000;
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function check(right, what) {
  if (right) return;
  console.error("wrong answer: " + what);
  process.exit(1);
}

// The line that the driver reads: see driver/run.hpp.
function report(Pool, metrics, facts = {}) {
  console.log(JSON.stringify({ version: Pool.version, metrics, facts }));
}

// What a task of so many steps computes, for hogs and children alike.
function spin(steps) {
  let value = steps;
  for (let i = 0; i < steps; ++i) value = (Math.imul(value, 1103515245) + 12345) & 0x7fffffff;
  return value;
}

module.exports = { Pool, workers, percentile, median, nowUs, rest, check, report, spin };
