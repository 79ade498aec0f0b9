require("./config.js").run(require("../peers/node_tinypool.js").Pool);
