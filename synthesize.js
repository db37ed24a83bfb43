/**
 * Runs main.ts as one file: a loader of TypeScript, which looks at every file of CDKTF, too, takes twice as long.
 */

const { Module } = require("node:module");
const { join, resolve } = require("node:path");
const { buildSync } = require("esbuild");

/** The file that configuration/index.ts loads. */
const configuration = resolve(__dirname, process.env.WORKFLOW_CONFIG || "config.ts");

/** What stack traces call the one file, in a room as the others are; source maps lead to what it is made of. */
const path = join(__dirname, "configuration", "main.bundle.js");

function bundled() {
  const { outputFiles } = buildSync({
    stdin: {
      contents: `module.configuration = () => require(${JSON.stringify(configuration)}); require("./main.ts");`,
      resolveDir: __dirname,
    },
    outfile: path,
    write: false,
    bundle: true,
    packages: "external",
    platform: "node",
    target: "node20",
    sourcemap: "inline",
    // CDKTF takes a stack trace for each reference; those of errors only are worth a look at the source map.
    banner: { js: "process.setSourceMapsEnabled(false);" },
  });
  return outputFiles[0].text;
}

function run(text) {
  const program = new Module(path, module);
  program.filename = path;
  program.paths = module.paths;
  program.require = (id) => (id === configuration ? program.configuration() : module.require(id));
  process.setSourceMapsEnabled(true);
  try {
    program._compile(text, path);
  } finally {
    process.setSourceMapsEnabled(true);
  }
}

try {
  run(bundled());
} catch (error) {
  // esbuild has said by itself what it cannot read, and where.
  if (!Array.isArray(error.errors))
    console.error(error.name === "ConfigurationError" ? error.message : error.stack);
  process.exitCode = error.name === "ConfigurationError" ? 2 : 1;
}
