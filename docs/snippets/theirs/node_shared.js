// A worker thread of Node with memory that both see.
//! [program]
const { Worker, isMainThread, workerData } = require("node:worker_threads");

if (!isMainThread) {
  const pixels = new Uint8Array(workerData);
  pixels.forEach((value, n) => { pixels[n] = 255 - value; });
} else {
  const memory = new SharedArrayBuffer(1000);
  new Uint8Array(memory).fill(200);
  new Worker(__filename, { workerData: memory }).on("exit", () => {
    console.log(`all are ${new Uint8Array(memory)[999]}`);
  });
}
//! [program]
