// Have mermaid read every diagram of some pages, and say which it does not understand.
// usage: node scripts/check-diagrams.cjs MERMAID PAGE...
const { readFileSync } = require("fs");
const [script, ...pages] = process.argv.slice(2);

// mermaid looks for a browser when it starts, and needs none to read
globalThis.window = {
  document: { nodeType: 9, implementation: {}, createElement: () => ({}) },
  Element: class {},
  addEventListener() {},
};
require("vm").runInThisContext(readFileSync(script, "utf8"));

(async () => {
  for (const page of pages) {
    const text = readFileSync(page, "utf8");
    for (const [, diagram] of text.matchAll(/^```mermaid\n(.*?)^```$/gms)) {
      try {
        await mermaid.parse(diagram);
      } catch (error) {
        console.error(`${page}: a diagram can't be drawn: ${error.message}`);
        process.exitCode = 1;
      }
    }
  }
})();
