"use strict";
// The program that node_pm2.js keeps alive: it says that it serves, until it is ended.
process.send({ pid: process.pid });
setInterval(() => {}, 1000);
