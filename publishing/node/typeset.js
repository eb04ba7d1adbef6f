// Typesets formulas: reads a JSON list of {tex, display}, writes one of {svg} or {error}, in order.
// A word of TeX that MathJax does not know is an error here, where a browser would show it in red.
const fs = require("node:fs");

const formulas = JSON.parse(fs.readFileSync(0, "utf8"));
const settings = {
  loader: { load: ["input/tex-full", "adaptors/liteDOM", "output/svg", "a11y/assistive-mml"] },
  options: { enableAssistiveMml: true },
  svg: { fontCache: "local" },
  tex: {
    packages: { "[-]": ["noerrors", "noundefined"] },
    formatError: (_, error) => {
      throw error;
    },
  },
};

require("mathjax")
  .init(settings)
  .then((MathJax) => {
    const typeset = ({ tex, display }) => {
      try {
        const node = MathJax.tex2svg(tex, { display });
        return { svg: MathJax.startup.adaptor.outerHTML(node) };
      } catch (error) {
        return { error: error.message };
      }
    };
    process.stdout.write(JSON.stringify(formulas.map(typeset)));
  });
