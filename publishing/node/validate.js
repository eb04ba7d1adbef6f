// Looks for what is wrong with a page: reads its HTML, writes a JSON list of {line, message}.
const fs = require("node:fs");
const { HtmlValidate } = require("html-validate");

const validator = new HtmlValidate({
  root: true,
  elements: ["html5"],
  rules: {
    "close-order": "error",
    "element-name": "error",
    "element-permitted-content": "error",
    "element-required-attributes": "error",
    "no-dup-attr": "error",
    "no-dup-id": "error",
    "parser-error": "error",
    "unrecognized-char-ref": "error",
    "void-content": "error",
    "wcag/h37": ["error", { allowEmpty: false }],
  },
});

const report = validator.validateStringSync(fs.readFileSync(0, "utf8"));
const messages = report.results.flatMap((result) => result.messages);
process.stdout.write(JSON.stringify(messages.map(({ line, message }) => ({ line, message }))));
