"use strict";
// PM2, which keeps programs alive and runs no tasks: its daemon's part within this process, with a state of its own that
// is gone afterwards. A program says by a message that it serves.
const fs = require("fs");
const os = require("os");
const path = require("path");

const home = fs.mkdtempSync(path.join(os.tmpdir(), "workpool-bench-pm2-"));
process.env.PM2_HOME = home;
process.on("exit", () => fs.rmSync(home, { recursive: true, force: true }));
const pm2 = require("pm2");

const promised = (call) => new Promise((resolve, reject) => {
  call((error, value) => (error ? reject(error) : resolve(value)));
});

class Keeper {
  static version = "pm2 " + require("pm2/package.json").version;

  // Gives, by `next()`, the pid of each process of `script` that says that it serves, one after another.
  async open(script) {
    this.log = console.log;
    console.log = () => {}; // the daemon's diary: standard output is for figures
    await promised((done) => pm2.connect(true, done));
    const bus = await promised((done) => pm2.launchBus(done));
    this.said = [];
    this.waiting = [];
    bus.on("process:msg", ({ raw }) => {
      if (this.waiting.length > 0) this.waiting.shift()(raw.pid);
      else this.said.push(raw.pid);
    });
    await promised((done) => pm2.start({
      script, name: "kept", exec_mode: "fork", restart_delay: 0, min_uptime: 0, max_restarts: 1000,
      out_file: "/dev/null", error_file: "/dev/null", pid_file: path.join(home, "kept.pid"),
    }, done));
  }

  next() {
    if (this.said.length > 0) return Promise.resolve(this.said.shift());
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  async close() {
    await promised((done) => pm2.delete("kept", done));
    pm2.disconnect();
    console.log = this.log;
  }
}

module.exports = { Keeper };
