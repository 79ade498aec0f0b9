// Pages parsed in child processes of Node, one of which dies.
//! [program]
const { fork } = require("node:child_process");

if (process.send) {  // this is a child
  process.on("message", ({ page }) => {
    if (page === 7) process.abort();
    process.send({ words: page * 100 });
  });
} else {
  const parse = (child, page) => new Promise((resolve, reject) => {
    const died = (code, signal) => reject(new Error(`died of ${signal ?? code}`));
    child.once("exit", died);
    child.once("message", ({ words }) => { child.off("exit", died); resolve(words); });
    child.send({ page });
  });

  (async () => {
    let child = fork(__filename);
    for (const page of [6, 7, 8]) {
      try {
        console.log(`page ${page}: ${await parse(child, page)} words`);
      } catch (error) {
        console.log(`page ${page}: ${error.message}`);
        child = fork(__filename);  // nobody else does
      }
    }
    child.disconnect();
  })();
}
//! [program]
